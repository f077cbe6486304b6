/**
 * The HTTP half of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): offer in, answer out, DELETE at the end.
 */

import { within } from "./backoff.js";

const PIN_MS = 4000;

/** The server answered, and said no. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code of the problem document, or ""
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message || `HTTP ${status}`);
    this.name = "Refused";
    this.status = status;
    this.code = code;
  }
}

/** The server did not answer: it is restarting, or the network is away. */
export class Unreachable extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("the server did not answer", { cause });
    this.name = "Unreachable";
  }
}

/** Everybody agreed, but no media came through: UDP is blocked, or the path died. */
export class NoMedia extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "NoMedia";
  }
}

/**
 * @param {Response} response not ok
 * @returns {Promise<Refused>}
 */
export async function refusal(response) {
  let code = "";
  let message = "";
  try {
    const problem = await response.json();
    code = String(problem.code ?? "");
    message = String(problem.detail ?? problem.title ?? "");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // a proxy's HTML page: the status says enough
  }
  return new Refused(response.status, code, message);
}

/**
 * Posts an offer.
 * @param {{url: string, token: string, sdp: string, headers?: Record<string, string>, timeoutMs: number,
 *   signal: AbortSignal}} request
 * @returns {Promise<{sdp: string, resource: string}>} the answer and the absolute URL of the session
 * @throws {Refused | Unreachable}
 */
export async function exchange({ url, token, sdp, headers = {}, timeoutMs, signal }) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}`, ...headers },
      body: sdp,
      signal: within(timeoutMs, signal),
    });
    if (!response.ok) throw await refusal(response);
    const answer = await response.text();
    const location = response.headers.get("Location");
    return { sdp: answer, resource: location ? new URL(location, response.url || url).href : "" };
  } catch (error) {
    if (signal.aborted || error instanceof Refused) throw error;
    throw new Unreachable(error);
  }
}

/**
 * Asks a WHEP session for one rendition and no other.
 * @param {string} resource
 * @param {string} token
 * @param {string} rendition "" leaves the choice to the server, "audio" stops the picture
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether it was taken
 */
export async function pin(resource, token, rendition, signal) {
  try {
    const response = await fetch(resource, {
      method: "PATCH",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ rendition }),
      signal: within(PIN_MS, signal),
    });
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return false; // away, too slow, or closed meanwhile
    throw error;
  }
}

/**
 * Ends a session. Best effort, also while the page goes away: who never says goodbye is noticed by silence.
 * @param {string} resource
 * @param {string} token
 */
export function leave(resource, token) {
  if (!resource) return;
  fetch(resource, { method: "DELETE", headers: { Authorization: `Bearer ${token}` }, keepalive: true }).catch(() => {});
}

/**
 * Resolves when ICE has found a path.
 * @param {RTCPeerConnection} pc with its remote description set
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 * @throws {NoMedia} when it failed, `ms` have passed, or the browser may send over no address at all
 */
export function reached(pc, ms, signal) {
  return settled(pc, ["iceconnectionstatechange", "icegatheringstatechange"], ms, signal, () => {
    const state = pc.iceConnectionState;
    if (state === "connected" || state === "completed") return true;
    const nowhere = pc.iceGatheringState === "complete" && !/^a=candidate:/m.test(pc.localDescription?.sdp ?? "");
    return state === "failed" || state === "closed" || nowhere ? new NoMedia(`ICE is ${state}`) : false;
  });
}

/**
 * Resolves when the peer connection's transport is up: ICE and DTLS.
 * @param {RTCPeerConnection} pc
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 * @throws {NoMedia} when it failed or `ms` have passed
 */
export function connected(pc, ms, signal) {
  return settled(pc, ["connectionstatechange"], ms, signal, () => {
    const state = pc.connectionState;
    if (state === "connected") return true;
    return state === "failed" || state === "closed" ? new NoMedia(`the connection ${state}`) : false;
  });
}

/**
 * @param {RTCPeerConnection} pc
 * @param {string[]} events after which to look
 * @param {number} ms
 * @param {AbortSignal} signal
 * @param {() => boolean | NoMedia} look true: it is so; an error: it will never be
 * @returns {Promise<void>}
 */
function settled(pc, events, ms, signal, look) {
  return new Promise((resolve, reject) => {
    const limit = within(ms, signal);
    const settle = (/** @type {unknown} */ error) => {
      for (const event of events) pc.removeEventListener(event, again);
      limit.removeEventListener("abort", expired);
      if (error) reject(error);
      else resolve();
    };
    const expired = () => settle(signal.aborted ? signal.reason : new NoMedia(`no connection within ${ms} ms`));
    const again = () => {
      const seen = look();
      if (seen) settle(seen === true ? null : seen);
    };
    limit.addEventListener("abort", expired, { once: true });
    for (const event of events) pc.addEventListener(event, again);
    again();
  });
}
