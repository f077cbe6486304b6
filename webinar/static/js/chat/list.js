/**
 * A list of messages in the page: kept at its end while somebody reads there, left alone while they read further up, and
 * never longer than a browser likes. Arrow keys move from message to message.
 */

import { removes } from "./thread.js";

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("./message.js").Messages} Messages */
/** @typedef {import("./thread.js").Line} Line */
/** @typedef {import("./thread.js").Thread} Thread */

export const SHOWN = 500;
const NEAR_PX = 48;
const FLASH_MS = 1600;

export class MessageList {
  /**
   * @param {HTMLElement} scroll
   * @param {HTMLOListElement} list
   * @param {Thread} thread
   * @param {Messages} messages
   */
  constructor(scroll, list, thread, messages) {
    this.scroll = scroll;
    this.list = list;
    this.thread = thread;
    this.messages = messages;
    this.following = true;
    /** The thread is shorter than what stands in the page. */
    this.shorter = false;
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  get first() {
    return this.thread.lines[0]?.place ?? 1;
  }

  /** @param {Line[]} lines at the end of the thread */
  append(lines) {
    const page = document.createDocumentFragment();
    let before = this.thread.lines[this.thread.lines.length - lines.length - 1] ?? null;
    for (const line of lines) {
      this.#put(page, line, before);
      before = line;
    }
    this.list.append(page);
    return this.#bound();
  }

  /** @param {Line[]} lines at the beginning of the thread */
  prepend(lines) {
    const page = document.createDocumentFragment();
    lines.forEach((line, index) => this.#put(page, line, lines[index - 1] ?? null));
    const fromEnd = this.scroll.scrollHeight - this.scroll.scrollTop;
    this.list.prepend(page);
    this.scroll.scrollTop = this.scroll.scrollHeight - fromEnd;
  }

  /** @param {Line[]} lines whose look is another now */
  change(lines) {
    for (const line of lines) {
      const item = this.#item(line.place);
      if (!item) continue;
      const at = this.thread.lines.indexOf(line);
      item.replaceWith(this.messages.item(line, this.thread.lines[at - 1] ?? null, this.thread));
    }
  }

  /**
   * What was taken away, or is back, is so in the replies that quote it: also where the message itself is not here any more.
   * @param {ChatEvent[]} events
   */
  requote(events) {
    const moderating = events.filter(({ type }) => type === "delete" || type === "delete_person" || type === "restore");
    if (!moderating.length) return;
    for (const quote of this.list.querySelectorAll("[data-to]")) {
      const { to, of } = /** @type {HTMLElement} */ (quote).dataset;
      const seq = Number(to);
      const meant = moderating.some((event) => event.target === seq || removes(event, seq, of || undefined));
      if (meant) quote.replaceWith(this.messages.quote(seq, this.thread));
    }
  }

  /** @param {Line[]} lines that have left the thread */
  remove(lines) {
    for (const line of lines) this.#item(line.place)?.remove();
  }

  clear() {
    this.list.replaceChildren();
  }

  /** @param {number} place */
  #item(place) {
    const found = this.list.querySelector(`[data-seq="${place}"]`);
    return found instanceof HTMLElement ? found : null;
  }

  /**
   * @param {ParentNode} page
   * @param {Line} line
   * @param {Line | null} before
   */
  #put(page, line, before) {
    const day = this.messages.dayLine(line, before);
    if (day) page.append(day);
    page.append(this.messages.item(line, before, this.thread));
  }

  /**
   * Keeps the page light: only the newest stay, unless somebody is reading further up.
   * @returns {boolean} whether some went
   */
  #bound() {
    if (this.thread.lines.length > (this.following ? SHOWN : SHOWN * 2)) this.cut();
    if (!this.shorter) return false;
    this.shorter = false;
    const { first } = this;
    while (this.list.firstElementChild) {
      const child = /** @type {HTMLElement} */ (this.list.firstElementChild);
      if (child.dataset.seq && Number(child.dataset.seq) >= first) break;
      child.remove();
    }
    return true;
  }

  /** Only the newest of the thread are kept; the page follows with the next ones that are appended. */
  cut() {
    this.thread.keep(SHOWN);
    this.shorter = true;
  }

  /** @returns {boolean} whether the end is in sight now */
  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    return this.following;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.following = true;
  }

  /**
   * @param {number} seq a message's own number
   * @returns {boolean} whether it is here
   */
  jump(seq) {
    const line = this.thread.find(seq);
    const item = line && this.#item(line.place);
    if (!item) return false;
    item.scrollIntoView({ block: "center" });
    item.focus({ preventScroll: true });
    item.classList.add("flash");
    window.setTimeout(() => item.classList.remove("flash"), FLASH_MS);
    return true;
  }

  /** The newest message gets the focus: from there the arrow keys go up. */
  enter() {
    const items = this.list.querySelectorAll("li.msg");
    const last = items[items.length - 1];
    if (last instanceof HTMLElement) last.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const item = event.target instanceof Element ? event.target.closest("li.msg") : null;
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const way = event.key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling";
      let next = item[way];
      while (next && !next.matches("li.msg")) next = next[way];
      if (next instanceof HTMLElement) next.focus();
      event.preventDefault();
    }
    const act = event.target === item ? { Enter: "reply", ArrowLeft: "jump" }[event.key] : undefined;
    const button = act && item.querySelector(`[data-action=${act}]`);
    if (!(button instanceof HTMLElement)) return;
    event.preventDefault();
    event.stopPropagation(); // the arrow is the picture's elsewhere
    button.click();
  }
}
