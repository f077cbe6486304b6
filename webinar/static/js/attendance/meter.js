/**
 * What was watched, of what the player says each second and at each change. Media that plays counts, whether the window
 * has the focus or not. Pure.
 */

/**
 * @typedef {"live" | "replay"} Kind
 * @typedef {{kind: Kind, from: number, to: number}} Span ms
 * @typedef {{mono: number, state: "playing" | "trouble" | "stopped", kind: Kind, media: number}} Look `media`: the
 *   element's own time, s
 */

/** A connection lost for less than this was still attended: it is not the viewer's fault. */
export const GRACE_MS = 30_000;
/** Timers of a hidden page may rest for a minute: then the media's own clock tells whether it played on. */
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
    const done = last && look.mono - last.mono > GAP_MS ? this.#slept(last, look) : [];
    if (look.state === "stopped") return [...done, ...this.#close(this.troubled ?? look.mono)];
    const both = look.state === "playing" && last?.state === "playing";
    const still = both && look.media === last.media && look.mono - last.mono > 500;
    if (look.state === "trouble" || still) return [...done, ...this.#trouble(last?.mono ?? look.mono, look.mono)];
    return [...done, ...this.#plays(look)];
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
   * Nobody looked for a while.
   * @param {Look} last
   * @param {Look} look
   */
  #slept(last, look) {
    if (!this.open || this.troubled !== null) return [];
    const played = look.media - last.media >= (PLAYED * (look.mono - last.mono)) / 1000;
    return last.state === "playing" && played ? [] : this.#close(last.mono);
  }

  /** @param {number} at */
  #close(at) {
    const { open } = this;
    this.open = null;
    this.troubled = null;
    return open && at > open.from ? [{ ...open, to: at }] : [];
  }
}
