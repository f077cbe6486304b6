/**
 * The composed program: one track whatever is on it, so that a change of layout is a change of pixels and nothing else.
 *
 * Two engines. Where a page can hand a track's frames to a worker and take frames back (Chromium: `MediaStreamTrackProcessor`,
 * `MediaStreamTrackGenerator`), painting is done there and takes no time of the page's chat and buttons. Elsewhere (Firefox,
 * Safari) a canvas of the page is painted and captured. Both keep 30 frames a second in a hidden tab, whose own timers and
 * animation frames are slowed to one a second or none: cameras set the pace in the one, a worker's clock, which is not slowed,
 * in the other.
 */

/**
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {import("./painter.js").Look} Look
 * @typedef {{width: number, height: number, look: Look}} Wish
 * @typedef {{track: MediaStreamTrack, source(name: "camera" | "screen", track: MediaStreamTrack | null): void,
 *   slide(picture: ImageBitmap | null): void, holding(picture: ImageBitmap | null): void,
 *   scene(scene: Scene | null, turn: number): void, close(): void}} Engine
 */

import { PageEngine } from "./compose_page.js";
import { WorkerEngine } from "./compose_frames.js";

/** A source that gives no picture within this time is not waited for: the scene goes out without it as soon as it can. */
const PATIENCE_MS = 1500;

export class Compositor {
  /** @param {Wish} wish */
  constructor(wish) {
    this.turn = 0;
    /** @type {Map<number, () => void>} */
    this.waiting = new Map();
    const shown = (/** @type {number} */ turn) => this.#shown(turn);
    /** @type {Engine} */
    this.engine = WorkerEngine.possible() ? new WorkerEngine(wish, shown) : new PageEngine(wish, shown);
    /** @type {Record<"camera" | "screen", MediaStreamTrack | null>} */
    this.sources = { camera: null, screen: null };
  }

  /** @returns {MediaStreamTrack} the same for the compositor's whole life */
  get track() {
    return this.engine.track;
  }

  /** @param {ImageBitmap | null} picture the compositor's from now on */
  slide(picture) {
    this.engine.slide(picture);
  }

  /** @param {ImageBitmap | null} picture the host's own */
  holding(picture) {
    this.engine.holding(picture);
  }

  /**
   * Resolves when the first frame of the scene went out: who switches to the track then sees no old picture and no gap.
   * @param {Scene} scene
   * @param {MediaStreamTrack | null} camera
   * @param {MediaStreamTrack | null} screen
   */
  async show(scene, camera, screen) {
    const both = scene.layout === "side" || scene.layout === "corner";
    this.#source("camera", both ? camera : null);
    this.#source("screen", scene.layout !== "hold" && scene.content === "screen" ? screen : null);
    // Encoders spend their bits on what a hint names: text keeps its edges, a holding picture needs neither.
    this.track.contentHint = both ? "detail" : "text";
    this.turn += 1;
    const { turn } = this;
    const shown = new Promise((resolve) => this.waiting.set(turn, () => resolve(undefined)));
    this.engine.scene(scene, turn);
    await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    this.waiting.delete(turn);
  }

  /** Nothing composed is wanted now: the sources are given back, so that nothing is painted for nobody. */
  rest() {
    this.turn += 1;
    this.engine.scene(null, this.turn);
    this.#source("camera", null);
    this.#source("screen", null);
  }

  close() {
    this.engine.close();
  }

  /**
   * @param {"camera" | "screen"} name
   * @param {MediaStreamTrack | null} track
   */
  #source(name, track) {
    if (this.sources[name] === track) return;
    this.sources[name] = track;
    this.engine.source(name, track);
  }

  /** @param {number} turn */
  #shown(turn) {
    for (const [waiting, resolve] of this.waiting) if (waiting <= turn) resolve();
  }
}
