/**
 * Whether a WHEP session still shows something: pure, fed with what `getStats()` says. The program always has a picture
 * and sound (a holding picture when nobody sends), so anything that stands still is a fault.
 */

/** Standing still this long is said. */
export const STALLED_MS = 1000;
/** Sound comes, but no picture is decoded: this session will not mend itself. */
const FROZEN_MS = 2000;
/**
 * Nothing comes, and the server does not answer ICE's checks either: the way to it is gone. Browsers check a connection
 * that went quiet every few ms after 2.5 s, so that much has to pass before silence says anything.
 */
const SILENT_MS = 3500;
/** The same once there is another reason for doubt: a new live session, or a server that does not answer over HTTP. */
const DOUBTED_MS = 1200;
/** The server answers and has nothing to send: its source is being replaced. The same session goes on then, sooner than a new one. */
const HELD_MS = 12_000;
const DOUBT_LASTS_MS = 10_000;
/** The page did not run for so long: the machine slept, or the tab was frozen. */
const SLEPT_MS = 5000;

/**
 * Counters since the session began: decoded frames, bytes of video and of audio, answered ICE checks. `now` is steady and
 * may stand still while the machine sleeps, `wall` may jump; both in ms.
 * @typedef {{now: number, wall: number, frames: number, video: number, audio: number, checks: number}} Look
 */

export class Watchdog {
  constructor() {
    this.doubtUntil = -Infinity;
    this.seenAt = 0;
    this.heardAt = 0;
    /** @type {Look | null} */
    this.last = null;
    this.checksThen = 0;
  }

  /** @param {number} now */
  doubt(now) {
    this.doubtUntil = now + DOUBT_LASTS_MS;
  }

  /**
   * @param {Look} look
   * @param {boolean} blind no picture is asked for, or none is decoded because nobody sees the page
   * @returns {"" | "stalled" | "frozen" | "silent"} all is well, stands still, or why the session is of no use any more
   */
  look(look, blind) {
    const { now } = look;
    const before = this.last ?? look;
    if (!this.last) {
      // It plays from now on. How long it took to begin says nothing, least of all when there is doubt.
      this.seenAt = this.heardAt = now;
      this.checksThen = look.checks;
    }
    this.last = look;
    if (now - before.now > SLEPT_MS || look.wall - before.wall > SLEPT_MS) {
      // Nobody has looked meanwhile: it gets its time again, but not much of it.
      this.seenAt = this.heardAt = now;
      this.doubt(now);
    }
    const came = look.video !== before.video || look.audio !== before.audio;
    if (came) this.heardAt = now;
    if (blind ? came : look.frames !== before.frames) {
      this.seenAt = now;
      this.checksThen = look.checks;
      return "";
    }
    const still = now - this.seenAt;
    const quiet = now - this.heardAt;
    if (quiet < STALLED_MS && still >= FROZEN_MS) return "frozen";
    if (now < this.doubtUntil && quiet >= DOUBTED_MS) return "silent";
    if (quiet >= (look.checks > this.checksThen ? HELD_MS : SILENT_MS)) return "silent";
    return still >= STALLED_MS ? "stalled" : "";
  }
}
