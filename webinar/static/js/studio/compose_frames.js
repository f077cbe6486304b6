/** The compositor's engine where frames can be handed to a worker. */

/** @typedef {import("./compositor.js").Wish} Wish */

export class WorkerEngine {
  /** @returns {boolean} */
  static possible() {
    return "MediaStreamTrackProcessor" in globalThis && "MediaStreamTrackGenerator" in globalThis;
  }

  /**
   * @param {Wish} wish
   * @param {(turn: number) => void} shown
   */
  constructor(wish, shown) {
    this.worker = new Worker(new URL("./compose_worker.js", import.meta.url), { type: "module", name: "program" });
    const generator = new /** @type {any} */ (globalThis).MediaStreamTrackGenerator({ kind: "video" });
    /** @type {MediaStreamTrack} */
    this.track = generator;
    this.worker.addEventListener("message", ({ data }) => shown(data.turn));
    this.worker.postMessage({ type: "begin", ...wish, out: generator.writable }, [generator.writable]);
  }

  /**
   * @param {"camera" | "screen"} name
   * @param {MediaStreamTrack | null} track
   */
  source(name, track) {
    if (!track) return this.worker.postMessage({ type: "source", name, frames: null });
    // The newest frame is the only one of interest.
    const { readable } = new /** @type {any} */ (globalThis).MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
    this.worker.postMessage({ type: "source", name, frames: readable }, [readable]);
  }

  /** @param {ImageBitmap | null} picture */
  slide(picture) {
    this.worker.postMessage({ type: "slide", picture }, picture ? [picture] : []);
  }

  /** @param {ImageBitmap | null} picture */
  holding(picture) {
    this.worker.postMessage({ type: "holding", picture }, picture ? [picture] : []);
  }

  /**
   * @param {import("./scene.js").Scene | null} scene
   * @param {number} turn
   */
  scene(scene, turn) {
    this.worker.postMessage({ type: "scene", scene, turn });
  }

  close() {
    this.track.stop();
    this.worker.terminate();
  }
}
