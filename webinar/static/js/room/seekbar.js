/**
 * The bar over all that has been of the event, how fast the past is watched, the way back to live, and how far behind it
 * the viewer is.
 */

import { clock, need } from "../common/boot.js";
import { picture } from "../common/icon.js";

/** @typedef {import("../media/player.js").Player} Player */
/** @typedef {import("../common/boot.js").Texts} Texts */

const PAINT_MS = 500;
/** What the button goes through; the menu has more. */
const SPEEDS = [1, 1.25, 1.5, 2];
export const STEP_S = 10;
/** Seconds a key of the focused bar goes; Home and End are the browser's own. @type {Record<string, number>} */
const KEYS = {
  ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S, PageDown: -60, PageUp: 60,
};

export class SeekBar {
  /**
   * @param {HTMLElement} root the stage
   * @param {Player} player
   * @param {Texts} texts
   * @param {() => boolean} paused whether the viewer has paused
   */
  constructor(root, player, texts, paused) {
    this.root = root;
    this.player = player;
    this.texts = texts;
    this.paused = paused;
    this.line = need("[data-control=timeline]", HTMLElement, root);
    this.bar = need("[data-control=seek]", HTMLInputElement, root);
    this.tip = need("[data-control=tip]", HTMLElement, root);
    this.back = need("[data-control=back]", HTMLButtonElement, root);
    this.live = need("[data-control=live]", HTMLButtonElement, root);
    this.behind = need("[data-control=behind]", HTMLElement, root);
    this.speed = need("[data-control=speed]", HTMLButtonElement, root);
    /** The thumb is in the viewer's hand: it is not moved under it. */
    this.held = false;
    picture(this.back, "rewind", texts.say("step_back", { n: STEP_S }));
    this.bar.addEventListener("input", () => {
      this.held = true;
      this.#fill(Number(this.bar.value));
      this.#tell(Number(this.bar.value) / Number(this.bar.max));
    });
    this.bar.addEventListener("change", () => {
      this.#release();
      this.player.seek(Number(this.bar.value));
    });
    // Not every hold ends in a change. Where one does, it may come just after these: the bar is still as it was let go.
    for (const type of ["pointercancel", "lostpointercapture", "blur"]) {
      this.bar.addEventListener(type, () => window.setTimeout(() => this.#release()));
    }
    this.bar.addEventListener("keydown", (event) => {
      const seconds = KEYS[event.key];
      if (seconds === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.step(seconds);
    });
    this.bar.addEventListener("pointermove", (event) => this.#point(event));
    this.bar.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.back.addEventListener("click", () => this.step(-STEP_S));
    this.live.addEventListener("click", () => this.player.toLive());
    this.speed.addEventListener("click", () => {
      player.accelerate(SPEEDS.find((speed) => speed > player.speed) ?? 1);
    });
    for (const type of ["state", "choice"]) player.addEventListener(type, () => this.paint());
    window.setInterval(() => this.paint(), PAINT_MS);
  }

  #release() {
    this.held = false;
    this.tip.hidden = true;
  }

  /** @param {number} seconds */
  step(seconds) {
    if (!this.player.canRewind) return;
    this.player.seek(this.player.timeline.at + seconds);
    this.paint();
  }

  paint() {
    const { player } = this;
    const { at, length, past } = player.timeline;
    this.line.hidden = this.back.hidden = !player.canRewind || length < STEP_S || player.state === "idle";
    this.live.hidden = !player.onAir;
    this.live.disabled = !past;
    this.root.dataset.time = !past ? "live" : player.onAir ? "past" : "replay";
    const name = this.texts.say(past ? "to_live" : "at_live");
    // What is read on it is part of its name (WCAG 2.5.3).
    this.live.setAttribute("aria-label", `${this.live.textContent?.trim()} · ${name}`);
    this.live.title = name;
    this.speed.hidden = !past;
    this.speed.textContent = `${player.speed}×`;
    this.speed.setAttribute("aria-label", `${this.texts.say("speed")} ${player.speed}×`);
    this.behind.textContent = this.#distance(at, length, past);
    this.behind.title = past && player.onAir ? this.texts.say("behind_by", { t: clock(length - at) }) : "";
    if (this.held || this.line.hidden) return;
    this.bar.max = String(Math.ceil(length));
    this.bar.value = String(past ? Math.round(at) : Math.ceil(length));
    this.#fill(Number(this.bar.value));
  }

  /**
   * @param {number} at
   * @param {number} length
   * @param {boolean} past
   */
  #distance(at, length, past) {
    if (past && !this.player.onAir) return `${clock(at)} / ${clock(length)}`;
    if (past) return `−${clock(length - at)}`;
    if (this.paused()) return this.texts.say("paused");
    const behind = this.player.state === "playing" ? this.player.session?.figures.behindS : null;
    if (behind === null || behind === undefined) return "";
    // Under a second nobody can tell: a figure would only look like one.
    return behind < 1 ? this.texts.say("real_time") : this.texts.say("behind", { s: behind.toFixed(1) });
  }

  /** @param {number} at */
  #fill(at) {
    const length = Number(this.bar.max) || 1;
    this.bar.style.setProperty("--at", `${((100 * at) / length).toFixed(2)}%`);
    this.bar.setAttribute("aria-valuetext", this.texts.say("at_of", { at: clock(at), length: clock(length) }));
  }

  /** What a click here would show. @param {PointerEvent} event */
  #point(event) {
    if (event.pointerType === "touch") return;
    const box = this.bar.getBoundingClientRect();
    this.#tell(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  }

  /** @param {number} part of the bar, 0..1 */
  #tell(part) {
    this.tip.textContent = clock(part * Number(this.bar.max));
    this.tip.style.setProperty("--at", `${(100 * part).toFixed(2)}%`);
    this.tip.hidden = false;
  }
}
