/**
 * One WHEP session: a peer connection that receives the program, from the offer to the moment it is lost.
 * It never restarts itself; `player.js` opens a new one.
 */

import { NoMedia, connected, exchange, leave, pin, reached } from "./signalling.js";
import { begin } from "./begin.js";
import { AUDIO } from "./ladder.js";
import { sleep } from "./backoff.js";
import { Watchdog } from "./watchdog.js";

/** @typedef {import("./player.js").Figures} Figures */

const ANSWER_MS = 2500;
/** ICE's checks take a round trip or two: without an answer by then, UDP does not come through. */
const CHECKED_MS = 1300;
const CONNECT_MS = 2500;
const FIRST_FRAME_MS = 2500;
/** ICE may go "disconnected" for a moment on a busy Wi-Fi; longer than this is a loss. */
const DISCONNECTED_MS = 2000;
const LOOK_EVERY_MS = 300;

export class WhepSession {
  /** @type {"whep"} */
  kind = "whep";

  /**
   * @param {HTMLVideoElement} video
   * @param {string} url
   * @param {string} token
   */
  constructor(video, url, token) {
    this.video = video;
    this.url = url;
    this.token = token;
    this.resource = "";
    this.rendition = "";
    this.watchdog = new Watchdog();
    /** It stands still: told by `onstall`, which the player sets. */
    this.stalled = false;
    this.onstall = () => {};
    /** @type {RTCPeerConnection} */
    this.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.stop = new AbortController();
    /** @type {(reason: string) => void} */
    this.end = () => {};
    /** @type {Promise<string>} why it ended: "failed", "disconnected", "frozen", "silent", "left", "closed" */
    this.ended = new Promise((resolve) => (this.end = resolve));
    /** @type {Figures} */
    this.figures = { height: 0, fps: 0, behindS: null, frozen: 0, lost: 0 };
  }

  /**
   * Resolves when the first frame was decoded.
   * @param {AbortSignal} signal
   * @throws {import("./signalling.js").Refused | import("./signalling.js").Unreachable | NoMedia}
   */
  async start(signal) {
    const pc = this.pc;
    const tracks = new MediaStream();
    pc.addTransceiver("video", { direction: "recvonly" });
    pc.addTransceiver("audio", { direction: "recvonly" });
    pc.addEventListener("track", ({ track }) => tracks.addTrack(track));
    const offer = await pc.createOffer();
    // Chromium decodes Opus to mono unless our own description asks for stereo (RFC 7587, 7.1).
    const sdp = (offer.sdp ?? "").replace(/(a=fmtp:\d+ minptime=10;useinbandfec=1)(?!;stereo)/g, "$1;stereo=1");
    await pc.setLocalDescription({ type: "offer", sdp });
    // No candidates are awaited: the server is ICE-lite and learns ours from our checks.
    const answer = await exchange({ url: this.url, token: this.token, sdp, timeoutMs: ANSWER_MS, signal });
    this.resource = answer.resource;
    await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await reached(pc, CHECKED_MS, signal);
    await connected(pc, CONNECT_MS, signal);
    this.video.srcObject = tracks;
    begin(this.video);
    await this.#firstFrame(signal);
    // The server hangs up when the seat is taken back or the event is over: known at once, not by silence.
    const transport = pc.getReceivers()[0]?.transport;
    transport?.addEventListener("statechange", () => transport.state === "closed" && this.end("left"));
    void this.#watch();
  }

  /** There is doubt whether anything still comes: do not wait long if this session has gone quiet. */
  hurry() {
    this.watchdog.doubt(performance.now());
  }

  /**
   * @param {string} rendition by name, "audio" for the sound alone, "" for what the network carries
   * @returns {Promise<boolean>} whether the server does so; not, when the session or the rendition is gone
   */
  async choose(rendition) {
    if (rendition === this.rendition) return true;
    if (!(await pin(this.resource, this.token, rendition, this.stop.signal))) return false;
    this.rendition = rendition;
    return true;
  }

  /** @param {AbortSignal} signal */
  async #firstFrame(signal) {
    const until = performance.now() + FIRST_FRAME_MS;
    while (performance.now() < until) {
      const video = inbound(await this.pc.getStats(), "video");
      if (video && (video.framesDecoded ?? 0) > 0) return;
      await sleep(60, signal);
    }
    throw new NoMedia(`no picture within ${FIRST_FRAME_MS} ms of the connection`);
  }

  /** Looks a few times a second, and says when it stands still or is lost. */
  async #watch() {
    let unwellAt = 0;
    while (!this.stop.signal.aborted) {
      const stats = await this.pc.getStats();
      const now = performance.now();
      this.figures = read(stats, this.figures);
      const state = this.pc.connectionState;
      if (state === "failed" || state === "closed") return this.end("failed");
      if (state !== "disconnected") unwellAt = 0;
      else if (!unwellAt) unwellAt = now;
      else if (now - unwellAt > DISCONNECTED_MS) return this.end("disconnected");
      const blind = document.hidden || this.rendition === AUDIO;
      const verdict = this.watchdog.look(counters(stats, now), blind);
      if (verdict === "frozen" || verdict === "silent") return this.end(verdict);
      if (this.stalled !== (verdict === "stalled")) {
        this.stalled = !this.stalled;
        this.onstall();
      }
      await sleep(LOOK_EVERY_MS, this.stop.signal).catch(() => {});
    }
    this.end("closed");
  }

  close() {
    if (this.stop.signal.aborted) return;
    this.stop.abort();
    leave(this.resource, this.token);
    this.pc.close();
    this.end("closed");
  }
}

/**
 * @param {RTCStatsReport} stats
 * @param {string} kind
 * @returns {any} the RTCInboundRtpStreamStats, or null
 */
function inbound(stats, kind) {
  for (const report of stats.values()) {
    if (report.type === "inbound-rtp" && report.kind === kind) return report;
  }
  return null;
}

/**
 * @param {RTCStatsReport} stats
 * @param {number} now
 * @returns {import("./watchdog.js").Look}
 */
function counters(stats, now) {
  const video = inbound(stats, "video");
  let checks = 0;
  for (const report of stats.values()) {
    if (report.type === "candidate-pair") checks += report.responsesReceived ?? 0;
  }
  return {
    now,
    wall: Date.now(),
    frames: video?.framesDecoded ?? 0,
    video: video?.bytesReceived ?? 0,
    audio: inbound(stats, "audio")?.bytesReceived ?? 0,
    checks,
  };
}

/**
 * @param {RTCStatsReport} stats
 * @param {Figures} before
 * @returns {Figures}
 */
function read(stats, before) {
  const video = inbound(stats, "video");
  if (!video) return before;
  let rttS = 0;
  for (const report of stats.values()) {
    if (report.type === "candidate-pair" && report.nominated) rttS = report.currentRoundTripTime ?? 0;
  }
  const emitted = video.jitterBufferEmittedCount ?? 0;
  const bufferedS = emitted ? (video.jitterBufferDelay ?? 0) / emitted : 0;
  return {
    height: video.frameHeight ?? 0,
    fps: video.framesPerSecond ?? 0,
    behindS: bufferedS + rttS / 2,
    frozen: video.freezeCount ?? 0,
    lost: video.packetsLost ?? 0,
  };
}
