/**
 * What the server put into the page: its data block and its texts in the reader's language.
 */

/** @typedef {Record<string, string>} TextTable */

/**
 * The JSON of `<script type="application/json" id="boot">`.
 * @returns {any}
 */
export function boot() {
  const block = document.getElementById("boot");
  if (!block?.textContent) throw new Error("the page carries no boot block");
  return JSON.parse(block.textContent);
}

/** Texts by key, with `{name}` places filled in. A missing key shows itself, so that a test can find it. */
export class Texts {
  /** @param {TextTable} table */
  constructor(table) {
    this.table = table;
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   */
  say(key, values = {}) {
    const text = this.table[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }
}

/**
 * The element of a page that its script cannot do without.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function need(selector, type, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * Seconds as people read a clock: 4:07, 1:02:03.
 * @param {number} seconds
 * @returns {string}
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}
