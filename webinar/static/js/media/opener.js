/**
 * Opens the session that fits a wish: the live picture over the first transport that carries it, or a place in the past.
 */

import { HlsSession } from "./hls.js";
import { loadHls } from "./hls_library.js";
import { AUDIO, fetchLadder } from "./ladder.js";
import { isFile } from "./source.js";
import { Transports } from "./transports.js";
import { WhepSession } from "./whep.js";

/** @typedef {WhepSession | HlsSession} Session */
/**
 * `past`: s of the program, or null for live; `whole`: the playlist of all that has been.
 * @typedef {{source: import("./transports.js").Live, past: number | null, whole: string, speed: number, quality: string}}
 *   Wish
 */

/** If WHEP has no picture by then, hls.js is fetched beside it, so that falling back costs no more time. */
const PREPARE_MS = 700;

export class Opener {
  /**
   * @param {HTMLVideoElement} video
   * @param {string} token viewer token
   * @param {import("./transports.js").Transport | null} only
   */
  constructor(video, token, only) {
    this.video = video;
    this.token = token;
    this.transports = new Transports(only);
  }

  /**
   * @param {Wish} wish
   * @param {() => void} denied called when the token is not taken
   * @param {AbortSignal} signal rejects with its reason
   * @returns {Promise<Session | null>} playing, or null when none would just now
   */
  async open(wish, denied, signal) {
    if (wish.past !== null) return this.#past(wish, wish.past, signal);
    for (const kind of this.transports.order(wish.source, typeof RTCPeerConnection === "function")) {
      const prepared = kind === "whep" && wish.source.hls_url && this.transports.only === null;
      const prepare = prepared ? setTimeout(prefetch, PREPARE_MS) : 0;
      try {
        const session = await this.#start(await this.#live(kind, wish, signal), signal);
        this.transports.played(kind);
        return session;
      } catch (error) {
        if (signal.aborted) throw error;
        const verdict = this.transports.failed(kind, error);
        if (verdict === "denied") denied();
        if (verdict !== "next") return null;
      } finally {
        clearTimeout(prepare);
      }
    }
    return null;
  }

  /**
   * @param {Wish} wish
   * @param {number} at
   * @param {AbortSignal} signal
   * @returns {Promise<Session | null>}
   */
  async #past({ whole, speed, quality }, at, signal) {
    try {
      const url = await heard(whole, quality, signal);
      const options = { live: false, at, rate: speed, rendition: quality, whole };
      return await this.#start(new HlsSession(this.video, url, options), signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) throw error;
      return null;
    }
  }

  /**
   * @param {import("./transports.js").Transport} kind
   * @param {Wish} wish
   * @param {AbortSignal} signal
   * @returns {Promise<Session>}
   */
  async #live(kind, { source, quality }, signal) {
    if (kind === "whep") return new WhepSession(this.video, source.whep_url ?? "", this.token);
    const url = await heard(source.hls_url ?? "", quality, signal);
    return new HlsSession(this.video, url, { rendition: quality, resting: source.resting });
  }

  /**
   * @param {Session} session closed when it does not start
   * @param {AbortSignal} signal
   * @returns {Promise<Session>} playing
   */
  async #start(session, signal) {
    const abandon = () => session.close();
    signal.addEventListener("abort", abandon, { once: true });
    try {
      await session.start(signal);
      return session;
    } catch (error) {
      session.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abandon);
    }
  }
}

/**
 * @param {string} url of a multivariant playlist
 * @param {string} quality
 * @param {AbortSignal} signal
 * @returns {Promise<string>} the same, or that of its sound alone when only that is wanted
 */
async function heard(url, quality, signal) {
  return (quality === AUDIO && !isFile(url) && (await fetchLadder(url, signal)).audio) || url;
}

function prefetch() {
  loadHls().catch(() => {}); // when it is needed and still does not load, the session says so
}
