/** Keeps a player over hls.js as far behind live as the playlist asks for: by its speed, after stalls, over jumps. */

import { Pace } from "./pace.js";

/** @typedef {import("../../vendor/hls.mjs").default} Hls */

/** A stall moves the player one part further away. So long without another one, it comes near again; each time later. */
const CALM_MS = 8000;
const CALM_MOST_MS = 120_000;

export class LiveEdge {
  /**
   * @param {HTMLVideoElement} video
   * @param {Hls} hls
   */
  constructor(video, hls) {
    this.video = video;
    this.hls = hls;
    this.pace = new Pace();
    /** @type {number | undefined} s behind live that the playlist asks for */
    this.wanted = undefined;
    /** What hls.js makes of that after stalls, s; and since when it has been so, ms. */
    this.target = 0;
    this.calmSince = 0;
    this.calmMs = CALM_MS;
  }

  /**
   * A look, a few times a second.
   * @param {number} now steady, ms
   * @param {number} behind s
   */
  keep(now, behind) {
    const { video, hls } = this;
    const target = hls.targetLatency;
    if (target === null || video.seeking) return;
    this.wanted ??= target;
    if (target !== this.target) [this.target, this.calmSince] = [target, now];
    if (target > this.wanted && now - this.calmSince > this.calmMs) {
      hls.targetLatency = this.wanted;
      this.calmMs = Math.min(2 * this.calmMs, CALM_MOST_MS);
    }
    const { buffered } = video;
    const ahead = buffered.length ? buffered.end(buffered.length - 1) - video.currentTime : 0;
    const { rate, jump } = this.pace.look({ now, behind, wanted: target, ahead });
    if (jump > 0) video.currentTime += jump;
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }
}
