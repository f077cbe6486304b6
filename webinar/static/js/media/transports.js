/**
 * Which transport is tried next, by how the last attempts failed. Pure: WHEP first, LL-HLS where WHEP is refused or its
 * UDP does not come through.
 */

import { Refused, Unreachable } from "./signalling.js";

/** @typedef {"whep" | "hls"} Transport */
/** @typedef {{whep_url: string | null, hls_url: string | null, resting?: string[]}} Live */

export class Transports {
  /** @param {Transport | null} only one transport and no other, for tests and for who asks for it */
  constructor(only) {
    this.only = only;
    /** WHEP is not offered to this viewer, or its UDP is blocked: not tried again while HLS plays well. */
    this.whepOut = false;
    this.whepPlayed = false;
    this.whepSilences = 0;
  }

  /** @param {Transport | null} only */
  prefer(only) {
    this.only = only;
    this.whepOut = false;
  }

  /**
   * One round.
   * @param {Live} source
   * @param {boolean} rtc whether the browser has WebRTC
   * @returns {Transport[]}
   */
  order(source, rtc) {
    /** @type {Transport[]} */
    const order = [];
    const whep = Boolean(source.whep_url) && rtc;
    if (whep && this.only !== "hls" && !this.whepOut) order.push("whep");
    if (source.hls_url && this.only !== "whep") order.push("hls");
    if (!order.length && whep) order.push("whep");
    return order;
  }

  /** @param {Transport} kind */
  played(kind) {
    if (kind === "whep") this.whepPlayed = true;
    this.whepSilences = 0;
  }

  /**
   * What an attempt's failure means for the next one.
   * @param {Transport} kind
   * @param {unknown} error
   * @returns {"next" | "wait" | "denied"} the next transport of this round is tried, or a new round begins later, or the
   *   viewer's token is not taken any more
   */
  failed(kind, error) {
    if (kind === "hls") {
      this.whepOut = false;
      return "wait";
    }
    // The server restarts: HLS would not answer either.
    if (error instanceof Unreachable) return this.whepPlayed ? "wait" : "next";
    if (error instanceof Refused) {
      if (error.status === 401 || error.status === 410) return "denied";
      // The live session is being replaced, or a server that began anew does not know it yet: WHEP comes with it, in a
      // second. Who went to HLS for that would stay there.
      if (error.status === 404 || error.status === 409) return this.whepPlayed ? "wait" : "next";
      this.whepOut = true;
      return "next";
    }
    // No media. Where it played before, the path is known to work: it gets a second try before HLS.
    this.whepSilences += 1;
    if (this.whepPlayed && this.whepSilences < 2) return "wait";
    this.whepOut = true;
    return "next";
  }
}
