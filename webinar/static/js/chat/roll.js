/**
 * The full names of guests, for staff: the room may know a guest by a short form only. Asked of the web service, many at
 * once, and kept while the page is open; without it the short forms stand alone.
 */

import { Refused, Unreachable } from "../media/signalling.js";

/** @typedef {import("./log.js").Author} Author */
/** @typedef {{id: string, name: string}} Named */

/** Who arrives together is asked for together. */
const GATHER_MS = 50;
const MOST = 100;
const AGAIN_MS = 5000;

/** Fires "change" when names became known. */
export class Roll extends EventTarget {
  /** @param {(ids: string[]) => Promise<Named[]>} ask for at most 100 */
  constructor(ask) {
    super();
    this.ask = ask;
    /** @type {Map<string, string>} by id; empty: nobody knows one */
    this.names = new Map();
    /** @type {Set<string>} to be asked for */
    this.wanted = new Set();
    this.timer = 0;
  }

  /** The name that the room does not show of a guest; nothing when it does, or while nobody knows. @param {Author | null | undefined} author */
  full(author) {
    if (!author || author.role !== "attendee" || !author.name) return "";
    const name = this.names.get(author.id);
    if (name === undefined) this.#want(author.id);
    return name && name !== author.name ? name : "";
  }

  /** Both, in words. @param {Author | null | undefined} author */
  both(author) {
    const full = this.full(author);
    return full ? `${author?.name} (${full})` : (author?.name ?? "");
  }

  /** Fills the places that were made before there was a roll. */
  begin() {
    for (const place of document.querySelectorAll("[data-full]")) {
      if (place instanceof HTMLElement && place.dataset.shown) this.#want(place.dataset.full ?? "");
    }
  }

  /** @param {string} id */
  #want(id) {
    this.wanted.add(id);
    if (!this.timer) this.timer = window.setTimeout(() => void this.#look(), GATHER_MS);
  }

  async #look() {
    const ids = [...this.wanted].slice(0, MOST);
    let after = GATHER_MS;
    try {
      const found = new Map((await this.ask(ids)).map(({ id, name }) => [id, name]));
      for (const id of ids) {
        this.wanted.delete(id);
        this.names.set(id, found.get(id) ?? "");
      }
      this.#paint(ids);
      this.dispatchEvent(new Event("change"));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      after = AGAIN_MS; // the web service is away
    }
    this.timer = this.wanted.size ? window.setTimeout(() => void this.#look(), after) : 0;
  }

  /** @param {string[]} ids */
  #paint(ids) {
    for (const id of ids) {
      const name = this.names.get(id) ?? "";
      for (const place of document.querySelectorAll(`[data-full="${CSS.escape(id)}"]`)) {
        if (place instanceof HTMLElement) place.textContent = name === place.dataset.shown ? "" : name;
      }
    }
  }
}
