/**
 * A list of any length with only the rows in sight in the page. What is read stays where it is when rows come, go or
 * grow above and below it; at its end the list follows what is new. One row at a time can have the focus (roving
 * tabindex); it stays in the page while it has it.
 */

import { Heights, nearest, rowAt } from "./heights.js";
import { exchange } from "./rows.js";

const BEYOND_PX = 500;
const NEAR_PX = 24;

/**
 * Fires "follow" when the list began or ceased to follow its end.
 * @template {{seq: number}} T
 */
export class LongList extends EventTarget {
  /**
   * @param {HTMLElement} scroll what scrolls; holds the list
   * @param {HTMLElement} list
   * @param {(item: T, row: HTMLElement) => void} fill writes an item into its row; called again when it changed
   * @param {{follow?: boolean}} [options] `follow`: the newest is at the end, and is followed
   */
  constructor(scroll, list, fill, { follow = false } = {}) {
    super();
    this.scroll = scroll;
    this.list = list;
    this.fill = fill;
    this.follow = follow;
    this.following = follow;
    this.heights = new Heights();
    /** @type {T[]} */
    this.items = [];
    /** @type {number[]} */
    this.keys = [];
    this.tops = this.heights.tops([]);
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    /** @type {number | null} the key of the current row */
    this.cursor = null;
    this.at = 0;
    this.frame = 0;
    this.width = 0;
    scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    list.addEventListener("focusin", (event) => this.#focused(event));
    new ResizeObserver(() => this.#resized()).observe(scroll);
  }

  /** @param {T[]} items in order; each with a number of its own */
  show(items) {
    this.at = Math.max(0, this.cursorIndex);
    this.items = items;
    this.#later();
  }

  /** Writes rows again. @param {Iterable<T>} items */
  changed(items) {
    for (const item of items) {
      const row = this.rows.get(item.seq);
      if (row) this.#write(item, row);
    }
    this.#later();
  }

  /** Writes every row in the page again. */
  refresh() {
    this.changed(this.items);
  }

  /** @returns {T | null} */
  get current() {
    return this.items[this.cursorIndex] ?? null;
  }

  get cursorIndex() {
    return this.cursor === null ? -1 : this.items.findIndex((item) => item.seq === this.cursor);
  }

  /** Puts the focus on the row `by` further down. @param {number} by */
  move(by) {
    if (!this.items.length) return;
    const from = this.cursorIndex;
    const start = this.follow ? this.items.length - 1 : 0;
    const to = from < 0 ? start : Math.min(this.items.length - 1, Math.max(0, from + by));
    this.focus(to);
  }

  /** @param {number} index */
  focus(index) {
    const item = this.items[index];
    if (!item) return;
    this.#set(item.seq);
    this.#paint();
    const base = this.#base();
    const row = { top: base + (this.tops[index] ?? 0), bottom: base + (this.tops[index + 1] ?? 0) };
    this.scroll.scrollTop = nearest(row, { top: this.scroll.scrollTop, height: this.scroll.clientHeight });
    this.#settle(this.#atEnd() && index === this.items.length - 1);
    this.#paint();
    this.rows.get(item.seq)?.focus({ preventScroll: true });
  }

  toEnd() {
    this.#settle(true);
    this.#paint();
  }

  #later() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.following && this.#reading()) this.#settle(false);
    const held = this.#anchor();
    const keys = this.items.map((item) => item.seq);
    if (this.heights.measured.size > 2 * keys.length + 100) this.heights.keep(keys);
    this.keys = keys;
    this.#moveCursor();
    if (!this.scroll.clientHeight) return this.#strip(); // not in sight: nothing can be measured
    // Rows that are measured for the first time move what is below them: a second round settles it.
    for (let round = 0; round < 3; round++) {
      this.tops = this.heights.tops(keys);
      this.#mount(this.#wanted(held));
      if (!this.#measure()) break;
    }
    const top = this.#wanted(held);
    if (Math.abs(this.scroll.scrollTop - top) >= 1) this.scroll.scrollTop = top;
  }

  /** Takes out the rows of what is not there any more: what was removed stays in no panel that is out of sight. */
  #strip() {
    for (const [key, row] of this.rows) if (!this.keys.includes(key)) this.#unmount(key, row);
  }

  /** Where the list begins in what scrolls: there may be something above it. */
  #base() {
    return this.list.getBoundingClientRect().top - this.scroll.getBoundingClientRect().top + this.scroll.scrollTop;
  }

