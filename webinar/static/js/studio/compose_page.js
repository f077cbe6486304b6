/** The compositor's engine where frames cannot leave the page: a canvas that is painted on a worker's clock, and captured. */

import { complete, paint } from "./painter.js";

/** @typedef {import("./compositor.js").Wish} Wish */

const FRAME_MS = 1000 / 30;
/** What stands still is painted again so often, that there is a frame to send at all. */
const STILL_MS = 200;

export class PageEngine {
  /**
   * @param {Wish} wish
   * @param {(turn: number) => void} shown
   */
  constructor({ width, height, look }, shown) {
    this.look = look;
    this.shown = shown;
    this.canvas = Object.assign(document.createElement("canvas"), { width, height });
    const on = this.canvas.getContext("2d", { alpha: false });
    if (!on) throw new Error("this browser has no canvas");
    this.on = on;
    const [track] = this.canvas.captureStream(30).getVideoTracks();
    if (!track) throw new Error("this browser captures no canvas");
    this.track = track;
    /** @type {Record<"camera" | "screen", HTMLVideoElement>} */
    this.videos = { camera: player(), screen: player() };
    /** @type {import("./painter.js").Picture | null} */
    this.content = null;
    /** @type {import("./painter.js").Picture | null} */
    this.held = null;
    /** @type {import("./scene.js").Scene | null} */
    this.now = null;
    this.turn = 0;
    this.paintedAt = 0;
    this.ticker = new Worker(new URL("./ticker.js", import.meta.url), { type: "module", name: "ticker" });
    this.ticker.addEventListener("message", () => this.#tick());
    this.ticker.postMessage(FRAME_MS);
  }

  /**
   * @param {"camera" | "screen"} name
   * @param {MediaStreamTrack | null} track
   */
  source(name, track) {
    const video = this.videos[name];
    video.srcObject = track && new MediaStream([track]);
    if (track) video.play().catch(() => {}); // another source came meanwhile, and plays
  }

  /** @param {ImageBitmap | null} picture */
  slide(picture) {
    this.content = picture && { picture, width: picture.width, height: picture.height };
    this.paintedAt = 0;
  }

  /** @param {ImageBitmap | null} picture */
  holding(picture) {
    this.held = picture && { picture, width: picture.width, height: picture.height };
    this.paintedAt = 0;
  }

  /**
   * @param {import("./scene.js").Scene | null} scene
   * @param {number} turn
   */
  scene(scene, turn) {
    this.now = scene;
    this.turn = turn;
    this.paintedAt = 0;
  }

  close() {
    this.ticker.terminate();
    this.track.stop();
  }

  #tick() {
    const scene = this.now;
    if (!scene) return;
    const still = scene.layout === "hold" || (scene.layout === "content" && scene.content === "slides");
    if (still && performance.now() - this.paintedAt < STILL_MS) return;
    const content = scene.content === "screen" ? moving(this.videos.screen) : this.content;
    const there = { camera: moving(this.videos.camera), content, holding: this.held };
    if (!complete(scene, there)) return;
    paint(this.on, scene, there, this.look);
    this.paintedAt = performance.now();
    this.shown(this.turn);
  }
}

/** @returns {HTMLVideoElement} */
function player() {
  return Object.assign(document.createElement("video"), { muted: true, playsInline: true });
}

/**
 * @param {HTMLVideoElement} video
 * @returns {import("./painter.js").Picture | null}
 */
function moving(video) {
  const { videoWidth: width, videoHeight: height } = video;
  return video.srcObject && width ? { picture: video, width, height } : null;
}
