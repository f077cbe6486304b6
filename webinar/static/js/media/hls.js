/**
 * One HLS session over hls.js, or over the browser's own player where there are no Media Source Extensions (iPhones
 * before iOS 17.1) and for the file of a replay: at the live edge, or anywhere in the whole event. It recovers what hls.js can recover; when the
 * picture stands still for long it ends.
 */

import { begin } from "./begin.js";
import { NoMedia } from "./signalling.js";
import { Backoff, sleep, within } from "./backoff.js";
import { cap } from "./cap.js";
import { LiveEdge } from "./edge.js";
import { hasMediaSource, loadHls, patient } from "./hls_library.js";
import { rungName } from "./ladder.js";
import { isFile } from "./source.js";
import { STALLED_MS } from "./watchdog.js";

/** @typedef {import("./player.js").Figures} Figures */
/** @typedef {import("../../vendor/hls.mjs").default} Hls */

const FIRST_FRAME_MS = 8000;
const STANDING_MS = 6000;
/** Who watches the past faster than it was has come this near to the present: the session ends. */
const EDGE_S = 5;
/** Nobody waits for the past in real time: a slow network gets longer. */
const STANDING_PAST_MS = 12_000;
/** The same once there is doubt whether the server is there at all. */
const DOUBTED_MS = 2500;
const DOUBT_MS = 10_000;
/** Further behind than this is not live any more: jump. The normal distance is PART-HOLD-BACK, about 1 s. */
const JUMP_S = 8;
/** The browser's own player is brought this near to the end of what it may seek in. */
const NATIVE_LAG_S = 2;
const LOOK_MS = 250;
/** The server's word that this is not shown any more: cut away, shut, or deleted. */
const GONE = 410;

export class HlsSession {
  /** @type {"hls"} */
  kind = "hls";

  /**
   * @param {HTMLVideoElement} video
   * @param {string} url
   * @param {{live?: boolean, at?: number, rate?: number, rendition?: string, whole?: string, resting?: string[]}}
   *   [options] `live: false` begins `at` s of the program and stays where the viewer goes; `rendition` by name, "" for
   *   what the network carries; `whole` is the multivariant playlist that `url` belongs to; `resting` as `avoid` has it
   */
  constructor(video, url, { live = true, at = 0, rate = 1, rendition = "", whole = url, resting = [] } = {}) {
    this.video = video;
    this.url = url;
    this.live = live;
    this.at = at;
    this.rate = rate;
    this.rendition = rendition;
    this.whole = whole;
    this.resting = resting;
    /** It stands still: told by `onstall`, which the player sets. */
    this.stalled = false;
    this.onstall = () => {};
    /** @type {Hls | null} */
    this.hls = null;
    this.stop = new AbortController();
    this.backoff = new Backoff(400, 4000);
    this.mendedAt = -Infinity;
    this.doubtUntil = 0;
    /** @type {LiveEdge | null} */
    this.edge = null;
    /** @type {(reason: string) => void} */
    this.end = () => {};
    /** @type {Promise<string>} why it ended: "lost", "standing", "edge", "finished", "closed" */
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
    const file = isFile(this.url);
    const Hls = hasMediaSource() && !file ? await loadHls(signal) : null;
    signal.throwIfAborted();
    this.video.srcObject = null;
    const playing = this.#moves(signal);
    playing.catch(() => {}); // it is awaited below; attaching may throw first
    if (Hls?.isSupported()) this.#attach(Hls);
    else if (file || this.video.canPlayType("application/vnd.apple.mpegurl")) this.#native();
    else throw new NoMedia("this browser plays neither Media Source Extensions nor HLS");
    begin(this.video);
    await playing;
    this.video.playbackRate = this.rate;
    void this.#watch();
  }

  /** There is doubt whether anything still comes: do not wait long if the picture stands still. */
  hurry() {
    this.doubtUntil = performance.now() + DOUBT_MS;
  }

  /**
   * @param {string} rendition by name, "" for what the network carries
   * @returns {Promise<boolean>} whether it could be chosen
   */
  async choose(rendition) {
    if (!this.hls) return false;
    const level = this.#level(rendition);
    if (rendition && level < 0) return false;
    this.rendition = rendition;
    this.hls.nextLevel = level;
    return true;
  }

  /**
   * Renditions that have few pictures just now: who may choose takes a lower one meanwhile.
   * @param {string[]} resting by name
   */
  avoid(resting) {
    this.resting = resting;
    this.#cap();
  }

