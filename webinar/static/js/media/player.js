/**
 * Plays an event and keeps it playing: live over WHEP or LL-HLS, or from anywhere in what has been so far, and after the
 * end all of it. A session that is lost is followed by a new one with full jitter. The page never reloads.
 */

import { Backoff, Pause } from "./backoff.js";
import { fetchLadder } from "./ladder.js";
import { Opener } from "./opener.js";
import { Quality } from "./quality.js";
import { isFile, wholeUrl } from "./source.js";

/** @typedef {{height: number, fps: number, behindS: number | null, frozen: number, lost: number}} Figures */
/** @typedef {import("./source.js").Source} Source */
/** @typedef {"idle" | "connecting" | "playing" | "stalled" | "reconnecting"} PlayState */
/** @typedef {import("./opener.js").Session} Session */
/** Seconds of the program. `past`: not at the live edge. @typedef {{at: number, length: number, past: boolean}} Timeline */

/** A session that lasted this long was well: the next trouble starts with a short wait again. */
const WELL_MS = 5000;
/** So many tries in a row, some ten seconds, are longer than a restart of the server: then there is no replay to be had. */
const REPLAY_TRIES = 8;
/** Who goes this near to the newest moment is brought to the live picture. */
const EDGE_S = 6;

/**
 * Fires "state" when `state` or `session` changed, "choice" when quality, speed or place in time did, "trouble" when the
 * picture stands still or was lost (the room asks the server what is the matter), "denied" when the viewer's token is not
 * taken any more, "finished" when the program has ended.
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
    this.opener = new Opener(video, token, only);
    /** @type {PlayState} */
    this.state = "idle";
    /** @type {Session | null} */
    this.session = null;
    /** @type {Source} */
    this.source = { whep_url: null, hls_url: null };
    /** Where in the past the viewer is, s of the program; null at the live edge. @type {number | null} */
    this.past = null;
    /** How long the past was when last seen, s. */
    this.known = 0;
    this.speed = 1;
    this.picture = new Quality({
      session: () => this.session,
      signal: () => this.running?.signal,
      restart: () => this.#restart(),
      changed: () => this.#chosen(),
    });
    /** @type {AbortController | null} */
    this.running = null;
    this.waiting = new Pause();
  }

  /** @param {Source} source the same again changes nothing */
  play(source) {
    const before = this.source;
    this.source = source;
    this.#avoid();
    if (!this.running) {
      this.#restart();
    } else if (this.past !== null) {
      this.retry(); // what is being watched goes on; a new address is taken when the old one ends
    } else if (this.session?.kind === "hls" && before.hls_url !== source.hls_url) {
      this.#restart("reconnecting");
    } else if (before.hls_url !== source.hls_url || before.whep_url !== source.whep_url) {
      this.session?.hurry();
      this.retry();
    }
  }

  /**
   * What has been, from somewhere on.
   * @param {Source} source
   * @param {number} at s of the program
   */
  watch(source, at) {
    this.source = source;
    this.past = at;
    this.#restart();
    this.#chosen();
  }

  /** Whether there is anything before the live edge to go to. */
  get canRewind() {
    return Boolean(wholeUrl(this.source));
  }

  get onAir() {
    return Boolean(this.source.whep_url || this.source.hls_url);
  }

  /** @returns {Timeline} */
  get timeline() {
    if (this.past === null) {
      const length = this.source.startedMs ? Math.max(0, Date.now() - this.source.startedMs) / 1000 : 0;
      return { at: Math.max(0, length - (this.session?.figures.behindS ?? 0)), length, past: false };
    }
    const session = this.session;
    if (session?.kind === "hls" && session.length) this.known = session.length;
    return { at: session ? this.video.currentTime : this.past, length: Math.max(this.known, this.past), past: true };
  }

  /** @param {number} at s of the program; near the newest moment of a live one it is live */
  seek(at) {
    const { length } = this.timeline;
    if (this.onAir && at > length - EDGE_S) return this.toLive();
    if (!this.canRewind) return;
    this.known = length;
    const already = this.past !== null && this.session?.kind === "hls";
    this.past = Math.max(0, at);
    if (already && this.session?.kind === "hls") this.session.seek(this.past);
    else this.#restart();
    this.#chosen();
  }

  /** Back to the live picture. */
  toLive() {
    if (this.past === null) {
      if (this.session?.kind === "hls") this.session.toLive();
      return;
    }
    this.#present();
    this.#restart();
  }

  /** @param {number} speed 1 is as it was spoken; live it is always 1 */
  accelerate(speed) {
    if (this.past === null) return;
    this.speed = speed;
    this.#pace();
    this.#chosen();
  }

  /** A rendition's name, "audio", or "" for what the network carries. */
  get quality() {
    return this.picture.wished;
  }

  /** @param {string} quality as above */
  choose(quality) {
    return this.picture.choose(quality);
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<import("./ladder.js").Rung[]>} qualities to choose from, best first
   */
  async rungs(signal) {
    const url = this.past === null ? this.source.hls_url : wholeUrl(this.source);
    const choosable = this.session?.kind !== "hls" || this.session.hls !== null; // the browser's own HLS offers none
    return url && choosable && !isFile(url) ? (await fetchLadder(url, signal)).rungs : [];
  }

  stop() {
    this.running?.abort(new DOMException("stopped", "AbortError"));
    this.running = null;
    this.session?.close();
    this.session = null;
    this.past = null;
    this.speed = 1;
    this.#set("idle");
  }

  /** Try now instead of at the end of the wait: the network is back, or the page was woken. */
  retry() {
    this.waiting.end();
  }

  /** @param {"whep" | "hls" | null} only */
  prefer(only) {
    const fellBack = only === null && this.session?.kind === "hls";
    if (this.opener.transports.only === only && !fellBack) return;
    this.opener.transports.prefer(only);
    if (this.running && this.past === null) this.#restart();
  }

  /** @param {PlayState} state */
  #restart(state = "connecting") {
    this.running?.abort(new DOMException("restarted", "AbortError"));
    // Said before the session goes: the stage keeps its last picture until the next one plays.
    this.#set(state);
    if (this.session) this.#close(this.session);
    const running = new AbortController();
    this.running = running;
    this.#run(running.signal).catch((error) => {
      if (!running.signal.aborted) throw error;
    });
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    const backoff = new Backoff(300, 2500);
    while (!signal.aborted) {
      const { past, speed, quality, source } = this;
      const wish = { source, speed, quality, past, whole: wholeUrl(source) };
      const session = await this.opener.open(wish, () => this.dispatchEvent(new Event("denied")), signal);
      // Another wish came at the moment this one was met: it must not take the place of what was opened for that.
      if (signal.aborted) return session?.close();
      if (session) {
        const since = performance.now();
        // A server that has lost its source may still hand out its last picture: the next silence ends sooner.
        if (backoff.attempt) session.hurry();
        this.#opened(session);
        const reason = await session.ended;
        if (signal.aborted) return;
        if (reason === "finished" && !this.#goesOn(session)) return this.#finish();
        if (reason === "edge") this.#present();
        // Said first: the picture is held before it goes with its session.
        this.#set("reconnecting");
        this.#close(session);
        if (reason === "finished" || reason === "edge") continue;
        if (performance.now() - since > WELL_MS) backoff.reset();
      }
      this.#set("reconnecting");
      if (!session && this.past !== null && !this.onAir && backoff.attempt >= REPLAY_TRIES) return this.#finish();
      // One word is enough where nothing is missed meanwhile.
      if (this.past === null || !backoff.attempt) this.dispatchEvent(new Event("trouble"));
      await this.waiting.wait(backoff.next(), signal);
    }
  }

  /** @param {Session} session */
  #opened(session) {
    this.session = session;
    session.onstall = () => {
      if (this.session !== session) return;
      this.#set(session.stalled ? "stalled" : "playing");
      if (session.stalled) this.dispatchEvent(new Event("trouble"));
    };
    // Both may have changed while the session was being opened.
    this.#avoid();
    this.#pace();
    this.#set("playing");
    this.#chosen();
    void this.picture.carryOver(session);
  }

  #pace() {
    if (this.past === null || this.session?.kind !== "hls") return;
    this.session.rate = this.speed;
    this.video.playbackRate = this.speed;
  }

  /** Over WebRTC the server does so. */
  #avoid() {
    if (this.session?.kind === "hls") this.session.avoid(this.source.resting ?? []);
  }

  /**
   * A stream has come to its end: of an earlier live session, of what had been so far, or of the event.
   * @param {Session} session
   * @returns {boolean} whether more is to be played
   */
  #goesOn(session) {
    if (this.past === null || session.kind !== "hls") return false;
    if (session.whole !== wholeUrl(this.source)) return true; // another live session has followed: its playlist holds both
    if (this.onAir) this.#present();
    return this.onAir;
  }

  #present() {
    this.past = null;
    this.speed = 1;
    this.#chosen();
  }

  #finish() {
    this.stop();
    this.dispatchEvent(new Event("finished"));
  }

  /** @param {Session} session */
  #close(session) {
    if (this.past !== null && session.kind === "hls" && !session.live) this.past = session.at;
    session.close();
    if (this.session === session) this.session = null;
  }

  #chosen() {
    this.dispatchEvent(new Event("choice"));
  }

  /** @param {PlayState} state */
  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
