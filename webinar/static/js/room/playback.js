/**
 * What the viewer may play now, kept current by a long poll: the lobby turns into the room, the room learns of the end
 * and of a replaced live session. Also the viewer's sign of life: the server counts who asks, and how they play.
 */

import { Backoff, either, sleep, within } from "../media/backoff.js";
import { Refused, refusal } from "../media/signalling.js";

/**
 * @typedef {{state: "scheduled" | "live" | "ended", paused: boolean, version: string, whep_url: string | null, hls_url: string | null,
 *   rewind_url: string | null, replay_url: string | null, watching: number | null, files: string | null, agenda: string | null, resting: string[], chat: {url: string, ticket: string} | null,
 *   event: {started_at: string | null}, startedMs: number}} PlaybackState `startedMs`: `event.started_at` on the clock of
 *   this machine, 0 before it
 */

const WAIT_S = 20;
const SLACK_MS = 8000;
const FRESH_MS = 30_000;

/**
 * Fires "change" with the new state, "told" with each answer, "denied" with the error's code, "elsewhere" when another page of this person has taken
 * the place, "away" and "back" as the server goes and comes.
 */
export class Playback extends EventTarget {
  /**
   * @param {string} url
   * @param {string} token
   * @param {string} origin as the server calls itself
   */
  constructor(url, token, origin) {
    super();
    this.url = url;
    this.origin = origin;
    this.token = token;
    /** @type {PlaybackState | null} */
    this.now = null;
    /** Wall time: it goes on while the machine sleeps. */
    this.takenAt = 0;
    /** How this viewer plays, as the server counts it. */
    this.transport = "lobby";
    /** @type {() => number | null} seconds behind live as the player knows it, told with each question: for the host */
    this.behindS = () => null;
    /** How long this viewer waited for a picture, told likewise. */
    this.first = new FirstPicture();
    /** By how much this machine's clock is ahead of the server's, ms. */
    this.aheadMs = 0;
    this.away = false;
    /** The next answer is wanted at once, though nothing may have changed. */
    this.doubted = false;
    this.stopped = new AbortController();
    /** @type {AbortController | null} */
    this.asking = null;
  }

