/** Whether the sound is heard: three notes, and the answer of who listened. */

import { need } from "../common/boot.js";

/** Fires "heard" with true or false. */
export class HeardTest extends EventTarget {
  /** @param {HTMLElement} root */
  constructor(root) {
    super();
    this.play = need("[data-sound=play]", HTMLButtonElement, root);
    this.ask = need("[data-sound=ask]", HTMLElement, root);
    this.play.addEventListener("click", () => void this.#play());
    this.#answer(need("[data-sound=yes]", HTMLButtonElement, root), true);
    this.#answer(need("[data-sound=no]", HTMLButtonElement, root), false);
  }

  async #play() {
    this.play.setAttribute("aria-busy", "true");
    try {
      const { chime } = await import("../common/chime.js");
      await chime();
      this.ask.hidden = false;
    } finally {
      this.play.removeAttribute("aria-busy");
    }
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {boolean} heard
   */
  #answer(button, heard) {
    button.addEventListener("click", () => {
      this.ask.hidden = true;
      this.play.focus();
      this.dispatchEvent(new CustomEvent("heard", { detail: heard }));
    });
  }
}
