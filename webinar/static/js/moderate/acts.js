/**
 * What a moderator does: one operation, said in one line, with what takes it back. Questions are asked only before what
 * cannot be taken back.
 */

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */
/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {{op: string, [field: string]: unknown}} Op */

const MOST = 50;
const SHOWN_MS = 12_000;

export class Acts {
  /**
   * @param {ChatClient} client
   * @param {Texts} texts
   * @param {{bar: HTMLElement, text: HTMLElement, button: HTMLButtonElement}} place
   */
  constructor(client, texts, place) {
    this.client = client;
    this.texts = texts;
    this.place = place;
    /** @type {{ops: Op[], text: string}[]} what takes back what was done, the last at the end */
    this.past = [];
    this.timer = 0;
    place.button.addEventListener("click", () => void this.undo());
  }

  /**
   * @param {Op | Op[]} ops done in order; the first that is refused ends it
   * @param {{text: string, back?: Op | Op[]}} words what was done, and what undoes it
   * @returns {Promise<number | null>} the seq of the last; null when it was refused
   */
  async run(ops, { text, back }) {
    const seq = await this.#all([ops].flat());
    if (seq === null) return null;
    if (back) {
      this.past.push({ ops: [back].flat(), text });
      if (this.past.length > MOST) this.past.shift();
    }
    this.#say(text, Boolean(back));
    return seq;
  }

  async undo() {
    const last = this.past.pop();
    if (!last) {
      this.#say(this.texts.say("nothing_to_undo"), false);
      return;
    }
    if ((await this.#all(last.ops)) === null) this.past.push(last);
    else this.#say(this.texts.say("undone", { what: last.text }), this.past.length > 0);
  }

  /** @param {Op[]} ops @returns {Promise<number | null>} */
  async #all(ops) {
    let seq = 0;
    for (const op of ops) {
      try {
        const answer = await this.client.call({ type: "mod", ...op });
        seq = answer.seq ?? 0;
      } catch (error) {
        const { code } = /** @type {{code?: string}} */ (error);
        if (code === undefined) throw error;
        this.#say(this.#refusal(code), false);
        return null;
      }
    }
    return seq;
  }

  /** @param {string} code */
  #refusal(code) {
    const known = `nak_${code}`;
    return this.texts.say(known in this.texts.table ? known : "nak_other");
  }

  /**
   * @param {string} text
   * @param {boolean} undoable
   */
  #say(text, undoable) {
    const { bar, text: place, button } = this.place;
    place.textContent = text;
    button.hidden = !undoable;
    bar.hidden = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#hide(), SHOWN_MS);
  }

  #hide() {
    const { bar, button } = this.place;
    if (document.activeElement === button) this.timer = window.setTimeout(() => this.#hide(), SHOWN_MS);
    else bar.hidden = true;
  }
}
