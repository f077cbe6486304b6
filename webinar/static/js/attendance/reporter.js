/**
 * Tells the server what was watched, every quarter of a minute, and at once what was pressed. What is not answered is
 * kept and told again. Nothing else of the page waits for it.
 */

import { Backoff, Pause, within } from "../media/backoff.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Batch} Batch
 * @typedef {import("./clock.js").ServerClock} ServerClock
 * @typedef {{opens_at: string, closes_at: string}} Window
 * @typedef {{number: number, at: string, until: string, answered: boolean}} Prompt
 * @typedef {{title: string | null, share: number | null, minutes: number | null, enter: boolean, leave: boolean,
 *   confirmed: number | null, watched_s: number, programme_s: number, outcome: "passed" | "failed" | "open"}} Rule
 * @typedef {{now: string, live_s: number, replay_s: number, asked: number, confirmed: number, entered_at: string | null,
 *   left_at: string | null, enter: Window | null, leave: Window | null, prompts: Prompt[], rules: Rule[],
 *   outcome: string | null, refused: {place: number, code: string}[]}} Standing
 */

const EVERY_MS = 15_000;
const ANSWER_MS = 10_000;
/** Browsers take no more than 64 KB from a page that is going. */
const LAST_WORDS = 60_000;

/** Fires "standing" with the server's answer, "waiting" when answers stop or come again, "over" when none is to be had. */
export class Reporter extends EventTarget {
  /**
   * @param {string} url
   * @param {string} token viewer token
   * @param {string} device
   * @param {Kept} kept
   * @param {ServerClock} clock
   */
  constructor(url, token, device, kept, clock) {
    super();
    this.url = url;
    this.token = token;
    this.device = device;
    this.kept = kept;
    this.clock = clock;
    /** @type {() => void} puts what was watched until now into `kept` */
    this.gather = () => {};
    /** The last report was not answered. */
    this.waiting = false;
    this.stopped = new AbortController();
    this.pause = new Pause();
  }

  start() {
    this.#run().catch((error) => {
      if (!this.stopped.signal.aborted) throw error;
    });
  }

  stop() {
    this.stopped.abort();
  }

  /** Now instead of at the end of the wait. */
  hurry() {
    this.pause.end();
  }

  async #run() {
    const backoff = new Backoff(2000, 60_000);
    const { signal } = this.stopped;
    while (!signal.aborted) {
      this.gather();
      const batch = this.kept.batch();
      try {
        await this.#tell(batch, within(ANSWER_MS, signal));
        this.kept.done(batch);
        backoff.reset();
        this.#wait(false);
        if (this.kept.empty) await this.pause.wait(EVERY_MS * (0.9 + 0.2 * Math.random()), signal);
      } catch (error) {
        this.kept.failed(batch);
        if (signal.aborted) return;
        if (error instanceof Over) {
          this.dispatchEvent(new CustomEvent("over", { detail: error.status }));
          return;
        }
        this.#wait(true);
        const asked = error instanceof Away ? error.afterMs : 0;
        await this.pause.wait(Math.max(asked, backoff.next()), signal);
      }
    }
  }

  /**
   * @param {Batch} batch
   * @param {AbortSignal} signal
   */
  async #tell(batch, signal) {
    const sent = performance.now();
    const response = await fetch(this.url, { ...this.#request(batch), signal });
    if ([401, 403, 404, 410].includes(response.status)) throw new Over(response.status);
    // A report that the server cannot read would not be read the next time either.
    if (response.status === 422 || response.status === 400 || response.status === 413) return console.warn("report refused", response.status);
    if (!response.ok) throw new Away(1000 * Number(response.headers.get("Retry-After") ?? 0));
    const answered = performance.now();
    /** @type {Standing} */
    const standing = await response.json();
    this.clock.learn(sent, answered, Date.parse(standing.now));
    this.dispatchEvent(new CustomEvent("standing", { detail: standing }));
  }

  /** @param {Batch} batch */
  #request({ beats, marks }) {
    const body = {
      device: this.device,
      beats: beats.map(({ kind, from, to }) => ({ kind, started_at: time(from), ended_at: time(to) })),
      marks: marks.map(({ kind, at, prompt }) => ({ kind, at: time(at), prompt })),
    };
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" };
    return { method: "POST", headers, body: JSON.stringify(body), cache: /** @type {const} */ ("no-store") };
  }

  /** The page goes: sent without waiting; it stays kept too, as nobody is there to hear the answer. */
  leave() {
    if (this.stopped.signal.aborted) return;
    this.gather();
    if (this.kept.empty) return;
    const batch = { beats: this.kept.beats.slice(-100), marks: this.kept.marks.slice(0, 50) };
    const request = this.#request(batch);
    if (request.body.length > LAST_WORDS) return;
    fetch(this.url, { ...request, keepalive: true }).catch(() => {}); // the next page of this browser tells it again
  }

  /** @param {boolean} yes */
  #wait(yes) {
    if (this.waiting === yes) return;
    this.waiting = yes;
    this.dispatchEvent(new Event("waiting"));
  }
}

/** The seat is gone: nothing is taken from this page any more. */
class Over extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** The server or its database is away. */
class Away extends Error {
  /** @param {number} afterMs */
  constructor(afterMs) {
    super("away");
    this.afterMs = afterMs;
  }
}

/** @param {number} ms since 1970 */
function time(ms) {
  return new Date(ms).toISOString();
}
