/**
 * A field to write in, of messages and of questions. Enter sends, Shift+Enter makes a new line; an Enter that ends the
 * composition of a Korean syllable does neither. What is typed survives a reload.
 */

/** Characters of one message, as the server counts them: code points. */
export const LONGEST = 1000;
const TELL_FROM = 900;

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
    this.note = "";
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

  /** @param {string} note */
  say(note) {
    this.note = note;
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
    this.hint.textContent = length >= TELL_FROM ? `${length} / ${LONGEST}` : this.note;
    this.hint.classList.toggle("bad", length > LONGEST);
  }
}
