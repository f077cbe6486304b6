/** The form of a poll: made anew, or a draft changed. */

import { element } from "../chat/message.js";
import { need } from "../common/boot.js";
import { act } from "./rows.js";

/** @typedef {import("../chat/state.js").Poll} Poll */
/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./acts.js").Acts} Acts */

const LEAST = 2;
const MOST = 10;

export class PollForm {
  /**
   * @param {Acts} acts
   * @param {Texts} texts
   */
  constructor(acts, texts) {
    this.acts = acts;
    this.texts = texts;
    this.form = need("[data-desk=poll-form]", HTMLFormElement);
    this.question = need("#poll-question", HTMLTextAreaElement, this.form);
    this.kind = need("#poll-kind", HTMLSelectElement, this.form);
    this.options = need("[data-poll=list]", HTMLElement, this.form);
    this.add = need("[data-poll=add]", HTMLButtonElement, this.form);
    this.anonymous = need("[data-poll=anonymous]", HTMLInputElement, this.form);
    this.live = need("[data-poll=live]", HTMLInputElement, this.form);
    this.problem = need("[data-poll=problem]", HTMLElement, this.form);
    /** @type {number | null} the draft that is changed */
    this.poll = null;
    this.add.addEventListener("click", () => this.#option("", false).focus());
    this.kind.addEventListener("change", () => this.#kind());
    need("[data-poll=cancel]", HTMLButtonElement, this.form).addEventListener("click", () => this.close());
    this.options.addEventListener("click", (event) => this.#remove(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save(/** @type {HTMLButtonElement | null} */ (event.submitter)?.value === "open");
    });
  }

  get shown() {
    return !this.form.hidden;
  }

  /** @param {Poll | null} poll a draft, or null for a new one */
  open(poll) {
    this.poll = poll?.poll ?? null;
    this.question.value = poll?.question ?? "";
    this.kind.value = poll?.kind ?? "single";
    this.anonymous.checked = poll?.anonymous ?? true;
    this.live.checked = poll?.live ?? false;
    this.options.replaceChildren();
    const options = poll?.options.length ? poll.options : ["", ""];
    options.forEach((text, index) => this.#option(text, Boolean(poll?.correct?.includes(index))));
    this.#say("");
    this.#kind();
    this.form.hidden = false;
    this.form.scrollIntoView({ block: "start" });
    this.question.focus({ preventScroll: true });
  }

  close() {
    this.form.hidden = true;
    need("[data-do=new-poll]", HTMLButtonElement).focus();
  }

  #kind() {
    need("[data-poll=options]", HTMLElement, this.form).hidden = this.kind.value === "rating";
  }

  /**
   * @param {string} text
   * @param {boolean} right
   * @returns {HTMLInputElement}
   */
  #option(text, right) {
    const item = element("li", "pollform__option");
    const field = element("input", "field__input");
    field.maxLength = 120;
    field.value = text;
    field.setAttribute("aria-label", this.texts.say("option_n", { n: this.options.childElementCount + 1 }));
    const tick = element("input");
    tick.type = "checkbox";
    tick.checked = right;
    tick.title = this.texts.say("is_correct");
    tick.setAttribute("aria-label", this.texts.say("is_correct"));
    item.append(tick, field, act({ act: "drop", icon: "close", label: this.texts.say("drop_option") }));
    this.options.append(item);
    this.add.hidden = this.options.childElementCount >= MOST;
    return field;
  }

  /** @param {MouseEvent} event */
  #remove(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-act=drop]") : null;
    if (!button || this.options.childElementCount <= LEAST) return;
    button.closest("li")?.remove();
    this.add.hidden = false;
    this.add.focus();
  }

  /** @returns {{options: string[], correct: number[]}} those that are filled in */
  #filled() {
    /** @type {string[]} */
    const options = [];
    /** @type {number[]} */
    const correct = [];
    for (const item of this.options.children) {
      const text = need(".field__input", HTMLInputElement, item).value.trim();
      if (!text) continue;
      if (need("[type=checkbox]", HTMLInputElement, item).checked) correct.push(options.length);
      options.push(text);
    }
    return { options, correct };
  }

  /** @param {boolean} open at once */
  async #save(open) {
    const question = this.question.value.trim();
    const kind = this.kind.value;
    const { options, correct } = this.#filled();
    if (!question) return this.#say("poll_needs_question");
    if (kind !== "rating" && options.length < LEAST) return this.#say("poll_needs_options");
    if (kind === "single" && correct.length > 1) return this.#say("poll_one_correct");
    const fields = { question, kind, anonymous: this.anonymous.checked, live: this.live.checked };
    const choices = kind === "rating" ? { options: [] } : { options, ...(correct.length ? { correct } : {}) };
    const known = this.poll === null ? {} : { poll: this.poll };
    const seq = await this.acts.run({ op: "poll_save", ...known, ...fields, ...choices }, { text: this.texts.say("did_poll_save") });
    if (seq === null) return;
    this.close();
    if (open) await this.acts.run({ op: "poll", poll: this.poll ?? seq, state: "open" }, { text: this.texts.say("did_poll_open") });
  }

  /** @param {string} key */
  #say(key) {
    this.problem.textContent = key && this.texts.say(key);
    this.problem.hidden = !key;
  }
}
