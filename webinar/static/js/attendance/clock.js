/**
 * The server's clock, read off this page's own monotonic one: many clocks in offices are minutes wrong, and some are set
 * while an event runs. Pure.
 */

/** A monotonic clock drifts from the server's by no more than this: a nearer reading of long ago gives way to a new one. */
const DRIFT = 1e-4;
/** Wall and monotonic clock disagree by more: the machine slept, or its clock was set. */
const JUMP_MS = 1500;

export class ServerClock {
  /**
   * @param {number} server ms since 1970, as the page was made
   * @param {number} mono ms, as it arrived
   * @param {number} error ms that lie between the two at most
   */
  constructor(server, mono, error) {
    this.ahead = server - mono;
    this.error = error;
    this.takenAt = mono;
    /** @type {number | null} wall minus monotonic clock, as last seen */
    this.wall = null;
    /** False after a jump, until the server has told its time again. */
    this.sure = true;
    /** By how much the last jump put the clock forward. */
    this.jump = 0;
  }

  /**
   * @param {number} mono
   * @returns {number} ms since 1970 by the server
   */
  at(mono) {
    return mono + this.ahead;
  }

  /**
   * @param {number} sent mono, of a question
   * @param {number} answered mono
   * @param {number} server the time in the answer
   */
  learn(sent, answered, server) {
    const error = (answered - sent) / 2;
    const aged = this.error + (answered - this.takenAt) * DRIFT;
    if (this.sure && error > aged) return;
    this.ahead = server - (sent + answered) / 2;
    this.error = error;
    this.takenAt = answered;
    this.sure = true;
  }

  /**
   * @param {number} mono
   * @param {number} wall `Date.now()`
   * @returns {boolean} whether time passed that the monotonic clock did not see, or the wall clock was set
   */
  jumped(mono, wall) {
    const before = this.wall;
    this.wall = wall - mono;
    if (before === null || Math.abs(this.wall - before) < JUMP_MS) return false;
    this.jump = this.wall - before;
    this.ahead += this.jump; // asleep for so long, in all likelihood; the next answer tells
    this.sure = false;
    return true;
  }
}
