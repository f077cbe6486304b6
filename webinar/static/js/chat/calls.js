/** What was asked for over the line and is not answered yet. */

import { uuid } from "./outbox.js";

/** @typedef {{cid: string, seq: number | null, held?: boolean}} Ack */
/** @typedef {{done: (ack: Ack) => void, failed: (error: Unheard) => void}} Asked */

/** A person has no more fingers than that. */
const MOST = 50;
const ANSWER_MS = 8000;

/** What was asked for was not done: refused with a `code` of `nak`, or "down" when nobody answered. */
export class Unheard extends Error {
  /**
   * @param {string} code
   * @param {number} [retry_after] s
   */
  constructor(code, retry_after) {
    super(code);
    this.code = code;
    this.retry_after = retry_after;
  }
}

export class Calls {
  /** @param {(message: object) => boolean} send false: there is no line */
  constructor(send) {
    this.send = send;
    /** @type {Map<string, Asked>} by cid */
    this.asked = new Map();
  }

  /**
   * @param {object & {cid?: string}} message with the `cid` it had before, when it is asked once more
   * @returns {Promise<Ack>}
   * @throws {Unheard}
   */
  call(message) {
    const cid = message.cid ?? uuid();
    return new Promise((resolve, reject) => {
      if (this.asked.size >= MOST || !this.send({ ...message, cid })) return reject(new Unheard("down"));
      const late = setTimeout(() => this.settle(cid)?.failed(new Unheard("down")), ANSWER_MS);
      const ends = (/** @type {(value: any) => void} */ end) => (/** @type {any} */ value) => {
        clearTimeout(late);
        end(value);
      };
      this.asked.set(cid, { done: ends(resolve), failed: ends(reject) });
    });
  }

  /**
   * @param {string | null} cid
   * @returns {Asked | undefined} what waited under that id; it waits no more
   */
  settle(cid) {
    const asked = this.asked.get(cid ?? "");
    this.asked.delete(cid ?? "");
    return asked;
  }

  /** The line is lost: nobody will answer. */
  drop() {
    for (const cid of [...this.asked.keys()]) this.settle(cid)?.failed(new Unheard("down"));
  }
}
