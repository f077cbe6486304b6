/**
 * What a reader of a room knows: its events in order, without gaps and without doubles. Pure: no socket, no page.
 */

/**
 * @typedef {{id: string, name: string, role: string}} Author
 * @typedef {{seq: number, type: string, at: string, cid?: string, from?: Author | null, body?: string, reply_to?: number,
 *   mentions?: string[], held?: boolean, why?: string, decided?: string, deleted?: boolean, target?: number, message?: ChatEvent,
 *   person?: string, upto?: number, settings?: Partial<import("./state.js").Settings>, question?: number,
 *   state?: string, answer?: string, into?: number, anonymous?: boolean, votes?: Record<string, number>, poll?: number,
 *   up?: boolean, of?: number}} ChatEvent as docs/chat-protocol.md gives them, type by type
 */

/** Events that arrived early are held until the gap before them is filled; more than this many mean: start again. */
const HELD = 2000;
/** The server gives this many events of its history at once. */
const FILLED = 100;

export class ChatLog {
  constructor() {
    this.epoch = "";
    /** Everything up to this number was given out. */
    this.last = 0;
    /** A newcomer is given the newest page only: the first event that comes is where its log begins. */
    this.begun = false;
    /** @type {Map<number, ChatEvent>} */
    this.held = new Map();
  }

  /** @returns {{since: number, epoch: string} | null} what to ask for after a lost connection */
  get mark() {
    return this.begun ? { since: this.last, epoch: this.epoch } : null;
  }

  /**
   * The server's `welcome`. Another epoch is another log: numbers of the old one mean nothing in it.
   * @param {string} epoch
   * @param {number} last the newest number of the log
   * @returns {boolean} true when what is shown must be thrown away
   */
  enter(epoch, last) {
    const other = this.epoch !== "" && this.epoch !== epoch;
    if (other) this.reset();
    this.epoch = epoch;
    if (last === 0) this.begun = true;
    return other;
  }

  /** The log must be read again from its newest page. */
  reset() {
    this.last = 0;
    this.begun = false;
    this.held.clear();
  }

  /**
   * @param {ChatEvent[]} events in any order, with any repeats
   * @returns {ChatEvent[]} those that are new and now without a gap, in order
   */
  take(events) {
    if (!events.length) return [];
    if (!this.begun) {
      this.last = Math.min(...events.map((event) => event.seq)) - 1;
      this.begun = true;
    }
    for (const event of events) if (event.seq > this.last) this.held.set(event.seq, event);
    /** @type {ChatEvent[]} */
    const ready = [];
    for (let next = this.held.get(this.last + 1); next; next = this.held.get(this.last + 1)) {
      this.held.delete(next.seq);
      this.last = next.seq;
      ready.push(next);
    }
    return ready;
  }

  /** @returns {{before: number, limit: number} | null} what is missing below what is held */
  get gap() {
    if (!this.held.size) return null;
    const before = Math.min(...this.held.keys());
    return { before, limit: before - 1 - this.last };
  }

  /** Too much is missing to be asked for piece by piece. */
  get lost() {
    return this.held.size > HELD || (this.gap?.limit ?? 0) > FILLED;
  }
}
