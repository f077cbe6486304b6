/**
 * The renditions of a program, read from its multivariant playlist: what WHEP and HLS viewers choose their quality from.
 */

import { within } from "./backoff.js";

/**
 * `name` as WHEP and the playlist's folders call it.
 * @typedef {{name: string, height: number, bitrate: number}} Rung
 * @typedef {{rungs: Rung[], audio: string}} Ladder `audio`: address of the sound alone, or ""
 */

const LADDER_MS = 4000;

/** The sound alone, in the player's and in WHEP's words. */
export const AUDIO = "audio";

/**
 * @param {string} text of a multivariant playlist (rfc8216bis, 4.4.6)
 * @param {string} url it was read from
 * @returns {Ladder} best first
 */
export function readLadder(text, url) {
  /** @type {Ladder} */
  const ladder = { rungs: [], audio: "" };
  /** @type {{height: number, bitrate: number} | null} */
  let next = null;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#EXT-X-STREAM-INF:")) {
      const height = Number(/[:,]RESOLUTION=\d+x(\d+)/.exec(line)?.[1] ?? 0);
      const bitrate = Number(/[:,]BANDWIDTH=(\d+)/.exec(line)?.[1] ?? 0);
      next = { height, bitrate };
    } else if (line.startsWith("#EXT-X-MEDIA:") && line.includes("TYPE=AUDIO")) {
      const uri = /[:,]URI="([^"]+)"/.exec(line)?.[1];
      if (uri && !ladder.audio) ladder.audio = new URL(uri, url).href;
    } else if (line && !line.startsWith("#") && next) {
      ladder.rungs.push({ name: rungName(line), ...next });
      next = null;
    }
  }
  ladder.rungs.sort((a, b) => b.height - a.height || b.bitrate - a.bitrate);
  return ladder;
}

/**
 * @param {string} uri of a media playlist, "480p/index.m3u8" or whole
 * @returns {string} "480p"
 */
export function rungName(uri) {
  return uri.split("?")[0]?.split("/").at(-2) ?? "";
}

/**
 * @param {string} url of a multivariant playlist
 * @param {AbortSignal} signal
 * @returns {Promise<Ladder>} empty when it cannot be had just now
 */
export async function fetchLadder(url, signal) {
  const whole = new URL(url, location.href).href;
  try {
    const response = await fetch(whole, { signal: within(LADDER_MS, signal) });
    if (response.ok) return readLadder(await response.text(), whole);
  } catch (error) {
    // The network is away or too slow: the menu offers what it knows.
    if (signal.aborted || !(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
  return { rungs: [], audio: "" };
}
