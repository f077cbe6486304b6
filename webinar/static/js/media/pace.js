/**
 * How fast a player at the live edge of LL-HLS runs, so that it stays where the playlist wants it: pure.
 *
 * hls.js's own control asks for more than a second of loaded media before it hurries; with parts of a third of a second
 * and a hold-back of one there never is that much, so it would stay wherever a slow start or a stall has left it.
 */

/** Nearer than this to the wanted place is there. */
const THERE_S = 0.04;
/** Further than this from it: hurry. */
const LATE_S = 0.15;
/** With less than this loaded, hurrying ends in a stall: a part and some. */
const ENOUGH_S = 0.5;
/** With so little loaded, the next part may come too late: a little slower until it is there. */
const SCARCE_S = 0.12;
/** The most that nobody hears. */
const FASTEST = 1.1;
const SLOWER = 0.97;
/** Further away than this it is made up by a jump, over what is loaded anyway, of at least `JUMP_MIN_S`. */
const FAR_S = 1.2;
const JUMP_MIN_S = 0.5;
const JUMP_EVERY_MS = 10_000;
/** What must still be loaded after a jump. */
const AFTER_JUMP_S = 0.8;
/**
 * At the start, what loading took is time behind live, and most viewers hear nothing yet: it is made up by a jump as soon
 * as there is something loaded to jump over. Somewhat less must be left: where the playlist wants the player to be, it
 * has between two parts and three.
 */
const START_MS = 6000;
const START_FAR_S = 0.3;
const START_MIN_S = 0.2;
const START_EVERY_MS = 1500;
const AFTER_START_S = 0.6;

/** `behind`: the newest moment there is; `wanted`: as far behind it should be; `ahead`: loaded and not shown yet. All s.
 * @typedef {{now: number, behind: number, wanted: number, ahead: number}} Place
 */

export class Pace {
  constructor() {
    this.rate = 1;
    this.jumpedAt = -Infinity;
    /** Of the first look. @type {number | undefined} */
    this.begunAt = undefined;
  }

  /**
   * @param {Place} place `now` in ms, steady
   * @returns {{rate: number, jump: number}} the playback rate, and seconds to skip now (0: none)
   */
  look({ now, behind, wanted, ahead }) {
    const late = behind - wanted;
    const jump = this.#jump(now, late, ahead);
    if (jump > 0) {
      this.jumpedAt = now;
      this.rate = 1;
      return { rate: 1, jump };
    }
    if (ahead < SCARCE_S) this.rate = SLOWER;
    else if (ahead < ENOUGH_S || late < THERE_S) this.rate = 1;
    else if (late > LATE_S || this.rate > 1) this.rate = Math.min(FASTEST, 1.03 + Math.round(late * 10) / 100);
    else this.rate = 1;
    return { rate: this.rate, jump: 0 };
  }

  /**
   * @param {number} now
   * @param {number} late s further from live than wanted
   * @param {number} ahead
   * @returns {number} s to skip
   */
  #jump(now, late, ahead) {
    this.begunAt ??= now;
    const starting = now - this.begunAt < START_MS;
    if (now - this.jumpedAt < (starting ? START_EVERY_MS : JUMP_EVERY_MS)) return 0;
    if (late <= (starting ? START_FAR_S : FAR_S)) return 0;
    const jump = Math.min(late, ahead - (starting ? AFTER_START_S : AFTER_JUMP_S));
    return jump >= (starting ? START_MIN_S : JUMP_MIN_S) ? jump : 0;
  }
}
