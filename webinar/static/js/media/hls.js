/**
 * One LL-HLS session over hls.js, or over the browser's own player where there are no Media Source Extensions
 * (iPhones before iOS 17.1). It recovers what hls.js can recover; when the picture stands still for long it ends.
 */

import { NoMedia } from "./signalling.js";
import { Backoff, sleep, within } from "./backoff.js";

/** @typedef {import("./player.js").Figures} Figures */
/** @typedef {import("../../vendor/hls.mjs").default} Hls */

const FIRST_FRAME_MS = 8000;
const STANDING_MS = 6000;
/** The same once there is doubt whether the server is there at all. */
const DOUBTED_MS = 2500;
const DOUBT_MS = 10_000;
/** Further behind than this is not live any more: jump. The normal distance is PART-HOLD-BACK, 1.5 s. */
const JUMP_S = 8;

/**
 * hls.js is fetched when it is needed: who plays over WebRTC never loads it. The minified file is half the module's size,
 * and is no module: it leaves its class at the global object.
 * @returns {Promise<typeof import("../../vendor/hls.mjs").default>}
 */
export async function loadHls() {
  await import(new URL("../../vendor/hls.min.js", import.meta.url).href);
  return /** @type {any} */ (globalThis).Hls;
}

export class HlsSession {
  /** @type {"hls"} */
  kind = "hls";

  /**
   * @param {HTMLVideoElement} video
   * @param {string} url
   * @param {{live?: boolean}} [options] `live: false` is a replay: from the start, never jumping
   */
  constructor(video, url, { live = true } = {}) {
    this.video = video;
    this.url = url;
    this.live = live;
    /** @type {Hls | null} */
    this.hls = null;
    this.stop = new AbortController();
    this.backoff = new Backoff(400, 4000);
    this.mendedAt = -Infinity;
    this.doubtUntil = 0;
    /** @type {(reason: string) => void} */
    this.end = () => {};
    /** @type {Promise<string>} why it ended: "lost", "standing", "finished", "closed" */
    this.ended = new Promise((resolve) => (this.end = resolve));
    /** @type {Figures} */
    this.figures = { height: 0, fps: 0, behindS: null, frozen: 0, lost: 0 };
  }

  /**
   * Resolves when the picture moves.
   * @param {AbortSignal} signal
   * @throws {NoMedia}
   */
  async start(signal) {
    const Hls = await loadHls();
    signal.throwIfAborted();
    this.video.srcObject = null;
    const playing = this.#moves(signal);
    playing.catch(() => {}); // it is awaited below; attaching may throw first
    if (Hls.isSupported()) this.#attach(Hls);
    else if (this.video.canPlayType("application/vnd.apple.mpegurl")) this.video.src = this.url;
    else throw new NoMedia("this browser plays neither Media Source Extensions nor HLS");
    this.video.play().catch(() => {});
    await playing;
    void this.#watch();
  }

  /** There is doubt whether anything still comes: do not wait long if the picture stands still. */
  hurry() {
    this.doubtUntil = performance.now() + DOUBT_MS;
  }

  /** @returns {{id: number, label: string}[]} qualities to choose from, best first */
  get levels() {
    const levels = this.hls?.levels ?? [];
    return levels.map((level, id) => ({ id, label: `${level.height}p` })).reverse();
  }

  /** @param {number} id -1 for automatic */
  choose(id) {
    if (this.hls) this.hls.nextLevel = id;
  }

  /** The newest moment that can be played, for "back to live" after a pause. */
  toLive() {
    const edge = this.hls?.liveSyncPosition;
    if (this.live && edge) this.video.currentTime = edge;
  }

  /** @param {typeof import("../../vendor/hls.mjs").default} Hls */
  #attach(Hls) {
    const hls = new Hls({
      lowLatencyMode: this.live,
      // The distance from live is the playlist's PART-HOLD-BACK; drift is caught up too gently to hear.
      maxLiveSyncPlaybackRate: 1.1,
      backBufferLength: 30,
      maxBufferLength: this.live ? 10 : 30,
      capLevelToPlayerSize: true,
      // The ladder's top rung wants 2 Mbit/s: most can, and who cannot is moved down by the first part.
      abrEwmaDefaultEstimate: 3_000_000,
      // fMP4 is passed through as it is: nothing to do for a worker.
      enableWorker: false,
      manifestLoadPolicy: {
        default: {
          maxTimeToFirstByteMs: 4000,
          maxLoadTimeMs: 6000,
          timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
          errorRetry: { maxNumRetry: 1, retryDelayMs: 300, maxRetryDelayMs: 1000 },
        },
      },
    });
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && performance.now() - this.mendedAt > 5000) {
        this.mendedAt = performance.now();
        hls.recoverMediaError();
      } else if (data.type === Hls.ErrorTypes.NETWORK_ERROR && hls.levels.length && this.backoff.attempt < 4) {
        sleep(this.backoff.next(), this.stop.signal).then(() => hls.startLoad(-1), () => {});
      } else {
        this.end("lost");
      }
    });
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.backoff.reset());
    this.hls = hls;
    hls.loadSource(this.url);
    hls.attachMedia(this.video);
  }

  /** @param {AbortSignal} signal */
  async #moves(signal) {
    const limit = within(FIRST_FRAME_MS, signal);
    /** @type {Promise<never>} */
    const given_up = new Promise((_resolve, reject) => {
      const stop = () => reject(signal.aborted ? signal.reason : new NoMedia("no picture over HLS"));
      limit.addEventListener("abort", stop, { once: true });
      this.ended.then((reason) => reject(new NoMedia(`HLS: ${reason}`)));
    });
    const seen = new Promise((resolve) => {
      this.video.addEventListener("loadeddata", resolve, { once: true, signal: limit });
    });
    await Promise.race([seen, given_up]);
  }

  async #watch() {
    const video = this.video;
    video.addEventListener("ended", () => this.end("finished"), { once: true, signal: this.stop.signal });
    let at = video.currentTime;
    let movedAt = performance.now();
    let lastLook = movedAt;
    while (!this.stop.signal.aborted) {
      const now = performance.now();
      if (now - lastLook > 5000) movedAt = now;
      lastLook = now;
      if (video.currentTime !== at || video.paused) {
        at = video.currentTime;
        movedAt = now;
      }
      if (now - movedAt > (now < this.doubtUntil ? DOUBTED_MS : STANDING_MS) && !video.ended) return this.end("standing");
      this.#read();
      const behind = this.figures.behindS;
      if (this.live && !video.paused && behind !== null && behind > JUMP_S) this.toLive();
      await sleep(500, this.stop.signal).catch(() => {});
    }
  }

  #read() {
    const quality = this.video.getVideoPlaybackQuality?.();
    this.figures = {
      height: this.video.videoHeight,
      fps: 0,
      behindS: this.live && this.hls && this.hls.latency > 0 ? this.hls.latency : null,
      frozen: 0,
      lost: quality?.droppedVideoFrames ?? 0,
    };
  }

  close() {
    if (this.stop.signal.aborted) return;
    this.stop.abort();
    this.end("closed");
    if (this.hls) this.hls.destroy();
    else this.video.removeAttribute("src");
    this.hls = null;
  }
}
