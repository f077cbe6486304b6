/**
 * Plays a live event and keeps it playing: WHEP first, LL-HLS where WHEP is refused or its UDP does not come through,
 * and a new session with full jitter whenever one is lost. The page never reloads.
 */

import { Backoff, either, sleep } from "./backoff.js";
import { HlsSession, loadHls } from "./hls.js";
import { Refused, Unreachable } from "./signalling.js";
import { WhepSession } from "./whep.js";

/** @typedef {{height: number, fps: number, behindS: number | null, frozen: number, lost: number}} Figures */
/** @typedef {{whep_url: string | null, hls_url: string | null}} Source */
/** @typedef {"idle" | "connecting" | "playing" | "reconnecting"} PlayState */
/** @typedef {WhepSession | HlsSession} Session */

/** If WHEP has no picture by then, hls.js is fetched beside it, so that falling back costs no more time. */
const PREPARE_MS = 700;
/** A session that lasted this long was well: the next trouble starts with a short wait again. */
const WELL_MS = 5000;

/**
 * Fires "state" when `state` or `session` changed, "trouble" when a session was lost (the room asks the server what is
 * the matter), "denied" when the viewer's token is not taken any more, "finished" when the program has ended.
 */
export class Player extends EventTarget {
  /**
   * @param {HTMLVideoElement} video
   * @param {string} token viewer token
   * @param {"whep" | "hls" | null} only one transport and no other, for tests and for who asks for it
   */
  constructor(video, token, only = null) {
    super();
    this.video = video;
    this.token = token;
    this.only = only;
    /** @type {PlayState} */
    this.state = "idle";
    /** @type {Session | null} */
    this.session = null;
    /** @type {Source} */
    this.source = { whep_url: null, hls_url: null };
    /** WHEP is not offered to this viewer, or its UDP is blocked: not tried again while HLS plays well. */
    this.whepOut = false;
    this.whepPlayed = false;
    this.whepSilences = 0;
    /** @type {AbortController | null} */
    this.running = null;
    /** @type {AbortController | null} */
    this.waiting = null;
  }

  /** @param {Source} source as of playback; the same again changes nothing */
  play(source) {
    const before = this.source;
    this.source = { whep_url: source.whep_url, hls_url: source.hls_url };
    if (!this.running) {
      this.#restart();
    } else if (this.session?.kind === "hls" && before.hls_url !== source.hls_url) {
      this.#restart();
    } else if (before.hls_url !== source.hls_url || before.whep_url !== source.whep_url) {
      this.session?.hurry();
      this.retry();
    }
  }

  stop() {
    this.running?.abort(new DOMException("stopped", "AbortError"));
    this.running = null;
    this.session?.close();
    this.session = null;
    this.#set("idle");
  }

  /** Try now instead of at the end of the wait: the network is back, or the page was woken. */
  retry() {
    this.waiting?.abort();
  }

  /** @param {"whep" | "hls" | null} only */
  prefer(only) {
    if (this.only === only) return;
    this.only = only;
    this.whepOut = false;
    if (this.running) this.#restart();
  }

  #restart() {
    this.running?.abort(new DOMException("restarted", "AbortError"));
    // Said before the session goes: the stage keeps its last picture until the next one plays.
    if (this.session) this.#set("reconnecting");
    this.session?.close();
    this.session = null;
    const running = new AbortController();
    this.running = running;
    this.#run(running.signal).catch((error) => {
      if (!running.signal.aborted) throw error;
    });
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    const backoff = new Backoff(300, 2500);
    if (this.state !== "reconnecting") this.#set("connecting");
    while (!signal.aborted) {
      const session = await this.#open(signal);
      if (session) {
        const since = performance.now();
        this.session = session;
        // A server that has lost its source may still hand out its last picture: the next silence ends sooner.
        if (backoff.attempt) session.hurry();
        this.#set("playing");
        const reason = await session.ended;
        session.close();
        if (signal.aborted) return;
        this.session = null;
        if (reason === "finished") {
          this.#set("idle");
          this.running = null;
          this.dispatchEvent(new Event("finished"));
          return;
        }
        if (performance.now() - since > WELL_MS) backoff.reset();
      }
      this.#set("reconnecting");
      this.dispatchEvent(new Event("trouble"));
      await this.#pause(backoff.next(), signal);
    }
  }

  /**
   * @param {number} ms
   * @param {AbortSignal} signal
   */
  async #pause(ms, signal) {
    this.waiting = new AbortController();
    try {
      await sleep(ms, either(signal, this.waiting.signal));
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      this.waiting = null;
    }
  }

  /**
   * One round over the transports.
   * @param {AbortSignal} signal
   * @returns {Promise<Session | null>} playing, or null when none would
   */
  async #open(signal) {
    for (const kind of this.#order()) {
      const session = this.#make(kind);
      const prepare = kind === "whep" && this.source.hls_url && this.only === null ? setTimeout(prefetch, PREPARE_MS) : 0;
      const abandon = () => session.close();
      signal.addEventListener("abort", abandon, { once: true });
      try {
        await session.start(signal);
        if (kind === "whep") this.whepPlayed = true;
        this.whepSilences = 0;
        return session;
      } catch (error) {
        session.close();
        if (signal.aborted) throw error;
        if (!this.#goesOn(kind, error)) return null;
      } finally {
        clearTimeout(prepare);
        signal.removeEventListener("abort", abandon);
      }
    }
    return null;
  }

  /** @returns {("whep" | "hls")[]} */
  #order() {
    /** @type {("whep" | "hls")[]} */
    const order = [];
    const whep = this.source.whep_url && typeof RTCPeerConnection === "function";
    if (whep && this.only !== "hls" && !this.whepOut) order.push("whep");
    if (this.source.hls_url && this.only !== "whep") order.push("hls");
    if (!order.length && whep) order.push("whep");
    return order;
  }

  /** @param {"whep" | "hls"} kind */
  #make(kind) {
    return kind === "whep"
      ? new WhepSession(this.video, this.source.whep_url ?? "", this.token)
      : new HlsSession(this.video, this.source.hls_url ?? "");
  }

  /**
   * What an attempt's failure means for the next one.
   * @param {"whep" | "hls"} kind
   * @param {unknown} error
   * @returns {boolean} whether the next transport of this round is tried
   */
  #goesOn(kind, error) {
    if (kind === "hls") {
      this.whepOut = false;
      return false;
    }
    if (error instanceof Unreachable) return !this.whepPlayed; // the server restarts: HLS would not answer either
    if (error instanceof Refused) {
      if (error.status === 401 || error.status === 410) {
        this.dispatchEvent(new Event("denied"));
        return false;
      }
      // 404: the live session is being replaced, WHEP will be back with it.
      if (error.status !== 404) this.whepOut = true;
      return true;
    }
    // No media. Where it played before, the path is known to work: it gets a second try before HLS.
    this.whepSilences += 1;
    if (this.whepPlayed && this.whepSilences < 2) return false;
    this.whepOut = true;
    return true;
  }

  /** @param {PlayState} state */
  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

function prefetch() {
  loadHls().catch(() => {}); // when it is needed and still does not load, the session says so
}
