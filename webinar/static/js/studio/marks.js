/**
 * Says which slide viewers see, so that the recording has chapters: when it stood for a moment, at the time it came.
 */

import { Refused, Unreachable } from "../media/signalling.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./slides.js").Slide} Slide */

/** Slides that are only turned over on the way to another are none of the talk's chapters. */
const STANDS_MS = 1500;
const AGAIN_MS = [2000, 8000, 20_000];

export class Marks {
  /** @param {Api} api */
  constructor(api) {
    this.api = api;
    this.live = false;
    /** @type {Slide | null} */
    this.seen = null;
    /** The last that was told of: the same again is no news. */
    this.told = "";
    this.timer = 0;
  }

  /** @param {boolean} live */
  air(live) {
    if (live === this.live) return;
    this.live = live;
    this.told = "";
    this.#stand();
  }

  /** @param {Slide | null} slide */
  show(slide) {
    if (slide?.n === this.seen?.n && slide?.title === this.seen?.title) return;
    this.seen = slide;
    this.#stand();
  }

  #stand() {
    clearTimeout(this.timer);
    const { seen } = this;
    const name = `${seen?.n} ${seen?.title}`;
    if (!seen || !this.live || name === this.told) return;
    const since = performance.now();
    this.timer = window.setTimeout(() => {
      this.told = name;
      void this.#tell(seen, since, 0);
    }, STANDS_MS);
  }

  /**
   * @param {Slide} slide
   * @param {number} since
   * @param {number} failed
   */
  async #tell(slide, since, failed) {
    const { n, title } = slide;
    try {
      await this.api.mark({ kind: "slide", n, title, ago_s: (performance.now() - since) / 1000 });
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      const wait = AGAIN_MS[failed];
      // A chapter is not worth more than this; and a refusal stays one.
      if (wait === undefined || (error instanceof Refused && error.status < 500)) return;
      setTimeout(() => void this.#tell(slide, since, failed + 1), wait);
    }
  }
}
