/** How many guests watch: the number that the room and the studio show. Asked for while the event is on air. */

import { need } from "../common/boot.js";
import { Refused, Unreachable } from "../media/signalling.js";

/** @typedef {import("../studio/api.js").Api} Api */
/** @typedef {import("../common/boot.js").Texts} Texts */

const EVERY_MS = 5000;

export class Watching {
  /**
   * @param {Api} api
   * @param {Texts} texts
   */
  constructor(api, texts) {
    this.api = api;
    this.texts = texts;
    this.chip = need("[data-desk=watching]", HTMLElement);
    this.live = false;
    this.timer = 0;
  }

  /** @param {boolean} live */
  show(live) {
    if (this.live === live) return;
    this.live = live;
    this.chip.hidden = true;
    clearTimeout(this.timer);
    if (live) void this.#look();
  }

  async #look() {
    if (!document.hidden) {
      try {
        const { watching } = await this.api.viewers();
        this.chip.hidden = !this.live;
        need("span", HTMLElement, this.chip).textContent = this.texts.say("watching", { n: watching });
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Unreachable)) throw error; // away: it stays as it was
      }
    }
    if (this.live) this.timer = window.setTimeout(() => void this.#look(), EVERY_MS);
  }
}
