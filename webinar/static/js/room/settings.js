/**
 * The menu of the picture: quality, delay while live, speed in what has been.
 */

import { need } from "../common/boot.js";
import { within } from "../media/backoff.js";
import { AUDIO } from "../media/ladder.js";

/** @typedef {import("../media/player.js").Player} Player */
/** @typedef {import("../common/boot.js").Texts} Texts */

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const LADDER_MS = 4000;

export class Settings {
  /**
   * @param {HTMLElement} root the stage
   * @param {Player} player
   * @param {Texts} texts
   */
  constructor(root, player, texts) {
    this.player = player;
    this.texts = texts;
    this.menu = need("[data-control=menu]", HTMLDetailsElement, root);
    this.button = need("summary", HTMLElement, this.menu);
    this.choices = need("[data-control=choices]", HTMLElement, root);
    /** @type {import("../media/ladder.js").Rung[]} */
    this.rungs = [];
    this.menu.addEventListener("toggle", () => this.menu.open && void this.#open());
    this.choices.addEventListener("click", (event) => this.#choose(event));
    player.addEventListener("choice", () => this.menu.open && this.#paint());
  }

  get open() {
    return this.menu.open;
  }

  async #open() {
    this.#paint();
    const rungs = await this.player.rungs(within(LADDER_MS)).catch(() => []); // too slow: what is known stands there
    if (rungs.length) this.rungs = rungs;
    if (this.menu.open) this.#paint();
  }

  #paint() {
    const { player } = this;
    const height = player.session?.figures.height || player.video.videoHeight;
    const auto = this.texts.say("quality_auto") + (height && !player.quality ? ` (${height}p)` : "");
    const items = [this.#head("quality"), this.#item("quality", "", auto, !player.quality)];
    for (const { name } of this.rungs) items.push(this.#item("quality", name, name, player.quality === name));
    items.push(this.#item("quality", AUDIO, this.texts.say("sound_only"), player.quality === AUDIO));
    if (player.past === null) {
      const steady = (player.opener.transports.only ?? player.session?.kind) === "hls";
      items.push(this.#head("delay"), this.#item("transport", "", this.texts.say("delay_least"), !steady));
      items.push(this.#item("transport", "hls", this.texts.say("delay_steady"), steady));
    } else {
      items.push(this.#head("speed"), this.#speeds());
    }
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.choices.replaceChildren(...items);
    if (focused) /** @type {HTMLElement | null} */ (this.choices.querySelector(`[data-key="${focused}"]`))?.focus();
  }

  #speeds() {
    const row = document.createElement("div");
    row.className = "speeds";
    row.append(...SPEEDS.map((speed) => this.#item("speed", String(speed), `${speed}×`, speed === this.player.speed)));
    return row;
  }

  /** @param {string} key */
  #head(key) {
    const heading = document.createElement("p");
    heading.className = "menu__head";
    heading.textContent = this.texts.say(key);
    return heading;
  }

  /**
   * @param {"quality" | "transport" | "speed"} kind
   * @param {string} value
   * @param {string} text
   * @param {boolean} current
   */
  #item(kind, value, text, current) {
    const item = document.createElement("button");
    item.type = "button";
    item.dataset.kind = kind;
    item.dataset.value = value;
    item.dataset.key = `${kind}-${value}`;
    item.textContent = text;
    if (current) item.setAttribute("aria-current", "true");
    return item;
  }

  /** @param {MouseEvent} event */
  #choose(event) {
    const item = event.target instanceof Element ? event.target.closest("button") : null;
    const { kind, value = "" } = item?.dataset ?? {};
    if (kind === "quality") {
      if (value === AUDIO) this.player.video.muted = false; // who wants the sound alone wants to hear it
      void this.player.choose(value);
    } else if (kind === "transport") this.player.prefer(value === "hls" ? "hls" : null);
    else if (kind === "speed") this.player.accelerate(Number(value));
    else return;
    this.menu.open = false;
    this.button.focus();
  }
}
