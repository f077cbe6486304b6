/**
 * Where the rows of a long list stand, of which only those in sight are in the page. Pure arithmetic: heights are those
 * measured, and the mean of them for rows that were never seen.
 */

const USUAL_PX = 64;

export class Heights {
  constructor() {
    /** @type {Map<number, number>} px, by the row's key */
    this.measured = new Map();
    this.sum = 0;
  }

  get mean() {
    return this.measured.size ? this.sum / this.measured.size : USUAL_PX;
  }

  /**
   * @param {number} key
   * @param {number} px
   * @returns {boolean} whether that is news
   */
  set(key, px) {
    const before = this.measured.get(key);
    if (before === px) return false;
    this.sum += px - (before ?? 0);
    this.measured.set(key, px);
    return true;
  }

  /** The width changed: every row must be measured anew. */
  clear() {
    this.measured.clear();
    this.sum = 0;
  }

  /** Forgets rows that are gone. @param {Iterable<number>} keys the ones that are there */
  keep(keys) {
    const there = new Set(keys);
    for (const [key, px] of this.measured) {
      if (there.has(key)) continue;
      this.measured.delete(key);
      this.sum -= px;
    }
  }

  /**
   * @param {number[]} keys in order
   * @returns {Float64Array} the top of each row, px, and at the end the whole height
   */
  tops(keys) {
    const tops = new Float64Array(keys.length + 1);
    const mean = this.mean;
    for (let n = 0; n < keys.length; n++) {
      tops[n + 1] = (tops[n] ?? 0) + (this.measured.get(keys[n] ?? 0) ?? mean);
    }
    return tops;
  }
}

/**
 * The row at a height: the last whose top is not below it.
 * @param {Float64Array} tops
 * @param {number} y
 * @returns {number} index; 0 for an empty list
 */
export function rowAt(tops, y) {
  let low = 0;
  let high = Math.max(0, tops.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Where to scroll so that a row is whole in sight, moving as little as possible.
 * @param {{top: number, bottom: number}} row
 * @param {{top: number, height: number}} view
 * @returns {number} the new top of the view
 */
export function nearest(row, view) {
  if (row.top < view.top) return row.top;
  if (row.bottom > view.top + view.height) return Math.min(row.top, row.bottom - view.height);
  return view.top;
}
