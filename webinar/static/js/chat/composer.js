/**
 * The field to write in. Enter sends, Shift+Enter makes a new line; an Enter that ends the composition of a Korean
 * syllable does neither. What is typed survives a reload.
 */

import { need } from "../common/boot.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Characters of one message, as the server counts them: code points. */
const LONGEST = 1000;
const TELL_FROM = 900;

export class Composer {
  /**
   * @param {HTMLFormElement} form
   * @param {ChatClient} client
   * @param {Texts} texts
   */
  constructor(form, client, texts) {
    this.client = client;
    this.texts = texts;
    this.field = need("textarea", HTMLTextAreaElement, form);
    this.button = need("button[type=submit]", HTMLButtonElement, form);
    this.hint = need("[data-chat=hint]", HTMLElement, form);
    this.composing = false;
    this.waitUntil = 0;
    this.field.value = client.outbox.typed;
    this.#grow();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.field.addEventListener("compositionstart", () => (this.composing = true));
    this.field.addEventListener("compositionend", () => (this.composing = false));
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("input", () => this.#typed());
    client.addEventListener("wait", (event) => this.#wait(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {boolean} yes */
  usable(yes) {
    this.field.disabled = !yes;
    this.button.disabled = !yes;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    // Safari ends the composition before this key; there only the old code 229 tells it.
    if (event.isComposing || this.composing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const body = this.field.value.trim();
    if (!body) return;
    if ([...body].length > LONGEST) return this.#typed();
    if (!this.client.write(body)) return this.#say(this.texts.say("too_many_waiting"), true);
    this.field.value = "";
    this.#typed();
    this.field.focus();
  }

  #typed() {
    this.client.outbox.typed = this.field.value;
    this.#grow();
    const length = [...this.field.value].length;
    if (length >= TELL_FROM) this.#say(`${length} / ${LONGEST}`, length > LONGEST);
    else if (Date.now() >= this.waitUntil) this.#say("", false);
  }

  #grow() {
    this.field.rows = Math.min(5, Math.max(1, this.field.value.split("\n").length));
  }

  /** @param {number} ms */
  #wait(ms) {
    this.waitUntil = Date.now() + ms;
    this.#say(this.texts.say("wait", { n: Math.max(1, Math.ceil(ms / 1000)) }), false);
    setTimeout(() => this.#typed(), ms + 20);
  }

  /**
   * @param {string} text
   * @param {boolean} bad
   */
  #say(text, bad) {
    this.hint.textContent = text;
    this.hint.classList.toggle("bad", bad);
  }
}