  start() {
    this.#run().catch((error) => {
      if (!this.stopped.signal.aborted) throw error;
    });
  }

  stop() {
    this.stopped.abort();
  }

  /** Every long poll should have been answered by now: the machine slept, or the network went without a word. */
  get stale() {
    return Date.now() - this.takenAt > WAIT_S * 1000 + SLACK_MS;
  }

  /** Asks anew at once: the server hears how the player plays now, and answers when something has changed. */
  hurry() {
    this.asking?.abort();
  }

  /** Asks anew and is answered at once: for what changes without a new version, or when the answer at hand is in doubt. */
  refresh() {
    this.doubted = true;
    this.hurry();
  }

  /** @returns {number} ms since 1970 by the server */
  get serverNow() {
    return Date.now() - this.aheadMs;
  }

  /**
   * A ticket for the chat, fresh: they live two minutes.
   * @returns {Promise<{url: string, ticket: string} | null>}
   */
  async ticket() {
    // The one that came with the newest answer is as good for a while: a crowd that enters asks once, not twice.
    if (this.now && Date.now() - this.takenAt < FRESH_MS) return this.now.chat;
    const state = await this.#ask({}, within(SLACK_MS, this.stopped.signal));
    return state.chat;
  }

  async #run() {
    const backoff = new Backoff(400, 8000);
    while (!this.stopped.signal.aborted) {
      this.asking = new AbortController();
      const stop = either(this.stopped.signal, this.asking.signal);
      const { doubted } = this;
      this.doubted = false;
      try {
        /** @type {Record<string, string>} */
        const after = this.now && !this.away && !doubted ? { after: this.now.version, wait: String(WAIT_S) } : {};
        const state = await this.#ask(after, within(WAIT_S * 1000 + SLACK_MS, stop));
        backoff.reset();
        this.#reached(true);
        this.#take(state);
      } catch (error) {
        if (this.stopped.signal.aborted) return;
        if (error instanceof Refused && [401, 403, 404, 410].includes(error.status)) {
          this.dispatchEvent(new CustomEvent("denied", { detail: error.code }));
          return;
        }
        if (error instanceof Refused && error.code === "elsewhere") {
          this.stop();
          this.dispatchEvent(new Event("elsewhere"));
          return;
        }
        this.doubted ||= doubted; // there was no answer
        // Hurried: asked again almost at once. The short wait keeps a storm of troubles from becoming one of questions.
        const hurried = this.asking.signal.aborted;
        if (!hurried) this.#reached(false);
        await sleep(hurried ? 150 : backoff.next(), hurried ? this.stopped.signal : stop).catch(() => {});
      } finally {
        this.asking.abort(); // or each question would leave a listener at `stopped`, and a timer
      }
    }
  }

  /**
   * @param {Record<string, string>} query
   * @param {AbortSignal} signal
   * @returns {Promise<PlaybackState>}
   */
  async #ask(query, signal) {
    const url = new URL(this.url, location.href);
    const behind = this.behindS();
    if (behind !== null) url.searchParams.set("behind", Math.min(Math.max(behind, 0), 3600).toFixed(2));
    if (this.first.waitedS !== null) url.searchParams.set("first", Math.min(this.first.waitedS, 600).toFixed(2));
    for (const [name, value] of Object.entries({ ...query, transport: this.transport })) {
      url.searchParams.set(name, value);
    }
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${this.token}`, Accept: "application/json" },
      cache: "no-store",
      signal,
    });
    if (!response.ok) throw await refusal(response);
    const state = await response.json();
    this.aheadMs = ahead(Date.parse(response.headers.get("Date") ?? ""), Date.now());
    for (const name of ["whep_url", "hls_url", "rewind_url", "replay_url"]) state[name] = this.#near(state[name] ?? null);
    state.startedMs = state.event.started_at ? Date.parse(state.event.started_at) + this.aheadMs : 0;
    return state;
  }

  /**
   * Addresses of the server itself are used as this page reached it: it may go by several names.
   * @param {string | null} url
   */
  #near(url) {
    return url?.startsWith(`${this.origin}/`) ? url.slice(this.origin.length) : url;
  }

  /** @param {PlaybackState} state */
  #take(state) {
    const { now } = this;
    // The replay may become known a moment after the end.
    const same = now?.version === state.version && now.replay_url === state.replay_url;
    this.now = state;
    this.takenAt = Date.now();
    if (!same) this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("told"));
  }

  /** @param {boolean} yes */
  #reached(yes) {
    if (this.away !== yes) return;
    this.away = !yes;
    this.dispatchEvent(new Event(yes ? "back" : "away"));
  }
}

/**
 * The wait for the first picture: from opening the link, or from the start for who was there before. Times are ms on the
 * page's own clock. A page that nobody looks at is not in a hurry, and says nothing of it.
 */
export class FirstPicture {
  constructor() {
    /** @type {number | null} */
    this.since = null;
    /** @type {number | null} */
    this.waitedS = null;
    this.unseen = false;
  }

  /** @param {number} since a picture is wanted from here on; the first word counts */
  wanted(since) {
    this.since ??= since;
  }

  /** The page is hidden. */
  hidden() {
    this.unseen = true;
  }

  /** @param {number} now */
  came(now) {
    if (this.since !== null && !this.unseen) this.waitedS ??= (now - this.since) / 1000;
    this.unseen = true;
  }
}

/**
 * @param {number} theirs the server's time, ms since 1970; NaN: it is not known
 * @param {number} ours this machine's time when that came
 * @returns {number} ms by which this machine's clock is ahead of the server's; many clocks in offices are minutes wrong
 */
export function ahead(theirs, ours) {
  // The header has whole seconds: less than two are none.
  const by = ours - theirs;
  return Math.abs(by) > 2000 ? by : 0;
}
