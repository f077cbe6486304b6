/**
 * Whether media reaches this browser directly (UDP), or only by way of ordinary web requests.
 */

import { NoMedia, Refused, Unreachable, connected, refusal } from "../media/signalling.js";
import { within } from "../media/backoff.js";

/** @typedef {"good" | "slow" | "busy" | "away"} Way slow: only web requests come through; busy: it could not be tried now */

const ANSWER_MS = 6000;
const CONNECT_MS = 6000;

/**
 * @param {string} url answers an offer and sends nothing
 * @returns {Promise<Way>}
 */
export async function way(url) {
  if (!("RTCPeerConnection" in globalThis)) return "slow";
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  try {
    pc.addTransceiver("video", { direction: "recvonly" });
    pc.addTransceiver("audio", { direction: "recvonly" });
    await pc.setLocalDescription();
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: pc.localDescription?.sdp ?? "",
      signal: within(ANSWER_MS),
    });
    if (!response.ok) throw await refusal(response);
    await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
    await connected(pc, CONNECT_MS, new AbortController().signal);
    return "good";
  } catch (error) {
    if (error instanceof NoMedia) return "slow";
    // The browser cannot show our picture over WebRTC: it takes the other way, which needs no UDP.
    if (error instanceof Refused) return error.status === 400 ? "slow" : "busy";
    if (error instanceof TypeError || error instanceof DOMException || error instanceof Unreachable) return "away";
    throw error;
  } finally {
    pc.close();
  }
}
