/**
 * "Are you still there?", over the controls and never over a face. Answered by a click or by Enter on its button; the
 * keyboard's place is not taken away from who is writing.
 */

import { drawing } from "../chat/message.js";
import { clock } from "../common/boot.js";
import { make, put } from "./parts.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./reporter.js").Prompt} Prompt */

const THANKS_MS = 2500;

/** Fires "answer" with the prompt's number. */
export class PromptBar extends EventTarget {
  /**
   * @param {HTMLElement} stage the picture; seen in full screen, too
   * @param {Texts} texts
   */
  constructor(stage, texts) {
    super();
    this.texts = texts;
    /** @type {Prompt | null} */
    this.shown = null;
    this.words = make("span", "prompt__words");
    this.words.setAttribute("role", "alert"); // said aloud as soon as it is written
    this.left = make("span", "prompt__left figures");
    this.left.setAttribute("aria-hidden", "true");
    this.button = make("button", "button button--primary", drawing("check"), texts.say("attend_here"));
    this.button.type = "button";
    this.button.addEventListener("click", () => this.#answer());
    this.root = make("div", "prompt", this.words, this.left, this.button);
    this.root.setAttribute("role", "alertdialog");
    this.root.setAttribute("aria-label", texts.say("attend_asked"));
    this.root.hidden = true;
    stage.append(this.root);
  }

  /**
   * @param {Prompt | null} prompt
   * @param {number} now ms, the server's
   */
  show(prompt, now) {
    if (prompt) {
      const left = (Date.parse(prompt.until) - now) / 1000;
      put(this.left, this.texts.say("attend_time_left", { t: clock(left) }));
    }
    if (prompt?.number === this.shown?.number || this.root.dataset.thanks) return;
    this.shown = prompt;
    this.button.hidden = this.left.hidden = false;
    if (!prompt) return this.#hide();
    this.root.hidden = false;
    put(this.words, this.texts.say("attend_asked"));
    // Who is busy with nothing else can answer by Enter.
    if (document.activeElement === document.body) this.button.focus();
  }

  #answer() {
    if (!this.shown) return;
    const { number } = this.shown;
    put(this.words, this.texts.say("attend_thanks"));
    this.button.hidden = this.left.hidden = true;
    this.root.dataset.thanks = "yes";
    this.dispatchEvent(new CustomEvent("answer", { detail: number }));
    window.setTimeout(() => {
      delete this.root.dataset.thanks;
      this.shown = null;
      this.#hide();
    }, THANKS_MS);
  }

  #hide() {
    this.root.hidden = true;
    this.words.textContent = "";
  }
}
