/**
 * Before the start: how long still, and whether the sound works.
 */

import { need } from "../common/boot.js";

/** @typedef {import("../common/boot.js").Texts} Texts */

export class Lobby {
  /**
   * @param {HTMLElement} root
   * @param {Date} starts
   * @param {{serverNow: number}} clock the server's: this machine's may be minutes wrong
   * @param {Texts} texts
   */
  constructor(root, starts, clock, texts) {
    this.starts = starts;
    this.time = clock;
    this.texts = texts;
    this.lead = need("[data-lobby=lead]", HTMLElement, root);
    this.clock = need("[data-lobby=clock]", HTMLElement, root);
    this.said = need("[data-lobby=said]", HTMLElement, root);
    this.timer = 0;
    need("[data-lobby=sound]", HTMLButtonElement, root).addEventListener("click", () => void this.#chime());
  }

  /** @param {boolean} yes */
  show(yes) {
    clearInterval(this.timer);
    if (!yes) return;
    this.timer = window.setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  #tick() {
    const left = Math.ceil((this.starts.valueOf() - this.time.serverNow) / 1000);
    this.lead.textContent = this.texts.say(left > 0 ? "starts_in" : "starting_soon");
    this.clock.hidden = left <= 0;
    if (left <= 0) return;
    const days = Math.floor(left / 86_400);
    const parts = [Math.floor((left % 86_400) / 3600), Math.floor((left % 3600) / 60), left % 60];
    const time = parts.map((part) => String(part).padStart(2, "0")).join(":");
    this.clock.textContent = days ? `${this.texts.say(days === 1 ? "day" : "days", { n: days })} ${time}` : time;
  }

  /** Its script is fetched for those who want to hear it. */
  async #chime() {
    this.said.textContent = this.texts.say("sound_said");
    const { chime } = await import("../common/chime.js");
    await chime();
  }
}
