/**
 * The calls of the JSON API that a studio makes, with its token.
 */

import { within } from "../media/backoff.js";
import { Refused, Unreachable, refusal } from "../media/signalling.js";

/**
 * @typedef {{state: "draft" | "scheduled" | "live" | "ended", session_state: string | null,
 *   ingest_silent_s: number | null, program_time_s: number, recorded_until_s: number,
 *   recording_problem: string, recording_room_s: number | null, paused: boolean, overload: number,
 *   publisher: {connected: boolean, bitrate: number, fps: number, width: number, height: number, loss: number} | null,
 *   renditions: {name: string, fps: number, bitrate: number, wanted_fps: number, resting: boolean}[],
 *   viewers: {total: number, watching: number, whep: number, hls: number, lobby: number, by_rendition: Record<string, number>},
 *   delay: {program_s: number, encode_s: number, send_s: number | null, whep_median_s: number | null,
 *     whep_p95_s: number | null, hls_median_s: number | null, hls_p95_s: number | null,
 *     first_median_s: number | null, first_p95_s: number | null}}} LiveFigures
 * @typedef {{state: "recording" | "ready" | "failed", duration_s: number | null, bytes: number | null,
 *   complete: boolean | null, download_url: string | null}} Recording
 * @typedef {{locked: boolean, waiting: {id: string, name: string}[]}} DoorState
 */

export class Api {
  /**
   * @param {string} base
   * @param {string} eventId
   * @param {string} token
   */
  constructor(base, eventId, token) {
    this.base = `${base}/events/${eventId}`;
    this.token = token;
  }

  /** @returns {Promise<LiveFigures>} */
  live() {
    return this.#call("GET", "/live", 5000);
  }

  /** @returns {Promise<LiveFigures["viewers"]>} */
  viewers() {
    return this.#call("GET", "/viewers", 5000);
  }

  /** Takes as long as ingest needs to start its encoders. */
  start() {
    return this.#call("POST", "/start", 15_000);
  }

  /** @param {boolean} paused */
  pause(paused) {
    return this.#call("POST", paused ? "/pause" : "/resume", 8000);
  }

  /** Takes until the recording is closed. */
  end() {
    return this.#call("POST", "/end", 25_000);
  }

  /** @returns {Promise<Recording | null>} */
  async recording() {
    const list = await this.#call("GET", "/recordings", 5000);
    return list.items[0] ?? null;
  }

  /**
   * @param {{kind: string, n: number, title: string, ago_s: number}} mark what viewers see, and since when
   */
  mark(mark) {
    return this.#call("POST", "/marks", 5000, mark);
  }

  /** @returns {Promise<DoorState>} */
  door() {
    return this.#call("GET", "/door", 5000);
  }

  /** @param {boolean} locked @returns {Promise<DoorState>} */
  lock(locked) {
    return this.#call("PUT", "/door", 5000, { locked });
  }

  /** @param {string | null} id of one who waits; null: all of them @returns {Promise<DoorState>} */
  letIn(id) {
    return this.#call("POST", "/door/let-in", 5000, { attendee_id: id });
  }

  /** @param {string} id of an attendee, whose seat is taken */
  sendOut(id) {
    return this.#call("POST", `/attendees/${id}/send-out`, 5000);
  }

  /** @param {string} body in the chat, and over everybody's picture for a while */
  announce(body) {
    return this.#call("POST", "/announcements", 8000, { body });
  }

  /** @param {{ids: string[]} | {search: string}} whom @returns {Promise<{id: string, name: string}[]>} at most 100 people */
  async names(whom) {
    const query = "ids" in whom ? `ids=${whom.ids.join(",")}` : `search=${encodeURIComponent(whom.search)}`;
    return (await this.#call("GET", `/names?${query}`, 5000)).items;
  }

  /** @returns {Promise<{url: string, ticket: string}>} */
  ticket() {
    return this.#call("GET", "/studio/ticket", 5000);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {number} ms
   * @param {object} [body]
   * @throws {Refused | Unreachable}
   */
  async #call(method, path, ms, body) {
    /** @type {Record<string, string>} */
    const headers = { Authorization: `Bearer ${this.token}`, Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    try {
      const response = await fetch(this.base + path, {
        method,
        headers,
        body: body && JSON.stringify(body),
        cache: "no-store",
        signal: within(ms),
      });
      if (!response.ok) throw await refusal(response);
      return response.status === 204 ? null : await response.json();
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw new Unreachable(error);
    }
  }
}
