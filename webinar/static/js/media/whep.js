/**
 * One WHEP session: a peer connection that receives the program, from the offer to the moment it is lost.
 * It never restarts itself; `player.js` opens a new one.
 */

import { NoMedia, connected, exchange, leave, reached } from "./signalling.js";
import { sleep } from "./backoff.js";

/** @typedef {import("./player.js").Figures} Figures */

const ANSWER_MS = 2500;
/** ICE's checks take a round trip or two: without an answer by then, UDP does not come through. */
const CHECKED_MS = 1300;
const CONNECT_MS = 2500;
const FIRST_FRAME_MS = 2500;
/** ICE may go "disconnected" for a moment on a busy Wi-Fi; longer than this is a loss. */
const DISCONNECTED_MS = 2000;
const SILENT_MS = 4000;
/** How long no packet may come once there is a reason for doubt: a new live session, or a server that does not answer. */
const IMPATIENT_MS = 1200;
const DOUBT_MS = 10_000;

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
    this.doubtUntil = 0;
    /** @type {RTCPeerConnection} */
    this.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.stop = new AbortController();
    /** @type {(reason: string) => void} */
    this.end = () => {};
    /** @type {Promise<string>} why it ended: "failed", "disconnected", "silent", "closed" */
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
    this.video.play().catch(() => {}); // a browser that wants a click first gets it from the big button
    await this.#firstFrame(signal);
    void this.#watch();
  }

  /** There is doubt whether anything still comes: do not wait long if this session has gone quiet. */
  hurry() {
    this.doubtUntil = performance.now() + DOUBT_MS;
  }

  /** @returns {{id: number, label: string}[]} */
  get levels() {
    return [];
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

  /** Looks once a second, and says when nothing comes any more. */
  async #watch() {
    let bytes = -1;
    let heardAt = performance.now();
    let lastLook = heardAt;
    let unwellAt = 0;
    while (!this.stop.signal.aborted) {
      const stats = await this.pc.getStats();
      const now = performance.now();
      // A machine that slept has not listened: it gets its time again.
      if (now - lastLook > 5000) heardAt = now;
      lastLook = now;
      const video = inbound(stats, "video");
      if (video && (video.bytesReceived ?? 0) !== bytes) {
        bytes = video.bytesReceived ?? 0;
        heardAt = now;
      }
      this.figures = read(stats, this.figures);
      const state = this.pc.connectionState;
      if (state === "failed" || state === "closed") return this.end("failed");
      if (state !== "disconnected") unwellAt = 0;
      else if (!unwellAt) unwellAt = now;
      else if (now - unwellAt > DISCONNECTED_MS) return this.end("disconnected");
      if (now - heardAt > (now < this.doubtUntil ? IMPATIENT_MS : SILENT_MS)) return this.end("silent");
      await sleep(500, this.stop.signal).catch(() => {});
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
