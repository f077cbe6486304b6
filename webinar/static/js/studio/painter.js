/**
 * Paints one frame of the program: the same in the worker and on the page.
 */

import { parts, placed } from "./frame.js";

/**
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {{accent: string, title: string, words: string, fonts: string}} Look accent: "#rrggbb"; words: on the holding picture
 * @typedef {{picture: CanvasImageSource, width: number, height: number}} Picture
 * @typedef {{camera: Picture | null, content: Picture | null, holding: Picture | null}} Pictures
 * @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Context
 */

/** The program's own ground, where viewers expect the dark of a theatre; the event's colour shines through. */
const DARK = "rgb(8 14 12 / 82%)";

/**
 * @param {Scene} scene
 * @param {Pictures} there
 * @returns {boolean} whether everything the scene shows has a picture
 */
export function complete(scene, there) {
  return parts(scene.layout, scene.corner, 16, 9).every((part) => there[part.source] !== null);
}

/**
 * @param {Context} on
 * @param {Scene} scene
 * @param {Pictures} there
 * @param {Look} look
 */
export function paint(on, scene, there, look) {
  const { width, height } = on.canvas;
  on.imageSmoothingQuality = "high";
  on.fillStyle = look.accent;
  on.fillRect(0, 0, width, height);
  on.fillStyle = DARK;
  on.fillRect(0, 0, width, height);
  if (scene.layout === "hold") return there.holding ? spread(on, there.holding) : hold(on, look);
  for (const { source, box, fill, radius } of parts(scene.layout, scene.corner, width, height)) {
    const shown = there[source];
    if (!shown) continue;
    const { from, to } = placed(box, shown.width, shown.height, fill);
    on.save();
    if (radius) {
      // An edge of its own: a face before a white slide would have none.
      rounded(on, { x: to.x - 2, y: to.y - 2, w: to.w + 4, h: to.h + 4 }, radius + 2);
      on.fillStyle = "rgb(255 255 255 / 85%)";
      on.fill();
      rounded(on, to, radius);
      on.clip();
    }
    on.drawImage(shown.picture, from.x, from.y, from.w, from.h, to.x, to.y, to.w, to.h);
    on.restore();
  }
}

/**
 * The host's own holding picture, whole.
 * @param {Context} on
 * @param {Picture} picture
 */
function spread(on, picture) {
  const { width: w, height: h } = on.canvas;
  const { from, to } = placed({ x: 0, y: 0, w, h }, picture.width, picture.height, false);
  on.drawImage(picture.picture, from.x, from.y, from.w, from.h, to.x, to.y, to.w, to.h);
}

/**
 * @param {Context} on
 * @param {Look} look
 */
function hold(on, look) {
  const { width, height } = on.canvas;
  const glow = on.createRadialGradient(width / 2, 0, 0, width / 2, 0, height);
  glow.addColorStop(0, look.accent);
  glow.addColorStop(1, "rgb(0 0 0 / 0%)");
  on.globalAlpha = 0.35;
  on.fillStyle = glow;
  on.fillRect(0, 0, width, height);
  on.globalAlpha = 1;
  on.textAlign = "center";
  on.textBaseline = "middle";
  on.fillStyle = "#ffffff";
  on.font = `700 ${Math.round(height / 11)}px ${look.fonts}`;
  on.fillText(look.words, width / 2, height * 0.44, width * 0.86);
  on.fillStyle = "rgb(255 255 255 / 72%)";
  const size = Math.round(height / 22);
  on.font = `500 ${size}px ${look.fonts}`;
  const lines = wrapped(on, look.title, width * 0.8, 2);
  lines.forEach((line, n) => on.fillText(line, width / 2, height * 0.57 + n * size * 1.4));
}

/**
 * At most so many lines; what does not fit ends in dots. Broken between words, or, where a language has none, anywhere.
 * @param {{measureText(text: string): {width: number}}} on
 * @param {string} text
 * @param {number} width
 * @param {number} most
 * @returns {string[]}
 */
export function wrapped(on, text, width, most) {
  const fits = (/** @type {string} */ line) => on.measureText(line).width <= width;
  /** @type {string[]} */
  const lines = [];
  let left = text.trim();
  while (left && lines.length < most) {
    let taken = left.length;
    while (taken > 1 && !fits(left.slice(0, taken))) taken -= 1;
    const space = taken < left.length ? left.lastIndexOf(" ", taken) : -1;
    if (space > taken / 3) taken = space;
    lines.push(left.slice(0, taken).trim());
    left = left.slice(taken).trim();
  }
  const last = lines.at(-1);
  if (left && last) lines[lines.length - 1] = `${last.slice(0, -1).trim()}…`;
  return lines;
}

/**
 * @param {Context} on
 * @param {import("./frame.js").Box} box
 * @param {number} radius
 */
function rounded(on, { x, y, w, h }, radius) {
  on.beginPath();
  on.roundRect(x, y, w, h, radius);
}
