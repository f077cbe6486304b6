/**
 * Another way for a WHIP session when the presenter's network has changed: an ICE restart by PATCH (RFC 9725, 4.3.3).
 * DTLS, keys and encoders stay as they are, so the picture goes on where it was.
 */

import { within } from "./backoff.js";
import { Refused, Unreachable, reached, refusal } from "./signalling.js";

const FRAGMENT = "application/trickle-ice-sdpfrag";
const PATCH_MS = 2500;
const REACHED_MS = 3000;
/** Of a network that is still being changed. */
const TRIES = 4;

/**
 * Resolves when media has a path again.
 * @param {RTCPeerConnection} pc of a session that was answered
 * @param {string} resource
 * @param {string} token
 * @param {(try_: number) => Promise<void>} wait between two questions that got no answer
 * @param {AbortSignal} signal rejects with its reason
 * @throws {Refused | Unreachable | import("./signalling.js").NoMedia} this session is lost: make a new one
 */
export async function restartIce(pc, resource, token, wait, signal) {
  pc.restartIce();
  await pc.setLocalDescription(await pc.createOffer());
  const fragment = fragmentOf(pc.localDescription?.sdp ?? "");
  const theirs = await asked(() => patch(resource, token, fragment, signal), wait);
  const sdp = answerWith(pc.remoteDescription?.sdp ?? "", theirs);
  await pc.setRemoteDescription({ type: "answer", sdp });
  await reached(pc, REACHED_MS, signal);
}

/**
 * @param {() => Promise<string>} ask
 * @param {(try_: number) => Promise<void>} wait
 */
async function asked(ask, wait) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable) || tries === TRIES) throw error;
      await wait(tries);
    }
  }
}

/**
 * @param {string} resource
 * @param {string} token
 * @param {string} fragment
 * @param {AbortSignal} signal
 * @returns {Promise<string>} the server's side of the new ICE session
 * @throws {Refused | Unreachable}
 */
async function patch(resource, token, fragment, signal) {
  try {
    const response = await fetch(resource, {
      method: "PATCH",
      headers: { "Content-Type": FRAGMENT, "If-Match": "*", Authorization: `Bearer ${token}` },
      body: fragment,
      signal: within(PATCH_MS, signal),
    });
    if (!response.ok) throw await refusal(response);
    if (response.status !== 200) throw new Refused(response.status, "", "the server does not restart ICE");
    return await response.text();
  } catch (error) {
    if (signal.aborted || error instanceof Refused) throw error;
    throw new Unreachable(error);
  }
}

/**
 * @param {string} sdp of an offer
 * @returns {string} its side of the ICE session (RFC 8840, 9). Without candidates: the server learns ours from our checks
 */
export function fragmentOf(sdp) {
  const lines = sdp.split(/\r?\n/);
  const first = (/** @type {string} */ start) => lines.find((line) => line.startsWith(start));
  const kept = ["a=group:BUNDLE", "m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:"].map(first).filter(Boolean);
  return `${kept.join("\r\n")}\r\n`;
}

/**
 * @param {string} sdp of the answer so far
 * @param {string} fragment the server's side of the new ICE session
 * @returns {string} the answer with that in the place of the old one
 */
export function answerWith(sdp, fragment) {
  const news = fragment.split(/\r?\n/);
  const [ufrag, pwd] = ["a=ice-ufrag:", "a=ice-pwd:"].map((start) => news.find((line) => line.startsWith(start)));
  if (!ufrag || !pwd) throw new Refused(200, "", "the server's answer to the ICE restart has no credentials");
  const candidates = news.filter((line) => /^a=(candidate:|end-of-candidates)/.test(line));
  /** @type {string[]} */
  const lines = [];
  for (const line of sdp.split(/\r?\n/)) {
    if (/^a=(candidate:|end-of-candidates)/.test(line)) continue;
    if (line.startsWith("a=ice-ufrag:")) lines.push(ufrag);
    // All media are bundled: the same way stands in each section.
    else if (line.startsWith("a=ice-pwd:")) lines.push(pwd, ...candidates);
    else lines.push(line);
  }
  return lines.join("\r\n");
}
