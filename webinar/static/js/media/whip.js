/**
 * Sends the program to the platform over WHIP (RFC 9725) and keeps sending: on another network the same session goes on,
 * a lost one is made anew by itself, sources change without a new one.
 */

import { Backoff, Pause, sleep } from "./backoff.js";
import { restartIce } from "./ice.js";
import { Refused, connected, exchange, leave } from "./signalling.js";

/** @typedef {"off" | "connecting" | "sending" | "reconnecting" | "taken" | "refused"} SendState */
/** @typedef {{bitrate: number, fps: number, height: number, rttMs: number, loss: number, limited: string}} SendFigures */

const ANSWER_MS = 5000;
const CONNECT_MS = 6000;
/** ICE says so after some seconds without an answer: an ICE restart that was not needed costs nothing. */
const DISCONNECTED_MS = 800;
/** A session that is in doubt again so soon after an ICE restart is not helped by another. */
const MOVED_MS = 10_000;
/** The ladder's top rung is made of this; more bits would be thrown away by the transcoder. */
const MAX_BITRATE = 2_500_000;
const MAX_FPS = 30;
/** @type {SendFigures} */
const NOTHING = { bitrate: 0, fps: 0, height: 0, rttMs: 0, loss: 0, limited: "none" };

/**
 * Fires "state" and, once a second while sending, "figures". In state "taken" somebody else is on air: `start(true)`
 * takes over. In state "refused" the key is not valid any more, or the event is over: `problem` says which.
 */
export class Publisher extends EventTarget {
  /**
   * @param {string} url
   * @param {string} key
   */
  constructor(url, key) {
    super();
    this.url = url;
    this.key = key;
    /** @type {SendState} */
    this.state = "off";
    /** @type {Refused | null} */
    this.problem = null;
    /** @type {MediaStreamTrack | null} */
    this.video = null;
    /** @type {MediaStreamTrack | null} */
    this.audio = null;
    this.figures = NOTHING;
    /** @type {RTCPeerConnection | null} */
    this.pc = null;
    this.resource = "";
    /** The session that was lost: its place is taken back, not that of somebody who came meanwhile. */
    this.before = "";
    this.unheard = false;
    this.moved = false;
    /** @type {AbortController | null} */
    this.running = null;
    this.waiting = new Pause();
  }

  /** @param {boolean} takeOver instead of whoever is on air */
  start(takeOver = false) {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.before = "";
    this.#run(running.signal, takeOver).catch((error) => {
      if (!running.signal.aborted) throw error;
    });
  }

  stop() {
    this.running?.abort();
    this.running = null;
    this.#close();
    this.#set("off");
  }

  /** The network is back, or another one: try now, and do not wait for ICE to notice. */
  retry() {
    this.moved = true;
    this.waiting.end();
  }

  /** The server says that nothing arrives, though this side still believes in its connection. */
  renew() {
    this.unheard = true;
  }

  /**
   * What is sent from now on; null sends nothing. The connection stays.
   * @param {MediaStreamTrack | null} video its `contentHint` decides what is kept when bits are few
   * @param {MediaStreamTrack | null} audio
   */
  async send(video, audio) {
    this.video = video;
    this.audio = audio;
    if (this.pc) await this.#fill(this.pc);
  }

  /**
   * @param {AbortSignal} signal
   * @param {boolean} takeOver
   */
  async #run(signal, takeOver) {
    const backoff = new Backoff(500, 6000);
    this.#set("connecting");
    while (!signal.aborted) {
      try {
        await this.#open(signal, takeOver);
        backoff.reset();
        this.#set("sending");
        takeOver = false;
        this.before = this.resource;
        if ((await this.#lost(signal)) === "server") this.before = "";
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && this.#final(error)) return;
      } finally {
        if (this.running?.signal === signal) this.#close();
      }
      this.#set("reconnecting");
      await this.waiting.wait(backoff.next(), signal);
    }
  }

  /**
   * @param {Refused} error
   * @returns {boolean} whether trying again is of no use
   */
  #final(error) {
    this.problem = error;
    if (error.status === 409 && error.code !== "ended") this.#set("taken");
    else if ([400, 401, 403, 404, 409, 410].includes(error.status)) this.#set("refused");
    else return false;
    return true;
  }

  /**
   * @param {AbortSignal} signal
   * @param {boolean} takeOver
   */
  async #open(signal, takeOver) {
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.pc = pc;
    const encoding = { maxBitrate: MAX_BITRATE, maxFramerate: MAX_FPS };
    const video = pc.addTransceiver("video", { direction: "sendonly", sendEncodings: [encoding] });
    pc.addTransceiver("audio", { direction: "sendonly" });
    preferH264(video);
    await this.#fill(pc);
    await offer(pc);
    /** @type {Record<string, string>} */
    const headers = {};
    if (takeOver) headers["X-Webinar-Take-Over"] = "1";
    else if (this.before) headers["X-Webinar-Resume"] = this.before.split("/").at(-1) ?? "";
    const answer = await exchange({
      url: this.url, token: this.key, sdp: pc.localDescription?.sdp ?? "", headers, timeoutMs: ANSWER_MS, signal,
    });
    this.resource = answer.resource;
    await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await connected(pc, CONNECT_MS, signal);
  }

  /** @param {RTCPeerConnection} pc */
  async #fill(pc) {
    const [video, audio] = pc.getTransceivers().map((transceiver) => transceiver.sender);
    if (!video || !audio) return;
    await Promise.all([video.replaceTrack(this.video), audio.replaceTrack(this.audio)]);
    const parameters = video.getParameters();
    /** @type {any} */ (parameters).degradationPreference =
      this.video?.contentHint === "detail" ? "maintain-resolution" : "balanced";
    // Refused between an offer and its answer; it is set again by the next change of source, and the default is near it.
    await video.setParameters(parameters).catch((error) => {
      if (!(error instanceof DOMException)) throw error;
    });
  }

  /**
   * Measures once a second until the connection is gone.
   * @param {AbortSignal} signal
   * @returns {Promise<"network" | "server">} "server": it hung up on us, because somebody took over or it stops
   */
  async #lost(signal) {
    const pc = this.pc;
    if (!pc) return "network";
    let unwellAt = 0;
    let bytes = 0;
    let at = performance.now();
    let movedAt = -Infinity;
    this.unheard = this.moved = false;
    for (;;) {
      await sleep(500, signal);
      if (pc.getSenders()[0]?.transport?.state === "closed") return "server";
      if (pc.connectionState === "closed") return "network";
      const now = performance.now();
      if (pc.connectionState !== "disconnected") unwellAt = 0;
      else if (!unwellAt) unwellAt = now;
      const silent = unwellAt > 0 && now - unwellAt > DISCONNECTED_MS;
      const lost = silent || this.unheard || pc.connectionState === "failed";
      const lately = now - movedAt < MOVED_MS;
      if (lost || (this.moved && !lately)) {
        if (lately) return "network";
        const reason = await this.#move(pc, signal);
        if (reason) return reason;
        movedAt = performance.now();
        unwellAt = 0;
        this.unheard = this.moved = false;
        continue;
      }
      if (now - at < 950) continue;
      const read = readStats(await pc.getStats());
      this.figures = { ...read.figures, bitrate: Math.max(0, ((read.bytes - bytes) * 8000) / (now - at)) };
      if (bytes) this.dispatchEvent(new Event("figures"));
      bytes = read.bytes;
      at = now;
    }
  }

  /**
   * @param {RTCPeerConnection} pc
   * @param {AbortSignal} signal
   * @returns {Promise<"" | "network" | "server">} "": the same session goes on over another path; else why it is lost
   */
  async #move(pc, signal) {
    this.#set("reconnecting");
    const backoff = new Backoff(300, 1500);
    try {
      await restartIce(pc, this.resource, this.key, () => this.waiting.wait(backoff.next(), signal), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // A session that the server does not know any more may have made room for somebody else's.
      return error instanceof Refused && [404, 410].includes(error.status) ? "server" : "network";
    }
    this.#set("sending");
    return "";
  }

  #close() {
    leave(this.resource, this.key);
    this.resource = "";
    this.pc?.close();
    this.pc = null;
    this.figures = NOTHING;
  }

  /** @param {SendState} state */
  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

