/**
 * The HTTP half of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): offer in, answer out, DELETE at the end.
 */

import { within } from "./backoff.js";

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
 * Ends a session. Best effort, also while the page goes away: who never says goodbye is noticed by silence.
 * @param {string} resource
 * @param {string} token
 */
export function leave(resource, token) {
  if (!resource) return;
  fetch(resource, { method: "DELETE", headers: { Authorization: `Bearer ${token}` }, keepalive: true }).catch(() => {});
}

/**
 * Resolves when the peer connection's transport is up.
 * @param {RTCPeerConnection} pc
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 * @throws {NoMedia} when it failed or `ms` have passed
 */
export function connected(pc, ms, signal) {
  return new Promise((resolve, reject) => {
    const limit = within(ms, signal);
    const settle = (/** @type {Error | null} */ error) => {
      pc.removeEventListener("connectionstatechange", look);
      limit.removeEventListener("abort", expired);
      if (error) reject(error);
      else resolve();
    };
    const expired = () => settle(signal.aborted ? signal.reason : new NoMedia(`no connection within ${ms} ms`));
    const look = () => {
      if (pc.connectionState === "connected") settle(null);
      else if (pc.connectionState === "failed" || pc.connectionState === "closed") {
        settle(new NoMedia(`the connection ${pc.connectionState}`));
      }
    };
    limit.addEventListener("abort", expired, { once: true });
    pc.addEventListener("connectionstatechange", look);
    look();
  });
}