  #cap() {
    const { hls, video } = this;
    if (!hls) return;
    const levels = hls.levels.map(({ uri, width, height }) => ({ name: rungName(uri), width, height }));
    const pixels = window.devicePixelRatio || 1;
    const shown = { width: video.clientWidth * pixels, height: video.clientHeight * pixels };
    const most = cap(levels, shown, this.live ? this.resting : []);
    const before = hls.autoLevelCapping;
    if (most === before) return;
    hls.autoLevelCapping = most;
    // A larger picture is not shown the small one for as long as was loaded. Live that is a second: nothing to throw away.
    if (!this.live && before >= 0 && most > before && hls.autoLevelEnabled) hls.nextLevel = -1;
  }

  /** @param {string} rendition */
  #level(rendition) {
    return this.hls?.levels.findIndex((level) => rungName(level.uri) === rendition) ?? -1;
  }

  /** Seconds of the program that can be watched so far; 0 before that is known. */
  get length() {
    const { seekable } = this.video;
    return seekable.length ? seekable.end(seekable.length - 1) : 0;
  }

  /** @param {number} at s of the program */
  seek(at) {
    this.at = at;
    this.video.currentTime = at;
  }

  /** The newest moment that can be played, for "back to live" after a pause. */
  toLive() {
    const edge = this.hls ? this.hls.liveSyncPosition : this.length - NATIVE_LAG_S;
    if (this.live && edge && edge > 0) this.video.currentTime = edge;
  }

  /** @param {typeof import("../../vendor/hls.mjs").default} Hls */
  #attach(Hls) {
    const hls = new Hls({
      lowLatencyMode: this.live,
      startPosition: this.live ? -1 : this.at,
      // The distance from live is the playlist's PART-HOLD-BACK. We keep to it ourselves: pace.js.
      maxLiveSyncPlaybackRate: 1,
      // By default a stall takes the player a whole second away, and for good.
      liveSyncOnStallIncrease: 0.35,
      backBufferLength: 30,
      maxBufferLength: this.live ? 10 : 30,
      // The ladder's top rung wants 2 Mbit/s: most can, and who cannot is moved down by the first part. So no segment is
      // fetched beforehand as a test of the network: the time it takes would be time behind live.
      abrEwmaDefaultEstimate: 3_000_000,
      testBandwidth: false,
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
      playlistLoadPolicy: patient(Hls.DefaultConfig.playlistLoadPolicy),
      fragLoadPolicy: patient(Hls.DefaultConfig.fragLoadPolicy),
    });
    hls.once(Hls.Events.MANIFEST_PARSED, () => {
      this.#cap();
      const level = this.#level(this.rendition);
      if (level >= 0) hls.nextLevel = level;
    });
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (data.response?.code === GONE) return this.end("lost"); // what is loaded already is not for them either
      if (!data.fatal) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && performance.now() - this.mendedAt > 5000) {
        this.mendedAt = performance.now();
        hls.recoverMediaError();
      } else if (data.type === Hls.ErrorTypes.NETWORK_ERROR && hls.levels.length && this.backoff.attempt < 4) {
        sleep(this.backoff.next(), this.stop.signal).then(() => hls.startLoad(this.live ? -1 : this.at), () => {});
      } else {
        this.end("lost");
      }
    });
    hls.on(Hls.Events.MEDIA_ATTACHED, () => (this.video.playbackRate = this.rate)); // mending has made it 1
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.backoff.reset());
    this.hls = hls;
    if (this.live) this.edge = new LiveEdge(this.video, hls);
    hls.loadSource(this.url);
    hls.attachMedia(this.video);
  }

  #native() {
    const { video } = this;
    video.src = this.url;
    const begin = () => this.seek(this.at);
    if (!this.live) video.addEventListener("loadedmetadata", begin, { once: true, signal: this.stop.signal });
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
      this.at = at;
      const patience = now < this.doubtUntil ? DOUBTED_MS : this.live ? STANDING_MS : STANDING_PAST_MS;
      if (now - movedAt > patience && !video.ended) return this.end("standing");
      if (this.stalled !== now - movedAt > STALLED_MS) {
        this.stalled = !this.stalled;
        this.onstall();
      }
      this.#read();
      this.#cap();
      const behind = this.figures.behindS;
      if (this.live && !video.paused && behind !== null && behind > JUMP_S) this.toLive();
      if (!video.paused && behind !== null) this.edge?.keep(now, behind);
      if (!this.live && this.rate > 1 && this.#growing && behind !== null && behind < EDGE_S) return this.end("edge");
      await sleep(LOOK_MS, this.stop.signal).catch(() => {});
    }
  }

  #read() {
    const quality = this.video.getVideoPlaybackQuality?.();
    this.figures = {
      height: this.video.videoHeight,
      fps: 0,
      behindS: this.#behind(),
      frozen: 0,
      lost: quality?.droppedVideoFrames ?? 0,
    };
  }

  /** The event goes on: there will be more than the playlist has now. */
  get #growing() {
    if (!this.hls) return this.video.duration === Infinity;
    return this.hls.latestLevelDetails?.live ?? false;
  }

  /** @returns {number | null} s behind the newest moment; null when it is not known */
  #behind() {
    if (this.hls) return this.hls.latency > 0 ? this.hls.latency : null;
    return this.length > 0 ? Math.max(0, this.length - this.video.currentTime) : null;
  }

  close() {
    if (this.stop.signal.aborted) return;
    this.stop.abort();
    this.video.playbackRate = 1;
    this.end("closed");
    if (this.hls) {
      this.hls.destroy();
    } else if (this.video.hasAttribute("src")) {
      this.video.removeAttribute("src");
      this.video.load(); // without it the browser goes on fetching
    }
    this.hls = null;
  }
}
