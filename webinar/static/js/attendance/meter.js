/**
 * What was watched, of what the player says each second and at each change. Media that plays counts, whether the window
 * has the focus or not. Pure.
 */

import { GRACE_MS } from "../media/since.js";

/**
 * @typedef {"live" | "replay"} Kind
 * @typedef {{kind: Kind, from: number, to: number}} Span ms
 * @typedef {{length: number, start: (n: number) => number, end: (n: number) => number}} Ranges
 * @typedef {{mono: number, state: "playing" | "trouble" | "stopped", kind: Kind, media: number, played?: Ranges | null,
 *   rate?: number}} Look `media`: the element's own time, s; `played`: what of it was really played, null where nothing
 *   can be skipped; `rate`: how fast
 */

/** Timers rest, of a hidden page for a minute, of a busy one for seconds: then the media's own clock tells what played on. */
const GAP_MS = 5000;
const PLAYED = 0.8;

export class Meter {
  constructor() {
    /** @type {Span | null} being watched */
    this.open = null;
    /** @type {number | null} since when nothing comes though it should */
    this.troubled = null;
    /** @type {Look | null} */
    this.last = null;
  }

  /**
   * @param {Look} look
   * @returns {Span[]} what has come to its end
   */
  look(look) {
    const { last } = this;
    this.last = look;
    if (last && look.mono - last.mono > GAP_MS) this.#rested(last, look);
    if (look.state === "stopped") return this.#close(this.troubled ?? look.mono);
    const both = look.state === "playing" && last?.state === "playing";
    const still = both && look.media === last.media && look.mono - last.mono > 500;
    if (look.state === "trouble" || still) return this.#trouble(last?.mono ?? look.mono, look.mono);
    return this.#plays(look);
  }

  /**
   * It has played for a while already, as nobody looked yet.
   * @param {Look} look
   * @param {number} since mono
   */
  begin(look, since) {
    this.open = { kind: look.kind, from: since, to: look.mono };
    this.last = look;
  }

  /**
   * What is open so far, as a span of its own; it goes on from there.
   * @returns {Span[]}
   */
  cut() {
    if (!this.open || this.troubled !== null || this.open.to <= this.open.from) return [];
    const { kind, from, to } = this.open;
    this.open = { kind, from: to, to };
    return [{ kind, from, to }];
  }

  /** @returns {Span[]} what is open ends where it was last seen: the clock jumped, or the page goes */
  end() {
    this.last = null;
    return this.open ? this.#close(this.troubled ?? this.open.to) : [];
  }

  /** @param {Look} look */
  #plays({ mono, kind }) {
    const done = [];
    if (this.open && this.open.kind !== kind) done.push(...this.#close(this.troubled ?? mono));
    if (this.troubled !== null && mono - this.troubled > GRACE_MS) done.push(...this.#close(this.troubled));
    this.troubled = null;
    if (this.open) this.open.to = mono;
    else this.open = { kind, from: mono, to: mono };
    return done;
  }

  /**
   * @param {number} since
   * @param {number} mono
   */
  #trouble(since, mono) {
    if (!this.open) return [];
    this.troubled ??= since;
    return mono - this.troubled > GRACE_MS ? this.#close(this.troubled) : [];
  }

  /**
   * Nobody looked for a while. What the media played meanwhile was watched; the rest is as if nothing had come.
   * @param {Look} last
   * @param {Look} look
   */
  #rested(last, look) {
    if (!this.open || this.troubled !== null) return;
    const gap = look.mono - last.mono;
    const ran = Math.min(gap, (1000 * covered(look.played ?? null, last.media, look.media)) / (look.rate || 1));
    if (look.state !== "playing" || ran < PLAYED * gap) this.troubled = last.mono + ran;
  }

  /** @param {number} at */
  #close(at) {
    const { open } = this;
    this.open = null;
    this.troubled = null;
    return open && at > open.from ? [{ ...open, to: at }] : [];
  }
}

/**
 * @param {Ranges | null} played
 * @param {number} from s
 * @param {number} to s
 * @returns {number} s of the media between the two that were played: not what a leap to the present left out
 */
function covered(played, from, to) {
  if (played === null) return Math.max(0, to - from);
  let sum = 0;
  for (let n = 0; n < played.length; n += 1) {
    sum += Math.max(0, Math.min(to, played.end(n)) - Math.max(from, played.start(n)));
  }
  return sum;
}
