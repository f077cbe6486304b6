/** What there is to play, as the playback answer says it. */

/**
 * `startedMs` is when the program began, on this machine's clock.
 * @typedef {{whep_url: string | null, hls_url: string | null, rewind_url?: string | null, replay_url?: string | null,
 *   resting?: string[], startedMs?: number}} Source `resting`: names of renditions that have few pictures just now
 */

/**
 * @param {string} url
 * @returns {boolean} whether it is a file, which the browser plays by itself: all that is left of a replay after a while
 */
export function isFile(url) {
  return new URL(url, location.href).pathname.endsWith(".mp4");
}

/**
 * @param {Source} source
 * @returns {string} the playlist of the whole event: of what has been so far while it is live; "" when there is none
 */
export function wholeUrl(source) {
  return source.replay_url ?? source.rewind_url ?? "";
}
