/**
 * What was written on its way to the server: one after the other, so that the server's order is the order of writing, and
 * no sooner than it lets us. The outbox keeps it until it has arrived.
 */

/** @typedef {import("./outbox.js").Draft} Draft */
/** @typedef {import("./outbox.js").Outbox} Outbox */
/**
 * Whose post it is: `send` puts a frame on the line, `open` says whether there is one, `changed` is called when a draft
 * changed, `wait` with the ms until the next one may be sent.
 * @typedef {{send: (frame: object) => void, open: () => boolean, changed: () => void, wait: (ms: number) => void}} Owner
 */

/** Refused for now only: the same message is sent again after the wait. */
const PASSING = ["rate", "unavailable", "busy", "slow"];

export class Post {
  /**
   * @param {Outbox} outbox
   * @param {Owner} owner
   */
  constructor(outbox, owner) {
    this.outbox = outbox;
    this.owner = owner;
    /** Nothing is sent before this, ms since 1970. */
    this.mayAt = 0;
  }

  /**
   * Shown at once, sent now or as soon as the room is reached.
   * @param {"send" | "ask"} kind
   * @param {string} body
   * @param {import("./outbox.js").More} more
   * @returns {boolean} false when too many wait already
   */
  add(kind, body, more) {
    if (!this.outbox.add(kind, body, more)) return false;
    this.owner.changed();
    this.flush();
    return true;
  }

  /** @param {string} cid of a refused message, to be sent once more */
  resend(cid) {
    this.outbox.retry(cid);
    this.owner.changed();
    this.flush();
  }

  /** @param {string} cid of a refused message */
  discard(cid) {
    this.outbox.remove(cid);
    this.owner.changed();
  }

  /** The room is reached anew: what was not acknowledged goes again. */
  begin() {
    this.mayAt = 0;
    this.outbox.rewind();
  }

  /**
   * @param {import("./calls.js").Ack} ack
   * @param {number} last the newest event that is shown
   */
  arrived(ack, last) {
    if (ack.seq !== null) this.outbox.stored(ack.cid, ack.seq, ack.held ?? false, last);
    this.owner.changed();
  }

  /**
   * @param {Draft} draft
   * @param {string} code
   * @param {number} [retry_after] s
   */
  refused(draft, code, retry_after) {
    if (retry_after !== undefined && PASSING.includes(code)) {
      draft.state = "waiting";
      this.#hold(retry_after * 1000);
    } else {
      this.outbox.refuse(draft.cid, code);
    }
    this.owner.changed();
    this.flush();
  }

  /** @param {number} ms nothing is sent for that long */
  #hold(ms) {
    this.mayAt = Date.now() + ms + 50;
    this.owner.wait(ms);
    setTimeout(() => this.flush(), ms + 60);
  }

  /** Sends what waits. */
  flush() {
    if (!this.owner.open() || Date.now() < this.mayAt) return;
    for (let draft = this.outbox.next(); draft; draft = this.outbox.next()) {
      draft.state = "sent";
      this.owner.send({ type: draft.kind, cid: draft.cid, body: draft.body, ...draft.more });
    }
    this.owner.changed();
  }
}
