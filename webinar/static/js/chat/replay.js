/**
 * The chat of another moment, in step with a picture that is behind: which messages stood there then, and what must be
 * asked for to know it. Pure: times are given. History gives messages in their present state, so what was removed since
 * is not there.
 */

import { Thread, removes } from "./thread.js";

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("./thread.js").Line} Line */
/** @typedef {{until: string} | {after: number}} Wish */

/** The server gives this many at once. */
const PAGE = 100;
/** So long before they are needed the next ones are asked for. */
const AHEAD_MS = 20_000;
/** What the server does not have yet may come: asked again after this long. */
const AGAIN_MS = 15_000;
/** A lost answer is asked for again. */
const PATIENCE_MS = 8000;
/** More than so many in memory: the oldest go. */
const KEPT = 1000;

export class Replay {
  constructor() {
    /** @type {ChatEvent[]} in order, without a gap */
    this.events = [];
    this.begun = false;
    this.thread = new Thread();
    /** How many of `events` are in the thread. */
    this.shown = 0;
    this.moment = 0;
    /** No wish before this, ms of the caller's clock; and the wish that waits. */
    this.quietUntil = 0;
    /** @type {Wish | null} */
    this.asked = null;
  }

  /**
   * @param {number} moment ms since 1970 on the server's clock
   * @param {number} now ms of a steady clock
   * @returns {Wish | null} what to ask the server for
   */
  want(moment, now) {
    if (now < this.quietUntil) return null;
    const first = this.events[0];
    const last = this.events[this.events.length - 1];
    const early = first !== undefined && first.seq > 1 && moment < Date.parse(first.at);
    const far = last !== undefined && moment - Date.parse(last.at) > AHEAD_MS && this.events.length - this.shown > PAGE;
    /** @type {Wish | null} */
    let wish = null;
    if (!this.begun || early || far) wish = { until: new Date(moment).toISOString() };
    else if (!last || moment + AHEAD_MS > Date.parse(last.at)) wish = { after: last?.seq ?? 0 };
    if (!wish) return null;
    this.asked = wish;
    this.quietUntil = now + PATIENCE_MS;
    return wish;
  }

  /**
   * @param {{events: ChatEvent[], until?: string, after?: number} | null} answer null: refused for now
   * @param {number} now ms of the same clock
   */
  take(answer, now) {
    const { asked } = this;
    this.asked = null;
    if (!answer || !asked) return;
    if ("until" in asked) {
      if (answer.until === undefined) return;
      this.#begin(answer.events);
      this.quietUntil = 0;
    } else if (answer.after === asked.after) {
      this.events.push(...answer.events);
      this.quietUntil = answer.events.length < PAGE ? now + AGAIN_MS : 0;
      this.#bound();
    }
  }

  /** @param {ChatEvent[]} events */
  #begin(events) {
    this.begun = true;
    this.events = events;
    this.#rewind();
  }

  /** What was known counts no more. */
  clear() {
    this.begun = false;
    this.events = [];
    this.asked = null;
    this.quietUntil = 0;
    this.#rewind();
  }

  #rewind() {
    this.thread = new Thread();
    this.shown = 0;
  }

  #bound() {
    const over = Math.min(this.events.length - KEPT, this.shown);
    if (over <= 0) return;
    this.events.splice(0, over);
    this.shown -= over;
    this.thread.keep(KEPT);
  }

  /** What moderators do now counts for then, too. @param {ChatEvent[]} events */
  moderated(events) {
    const removed = events.filter((event) => event.type === "delete" || event.type === "delete_person");
    for (const one of removed) {
      for (const event of this.events) {
        const message = event.message ?? event; // let through, it stands in its approval
        if (removes(one, message.seq, message.from?.id)) [message.deleted, message.body] = [true, ""];
      }
    }
    return this.thread.take(removed).changed.length > 0;
  }

  /**
   * @param {number} moment
   * @returns {{fresh: Line[], again: boolean}} what has come since the last moment; `again`: all of it is to be shown anew
   */
  at(moment) {
    const again = moment < this.moment || this.shown === 0;
    if (moment < this.moment) this.#rewind();
    this.moment = moment;
    const begin = this.shown;
    while (this.shown < this.events.length && Date.parse(this.events[this.shown]?.at ?? "") <= moment) this.shown += 1;
    const { added } = this.thread.take(this.events.slice(begin, this.shown));
    return { fresh: added, again };
  }
}
