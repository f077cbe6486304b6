/** What one asks of the room beside writing: a vote, an answer to a poll, a raised hand, an order of the staff. */

import { Unheard } from "./calls.js";

/** @typedef {import("./calls.js").Ack} Ack */
/** @typedef {import("./state.js").Part} Part */
/**
 * `call` as the client has it; `changed` tells the parts of the room that are others now, `refused` why something was not
 * done.
 * @typedef {{call: (message: object) => Promise<Ack>, changed: (parts: Part[]) => void, refused: (code: string) => void}} Owner
 */

export class Wishes {
  /**
   * @param {import("./state.js").RoomState} room
   * @param {Owner} owner
   */
  constructor(room, owner) {
    this.room = room;
    this.owner = owner;
  }

  /**
   * Shown at once; the server's tally comes within a second.
   * @param {number} question
   * @param {boolean} up
   */
  async vote(question, up) {
    const { room } = this;
    const turn = (/** @type {boolean} */ on) => {
      const known = room.questions.get(question);
      if (on === room.votes.has(question)) return;
      if (on) room.votes.add(question);
      else room.votes.delete(question);
      if (known) known.votes = Math.max(0, known.votes + (on ? 1 : -1));
      this.owner.changed(["questions"]);
    };
    turn(up);
    if (!(await this.#done({ type: "vote", question, up }))) turn(!up);
  }

  /**
   * @param {number} poll
   * @param {number[]} choices
   * @returns {Promise<boolean>} whether it is counted
   */
  async answer(poll, choices) {
    const ack = await this.#done({ type: "answer_poll", poll, choices });
    if (ack) this.room.answers.set(poll, choices);
    this.owner.changed(["polls"]);
    return ack !== null;
  }

  /** @param {boolean} up */
  async raise(up) {
    const ack = await this.#done({ type: "hand", up });
    if (ack && up) this.room.hand = ack.seq;
    this.owner.changed(["hands"]);
  }

  /**
   * What a presenter, moderator or host orders.
   * @param {string} op
   * @param {object} fields
   */
  async order(op, fields) {
    return (await this.#done({ type: "mod", op, ...fields })) !== null;
  }

  /**
   * @param {object} message
   * @returns {Promise<Ack | null>} null: refused, and told
   */
  async #done(message) {
    try {
      return await this.owner.call(message);
    } catch (error) {
      if (!(error instanceof Unheard)) throw error;
      this.owner.refused(error.code);
      return null;
    }
  }
}
