/**
 * What a moderator does: one operation, said in one line, with what takes it back. Questions are asked only before what
 * cannot be taken back.
 */

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */
/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {{op: string, [field: string]: unknown}} Op */

const MOST = 50;
const SHOWN_MS = 12_000;
/** Refusals that pass: what was refused may be done later. */
const PASSING = ["down", "rate", "unavailable", "busy"];
/** What the service takes in one frame, bytes, and the room that `type` and `cid` want in it. A longer one cuts the line. */
const FRAME = 8192;
const AROUND = 96;

/** Whether an order can be sent at all. @param {Op} op */
export function fits(op) {
  return new TextEncoder().encode(JSON.stringify(op)).length <= FRAME - AROUND;
}

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
    const { done, seq, refused } = await this.#all([ops].flat());
    if (done && back) {
      this.past.push({ ops: [back].flat(), text }); // also of what was done in part
      if (this.past.length > MOST) this.past.shift();
    }
    this.#say(refused ? this.#refusal(refused) : text, Boolean(done && back));
    return refused ? null : seq;
  }

  async undo() {
    const last = this.past.pop();
    if (!last) {
      this.#say(this.texts.say("nothing_to_undo"), false);
      return;
    }
    const { done, refused } = await this.#all(last.ops);
    // What can never be taken back any more must not stand before what can.
    if (PASSING.includes(refused)) this.past.push({ ...last, ops: last.ops.slice(done) });
    this.#say(refused ? this.#refusal(refused) : this.texts.say("undone", { what: last.text }), this.past.length > 0);
  }

  /**
   * @param {Op[]} ops
   * @returns {Promise<{done: number, seq: number, refused: string}>} how many were done, the seq of the last of them,
   *   and why the next was not
   */
  async #all(ops) {
    let done = 0;
    let seq = 0;
    for (const op of ops) {
      try {
        if (!fits(op)) return { done, seq, refused: "too_long" };
        const answer = await this.client.call({ type: "mod", ...op });
        seq = answer.seq ?? 0;
        done += 1;
      } catch (error) {
        const { code } = /** @type {{code?: string}} */ (error);
        if (code === undefined) throw error;
        return { done, seq, refused: code };
      }
    }
    return { done, seq, refused: "" };
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

  /** What was done elsewhere than in the chat, and cannot be taken back here. @param {string} text */
  say(text) {
    this.#say(text, false);
  }

  #hide() {
    const { bar, button } = this.place;
    if (document.activeElement === button) this.timer = window.setTimeout(() => this.#hide(), SHOWN_MS);
    else bar.hidden = true;
  }
}
