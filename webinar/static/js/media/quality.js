/** Which quality the viewer wishes for, and that the session that plays has it, now or after the next one was opened. */

import { sleep } from "./backoff.js";
import { AUDIO } from "./ladder.js";

/** @typedef {import("./opener.js").Session} Session */
/**
 * `session` that plays now, `signal` of its time; `restart` follows it by another one; `changed` tells of another wish.
 * @typedef {{session: () => Session | null, signal: () => AbortSignal | undefined, restart: () => void, changed: () => void}} Owner
 */

const AGAIN_MS = 1500;

export class Quality {
  /** @param {Owner} owner */
  constructor(owner) {
    this.owner = owner;
    /** A rendition's name, "audio", or "" for what the network carries. */
    this.wished = "";
  }

  /** @param {string} wished one that cannot be had is given up for what plays */
  async choose(wished) {
    this.wished = wished;
    this.owner.changed();
    const session = this.owner.session();
    if (!session || (await this.#has(session))) return;
    if (this.owner.session() !== session || this.wished !== wished) return;
    this.wished = session.rendition;
    this.owner.changed();
  }

  /**
   * What was chosen before outlives a question that got lost just after a reconnect.
   * @param {Session} session
   */
  async carryOver(session) {
    if (await this.#has(session)) return;
    await sleep(AGAIN_MS, this.owner.signal()).catch(() => {});
    if (this.owner.session() === session) await this.#has(session);
  }

  /**
   * @param {Session} session
   * @returns {Promise<boolean>} whether it has the wished quality now, or is followed by one that has
   */
  async #has(session) {
    const { wished } = this;
    if (session.rendition === wished) return true;
    const crossing = (wished === AUDIO) !== (session.rendition === AUDIO);
    if (session.kind !== "hls" || !crossing) return session.choose(wished);
    this.owner.restart(); // the sound alone is another stream
    return true;
  }
}
