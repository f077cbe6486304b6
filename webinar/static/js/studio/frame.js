/**
 * Where each picture stands on the program's canvas. Pure: numbers in pixels of the canvas.
 */

/**
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 * @typedef {{source: "camera" | "content", box: Box, fill: boolean, radius: number}} Part
 *   fill: cut to the box; else the whole picture within it
 * @typedef {import("./scene.js").Layout} Layout
 * @typedef {import("./scene.js").Corner} Corner
 */

/** Of the canvas' height. */
const GAP = 1 / 30;
const ROUND = 1 / 60;
/** Of the canvas' width: the camera in the corner covers a twentieth of the picture, beside it it is as wide as a face needs. */
const CORNER_WIDTH = 0.22;
const SIDE_WIDTH = 0.26;

/**
 * From the back to the front.
 * @param {Layout} layout
 * @param {Corner} corner
 * @param {number} width of the canvas
 * @param {number} height
 * @returns {Part[]}
 */
export function parts(layout, corner, width, height) {
  const gap = Math.round(height * GAP);
  const radius = Math.round(height * ROUND);
  const whole = { x: 0, y: 0, w: width, h: height };
  if (layout === "camera") return [{ source: "camera", box: whole, fill: false, radius: 0 }];
  if (layout === "content") return [{ source: "content", box: whole, fill: false, radius: 0 }];
  if (layout === "side") {
    const side = Math.round(width * SIDE_WIDTH);
    const wide = width - side - 3 * gap;
    return [
      { source: "content", box: { x: gap, y: gap, w: wide, h: height - 2 * gap }, fill: false, radius: 0 },
      // A square: head and shoulders of who sits in the middle.
      { source: "camera", box: { x: width - gap - side, y: Math.round((height - side) / 2), w: side, h: side }, fill: true, radius },
    ];
  }
  if (layout === "corner") {
    const w = Math.round(width * CORNER_WIDTH);
    const h = Math.round((w * 9) / 16);
    const x = corner.endsWith("r") ? width - gap - w : gap;
    const y = corner.startsWith("b") ? height - gap - h : gap;
    return [
      { source: "content", box: whole, fill: false, radius: 0 },
      { source: "camera", box: { x, y, w, h }, fill: true, radius },
    ];
  }
  return [];
}

/**
 * Never stretched: letterboxed in its box, or cut evenly on two sides to fill it.
 * @param {Box} box
 * @param {number} width of the picture
 * @param {number} height
 * @param {boolean} fill
 * @returns {{from: Box, to: Box}} of the picture, to the canvas
 */
export function placed(box, width, height, fill) {
  const whole = { x: 0, y: 0, w: width, h: height };
  if (fill) {
    const scale = Math.max(box.w / width, box.h / height);
    const w = box.w / scale;
    const h = box.h / scale;
    return { from: { x: (width - w) / 2, y: (height - h) / 2, w, h }, to: box };
  }
  const scale = Math.min(box.w / width, box.h / height);
  const w = Math.round(width * scale);
  const h = Math.round(height * scale);
  return { from: whole, to: { x: box.x + Math.round((box.w - w) / 2), y: box.y + Math.round((box.h - h) / 2), w, h } };
}

