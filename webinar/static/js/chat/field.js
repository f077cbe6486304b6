/**
 * A field to write in, of messages and of questions. Enter sends, Shift+Enter makes a new line; an Enter that ends the
 * composition of a Korean syllable does neither. What is typed survives a reload.
 */

import { clock } from "../common/boot.js";
import { clockFormat } from "../common/format.js";
import { element } from "./message.js";

/** @typedef {import("../common/boot.js").Texts} Texts */

/** Characters of one message, as the server counts them: code points. */
const LONGEST = 1000;
const TELL_FROM = 900;
/** The count is read out in steps of so many. */
const STEP = 50;

/**
 * A live region reads out again whatever is written in it: the same is not written twice, and what runs by the second is
 * for the eyes alone.
 * @param {HTMLElement} place
 * @param {string} text
 * @param {string} [spoken] what is heard in its place
 */
export function tell(place, text, spoken = text) {
  if (text === spoken) {
    if (place.firstElementChild || place.textContent !== text) place.textContent = text;
    return;
  }
  if (!place.firstElementChild) {
    const eyes = element("span");
    eyes.setAttribute("aria-hidden", "true");
    place.replaceChildren(eyes, element("span", "spoken"));
  }
  const [seen, heard] = place.children;
  if (seen) seen.textContent = text;
  if (heard && heard.textContent !== spoken) heard.textContent = spoken;
}

/**
 * Why one may not write; who is muted is told until when, by a clock that runs and by the time of day.
 * @param {HTMLElement} place
 * @param {import("./gate.js").Closed} shut
 * @param {Texts} texts
 */
export function tellClosed(place, { key, until }, texts) {
  if (!until) return tell(place, texts.say(key));
  const day = clockFormat(document.documentElement.lang);
  const left = clock((until - Date.now()) / 1000 + 1);
  tell(place, texts.say(key, { t: left }), texts.say("gate_muted_until", { t: day.format(until) }));
}

export class Field {
  /**
   * @param {HTMLFormElement} form
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} hint
   * @param {{typed: (kind: "send" | "ask") => string, type: (kind: "send" | "ask", text: string) => void}} kept
   * @param {"send" | "ask"} kind
   * @param {(text: string) => boolean} send false: it stays in the field
   */
  constructor(form, field, hint, kept, kind, send) {
    this.field = field;
    this.hint = hint;
    this.kept = kept;
    this.kind = kind;
    this.send = send;
    this.composing = false;
    /** What else the hint says when the length is no matter. */
    this.note = this.spoken = "";
    field.value = kept.typed(kind);
    this.#grow();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    field.addEventListener("compositionstart", () => (this.composing = true));
    field.addEventListener("compositionend", () => (this.composing = false));
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("input", () => this.typed());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented || event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (this.composes(event)) return;
    event.preventDefault();
    this.submit();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key belongs to a syllable being put together */
  composes(event) {
    // Safari ends the composition before this key; there only the old code 229 tells it.
    return event.isComposing || this.composing || event.keyCode === 229;
  }

  submit() {
    const body = this.field.value.trim();
    if (!body) return;
    if ([...body].length > LONGEST) return this.typed();
    if (!this.send(body)) return;
    this.field.value = "";
    this.typed();
    this.field.focus();
  }

  typed() {
    this.kept.type(this.kind, this.field.value);
    this.#grow();
    this.#tell();
  }

  /**
   * @param {string} note
   * @param {string} [spoken] where the note runs by the second
   */
  say(note, spoken = note) {
    this.note = note;
    this.spoken = spoken;
    this.#tell();
  }

  /**
   * In place of what is selected.
   * @param {string} text
   * @param {number} [from] where what it replaces begins
   */
  insert(text, from = this.field.selectionStart) {
    const { field } = this;
    field.setRangeText(text, from, field.selectionEnd, "end");
    this.typed();
    field.focus();
  }

  #grow() {
    this.field.rows = Math.min(5, Math.max(1, this.field.value.split("\n").length));
  }

  #tell() {
    const length = [...this.field.value].length;
    const step = length > LONGEST ? length : length - (length % STEP);
    if (length < TELL_FROM) tell(this.hint, this.note, this.spoken);
    else tell(this.hint, `${length} / ${LONGEST}`, `${step} / ${LONGEST}`);
    this.hint.classList.toggle("bad", length > LONGEST);
  }
}
