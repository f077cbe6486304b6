/**
 * Up to which level hls.js may go by itself: pure. hls.js has one figure for that (`autoLevelCapping`) and a controller
 * that sets it by the player's size, whatever else has been set there; so all of it is decided here.
 */

/** @typedef {{name: string, width: number, height: number}} Level in hls.js's order, the smallest first */

/**
 * @param {readonly Level[]} levels
 * @param {{width: number, height: number}} shown the picture's place in pixels of the screen; 0: nobody knows
 * @param {readonly string[]} resting names of those that have few pictures just now
 * @returns {number} index of the best that makes sense, -1 without levels: enough for the place and, as long as there is
 *   a lower one, not resting
 */
export function cap(levels, { width, height }, resting) {
  const sized = width > 0 && height > 0;
  // The picture is fitted into its place: one side that suffices is enough.
  const enough = sized ? levels.findIndex((level) => level.width >= width || level.height >= height) : -1;
  let best = enough < 0 ? levels.length - 1 : enough;
  while (best > 0 && resting.includes(levels[best]?.name ?? "")) best -= 1;
  return best;
}