/**
 * H.264 first: hardware encodes it, and the transcoder decodes it cheapest. VP8 stays as the second choice.
 * @param {RTCRtpTransceiver} transceiver
 */
function preferH264(transceiver) {
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  /** @param {{mimeType: string, sdpFmtpLine?: string}} codec */
  const rank = ({ mimeType, sdpFmtpLine = "" }) => {
    const type = mimeType.toLowerCase();
    if (type === "video/h264") return sdpFmtpLine.includes("packetization-mode=1") ? 0 : 1;
    if (type === "video/vp8") return 2;
    return type === "video/rtx" || type === "video/red" || type === "video/ulpfec" ? 3 : 4;
  };
  const usable = codecs.filter((codec) => rank(codec) < 4).sort((a, b) => rank(a) - rank(b));
  if (usable.length) transceiver.setCodecPreferences(usable);
}

/**
 * The local description, an offer in which the browser says that it repeats lost sound. There is no other switch for
 * that than the text; a browser that does not let it be changed sends as it is used to.
 * @param {RTCPeerConnection} pc
 */
async function offer(pc) {
  const plain = await pc.createOffer();
  const sdp = plain.sdp?.replace(/^a=rtpmap:(\d+) opus\/.*$/gim, "$&\r\na=rtcp-fb:$1 nack");
  try {
    await pc.setLocalDescription({ type: "offer", sdp });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    await pc.setLocalDescription(plain);
  }
}

/**
 * @param {RTCStatsReport} stats
 * @returns {{bytes: number, figures: SendFigures}}
 */
function readStats(stats) {
  const figures = { ...NOTHING };
  let bytes = 0;
  for (const report of stats.values()) {
    if (report.type === "outbound-rtp") bytes += report.bytesSent ?? 0;
    if (report.type === "outbound-rtp" && report.kind === "video") {
      figures.fps = report.framesPerSecond ?? 0;
      figures.height = report.frameHeight ?? 0;
      figures.limited = report.qualityLimitationReason ?? "none";
    }
    if (report.type === "remote-inbound-rtp" && report.kind === "video") figures.loss = report.fractionLost ?? 0;
    if (report.type === "candidate-pair" && report.nominated) figures.rttMs = (report.currentRoundTripTime ?? 0) * 1000;
  }
  return { bytes, figures };
}
