/**
 * Composes the program in a worker, frame by frame: the tab may be hidden or busy, its worker is neither.
 */

import { complete, paint } from "./painter.js";

/**
 * @typedef {import("./painter.js").Look} Look
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {"camera" | "screen"} Moving
 * @typedef {{type: "begin", width: number, height: number, look: Look, out: WritableStream<VideoFrame>}
 *   | {type: "source", name: Moving, frames: ReadableStream<VideoFrame> | null}
 *   | {type: "slide", picture: ImageBitmap | null}
 *   | {type: "holding", picture: ImageBitmap | null}
 *   | {type: "scene", scene: Scene | null, turn: number}} Order
 */

const FRAME_MS = 1000 / 30;
/** Frames of a camera come a little unevenly: one that is a few ms early is not one too many. */
const EARLY_MS = 8;
/** A picture that stands still is repeated: an encoder needs some repetitions to make it sharp, newcomers one to see it. */
const STILL_MS = 200;

class Composer {
  constructor() {
    /** @type {OffscreenCanvas | null} */
    this.canvas = null;
    /** @type {OffscreenCanvasRenderingContext2D | null} */
    this.on = null;
    /** @type {WritableStreamDefaultWriter<VideoFrame> | null} */
    this.out = null;
    /** @type {Look | null} */
    this.look = null;
    /** @type {Scene | null} nothing is wanted while there is none */
    this.scene = null;
    this.turn = 0;
    /** @type {Record<Moving, VideoFrame | null>} the newest of each; a camera has few to give away */
    this.frames = { camera: null, screen: null };
    /** @type {Record<Moving, ReadableStreamDefaultReader<VideoFrame> | null>} */
    this.readers = { camera: null, screen: null };
    /** @type {ImageBitmap | null} */
    this.slide = null;
    /** @type {ImageBitmap | null} */
    this.holding = null;
    this.stale = true;
    this.sentAt = 0;
    this.told = 0;
    /** Frames that the encoder had no time for. */
    this.dropped = 0;
    setInterval(() => this.#tick(), FRAME_MS);
  }

  /** @param {Order} order */
  take(order) {
    if (order.type === "begin") {
      this.canvas = new OffscreenCanvas(order.width, order.height);
      this.on = this.canvas.getContext("2d", { alpha: false });
      this.look = order.look;
      this.out = order.out.getWriter();
    } else if (order.type === "source") {
      void this.#read(order.name, order.frames);
    } else if (order.type === "slide") {
      this.slide?.close();
      this.slide = order.picture;
    } else if (order.type === "holding") {
      this.holding?.close();
      this.holding = order.picture;
    } else {
      this.scene = order.scene;
      this.turn = order.turn;
    }
    this.stale = true;
    if (order.type !== "source") this.#send();
  }

  /**
   * @param {Moving} name
   * @param {ReadableStream<VideoFrame> | null} stream
   */
  async #read(name, stream) {
    const before = this.readers[name];
    const reader = stream?.getReader() ?? null;
    this.readers[name] = reader;
    if (!stream) this.#keep(name, null);
    await before?.cancel();
    while (reader) {
      const { done, value } = await reader.read();
      if (this.readers[name] !== reader) return value?.close();
      if (done) return this.#keep(name, null);
      this.#keep(name, value);
      this.#came(name);
    }
  }

  /**
   * @param {Moving} name
   * @param {VideoFrame | null} frame
   */
  #keep(name, frame) {
    this.frames[name]?.close();
    this.frames[name] = frame;
  }

  /**
   * The camera sets the pace where it is seen: painted when it moved, and only then, nothing is shown twice or skipped.
   * @param {Moving} name
   */
  #came(name) {
    const { scene } = this;
    if (!scene) return;
    const camera = scene.layout !== "content";
    if (name === (camera ? "camera" : scene.content)) this.#send();
    else this.stale = true;
  }

  /** What the pace did not bring: the first frame of a scene, a screen that moved while the camera hangs, a still picture. */
  #tick() {
    const since = performance.now() - this.sentAt;
    if (since > STILL_MS || (this.stale && since > 2 * FRAME_MS)) this.#send();
  }

  #send() {
    const { scene, on, canvas, out, look } = this;
    if (!scene || !on || !canvas || !out || !look) return;
    const now = performance.now();
    if (now - this.sentAt < FRAME_MS - EARLY_MS && this.told === this.turn) return void (this.stale = true);
    const there = this.#pictures(scene);
    if (!complete(scene, there)) return;
    if ((out.desiredSize ?? 0) <= 0) return void (this.dropped += 1);
    paint(on, scene, there, look);
    this.stale = false;
    this.sentAt = now;
    const frame = new VideoFrame(canvas, { timestamp: Math.round(now * 1000), alpha: "discard" });
    // The other end is closed when the page goes: it has its own way to say so.
    out.write(frame).catch(() => frame.close());
    if (this.told === this.turn) return;
    this.told = this.turn;
    self.postMessage({ type: "shown", turn: this.turn });
  }

  /**
   * @param {Scene} scene
   * @returns {import("./painter.js").Pictures}
   */
  #pictures(scene) {
    const { slide, holding } = this;
    const bitmap = (/** @type {ImageBitmap | null} */ b) => b && { picture: b, width: b.width, height: b.height };
    return {
      camera: moving(this.frames.camera),
      content: scene.content === "screen" ? moving(this.frames.screen) : bitmap(slide),
      holding: bitmap(holding),
    };
  }
}

/**
 * @param {VideoFrame | null} frame
 * @returns {import("./painter.js").Picture | null}
 */
function moving(frame) {
  return frame && { picture: frame, width: frame.displayWidth, height: frame.displayHeight };
}

const composer = new Composer();
self.addEventListener("message", ({ data }) => composer.take(data));
