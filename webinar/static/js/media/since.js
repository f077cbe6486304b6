/** Since when the picture moves: for attendance, whose scripts come behind it and must not lose what came before them. */

/** A connection lost for less than this was still attended: it is not the viewer's fault. */
export const GRACE_MS = 30_000;

export class Since {
  /** @param {import("./player.js").Player} player */
  constructor(player) {
    this.player = player;
    /** @type {number | null} ms on the page's own clock; null while nothing plays */
    this.at = null;
    /** @type {number | null} */
    this.troubled = null;
    player.addEventListener("state", () => this.#look());
    for (const type of ["play", "pause"]) player.video.addEventListener(type, () => this.#look());
  }

  #look() {
    const now = performance.now();
    const { state, video } = this.player;
    const over = this.troubled !== null && now - this.troubled > GRACE_MS;
    if (state === "idle" || (state === "playing" && video.paused) || over) this.at = null;
    if (state !== "playing") {
      this.troubled ??= now;
      return;
    }
    this.troubled = null;
    if (!video.paused) this.at ??= now;
  }
}