  /** The row at the top of the view, and how much of it is above; none where the top itself is what is looked at. */
  #anchor() {
    const atTop = !this.follow && this.scroll.scrollTop < 1 && !this.list.contains(document.activeElement);
    if (atTop) return { key: null, index: 0, into: 0 };
    const y = this.scroll.scrollTop - this.#base();
    const index = rowAt(this.tops, y);
    return { key: this.keys[index] ?? null, index, into: y - (this.tops[index] ?? 0) };
  }

  /** @param {{key: number | null, index: number, into: number}} held */
  #wanted(held) {
    const all = this.tops[this.keys.length] ?? 0;
    const base = this.#base();
    if (this.following) return Math.max(0, base + all - this.scroll.clientHeight);
    if (held.key === null) return this.scroll.scrollTop;
    let index = this.keys[held.index] === held.key ? held.index : this.keys.indexOf(held.key);
    if (index < 0) index = Math.min(held.index, this.keys.length - 1); // it went: what came into its place
    return Math.max(0, base + (this.tops[index] ?? 0) + held.into);
  }

  /** @param {number} scrolled */
  #mount(scrolled) {
    const top = scrolled - this.#base();
    const first = rowAt(this.tops, top - BEYOND_PX);
    const last = Math.min(this.keys.length - 1, rowAt(this.tops, top + this.scroll.clientHeight + BEYOND_PX));
    const wanted = new Set(this.keys.slice(first, last + 1));
    for (const [key, row] of this.rows) if (!wanted.has(key)) this.#unmount(key, row);
    /** @type {Element | null} */
    let before = null;
    for (let index = last; index >= first; index--) {
      const item = this.items[index];
      if (!item) continue;
      const row = this.rows.get(item.seq) ?? this.#make(item);
      row.classList.remove("entry--kept");
      row.setAttribute("aria-posinset", String(index + 1));
      row.setAttribute("aria-setsize", String(this.items.length));
      if (row.nextElementSibling !== before || row.parentElement !== this.list) this.list.insertBefore(row, before);
      before = row;
    }
    // A feed without an article is none (WAI-ARIA 1.2).
    if (this.keys.length) this.list.setAttribute("role", "feed");
    else this.list.removeAttribute("role");
    this.list.style.paddingTop = `${this.tops[first] ?? 0}px`;
    this.list.style.paddingBottom = `${Math.max(0, (this.tops[this.keys.length] ?? 0) - (this.tops[last + 1] ?? 0))}px`;
  }

  /** @param {T} item */
  #make(item) {
    const row = document.createElement("article");
    row.className = "entry";
    row.dataset.seq = String(item.seq);
    this.rows.set(item.seq, row);
    this.#write(item, row);
    return row;
  }

  /**
   * @param {T} item
   * @param {HTMLElement} row
   */
  #write(item, row) {
    const inside = row.contains(document.activeElement) && document.activeElement !== row;
    const act = inside ? /** @type {HTMLElement} */ (document.activeElement).dataset.act : undefined;
    const kept = row.classList.contains("entry--kept");
    row.tabIndex = item.seq === this.cursor ? 0 : -1;
    const made = document.createElement("article");
    this.fill(item, made);
    if (row.className !== made.className) row.className = made.className;
    row.classList.toggle("entry--kept", kept);
    exchange(row, made);
    if (!inside || row.contains(document.activeElement)) return;
    const again = act ? row.querySelector(`[data-act="${act}"]`) : null;
    (again instanceof HTMLElement ? again : row).focus({ preventScroll: true });
  }

  /**
   * @param {number} key
   * @param {HTMLElement} row
   */
  #unmount(key, row) {
    if (this.keys.includes(key) && row.contains(document.activeElement)) {
      row.classList.add("entry--kept"); // out of sight, but not out of hand
      return;
    }
    this.rows.delete(key);
    row.remove();
  }

  /** @returns {boolean} whether a height was news */
  #measure() {
    let news = false;
    for (const [key, row] of this.rows) {
      if (row.classList.contains("entry--kept")) continue;
      news = this.heights.set(key, row.getBoundingClientRect().height) || news;
    }
    return news;
  }

  /** The current row went: the one that came into its place is the current one, and has the focus if that had it. */
  #moveCursor() {
    if (this.cursor === null || this.keys.includes(this.cursor)) return;
    const had = this.rows.get(this.cursor)?.contains(document.activeElement) ?? false;
    const index = Math.min(this.at, this.keys.length - 1);
    this.#set(this.keys[index] ?? null);
    if (had) queueMicrotask(() => (index < 0 ? this.scroll.focus() : this.focus(index)));
  }

  /** @param {number | null} key */
  #set(key) {
    if (key === this.cursor) return;
    const before = this.cursor === null ? undefined : this.rows.get(this.cursor);
    if (before) before.tabIndex = -1;
    this.cursor = key;
    const row = key === null ? undefined : this.rows.get(key);
    if (row) row.tabIndex = 0;
  }

  /** @param {FocusEvent} event */
  #focused(event) {
    const row = event.target instanceof Element ? event.target.closest("[data-seq]") : null;
    if (row instanceof HTMLElement) this.#set(Number(row.dataset.seq));
  }

  #atEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_PX;
  }

  /** Somebody is at a row that is not the last: it must not move away under their hands. */
  #reading() {
    const last = this.items[this.items.length - 1];
    return this.cursor !== null && this.cursor !== last?.seq && this.list.contains(document.activeElement);
  }

  #scrolled() {
    this.#settle(this.#atEnd() && !this.#reading());
    this.#later();
  }

  /** @param {boolean} end */
  #settle(end) {
    const following = this.follow && end;
    if (following === this.following) return;
    this.following = following;
    this.dispatchEvent(new CustomEvent("follow", { detail: following }));
  }

  #resized() {
    if (this.width !== this.scroll.clientWidth) {
      this.width = this.scroll.clientWidth;
      this.heights.clear();
    }
    this.#later();
  }
}
