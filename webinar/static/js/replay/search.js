/**
 * Search in the chapters, which are here, and in what was written and asked, which the server has; each hit leads to its
 * moment.
 */

import { clock, need } from "../common/boot.js";
import { within } from "../media/backoff.js";

/** @typedef {{at: number, text: string, who: string}} Hit */

const LEAST = 2;
const PATIENCE_MS = 8000;
/** What answers a picture is written a little after it. */
const BEFORE_S = 5;

export class Search {
  /**
   * @param {HTMLElement} root
   * @param {{chapters: import("./chapters.js").Chapter[], viewer_token: string | null, search_url: string}} page
   * @param {import("../common/boot.js").Texts} texts
   * @param {(at: number) => void} go
   */
  constructor(root, page, texts, go) {
    this.page = page;
    this.texts = texts;
    this.go = go;
    const form = root.querySelector("[data-replay=search]");
    if (!(form instanceof HTMLFormElement)) return;
    this.field = need("input", HTMLInputElement, form);
    this.said = need("[data-replay=found]", HTMLElement, root);
    this.list = need("[data-replay=hits]", HTMLOListElement, root);
    this.asking = new AbortController();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#find();
    });
    this.field.addEventListener("input", () => {
      if (!this.field?.value) this.#show("", null);
    });
  }

  async #find() {
    const text = this.field?.value.trim() ?? "";
    if ([...text].length < LEAST) return this.#show("", null, "too_short");
    this.asking?.abort();
    this.asking = new AbortController();
    const wanted = text.toLocaleLowerCase();
    /** @type {Hit[]} */
    const hits = this.page.chapters
      .filter(({ title }) => title.toLocaleLowerCase().includes(wanted))
      .map(({ at, title }) => ({ at, text: title, who: "" }));
    try {
      const said = await this.#ask(text, this.asking.signal);
      this.#show(text, [...hits, ...said].sort((a, b) => a.at - b.at));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      this.#show(text, hits, "search_away");
    }
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   * @returns {Promise<Hit[]>}
   */
  async #ask(text, signal) {
    const { viewer_token: token } = this.page;
    if (!token) return [];
    const url = new URL(this.page.search_url, location.href);
    url.searchParams.set("q", text);
    const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
    const response = await fetch(url, { headers, cache: "no-store", signal: within(PATIENCE_MS, signal) });
    if (!response.ok) throw new TypeError(`status ${response.status}`);
    const { items } = await response.json();
    return items.map((/** @type {{at_s: number, text: string, name: string | null}} */ item) => ({
      at: Math.max(0, item.at_s - BEFORE_S),
      text: item.text,
      who: item.name ?? this.texts.say("anonymous"),
    }));
  }

  /**
   * @param {string} text
   * @param {Hit[] | null} hits null: nothing was searched for
   * @param {string} [trouble]
   */
  #show(text, hits, trouble) {
    if (!this.said || !this.list) return;
    const found = hits?.length ?? 0;
    const words = trouble ? this.texts.say(trouble) : found ? this.texts.say("found", { n: found }) : this.texts.say("found_none");
    this.said.textContent = hits || trouble ? words : "";
    this.said.hidden = !this.said.textContent;
    this.list.hidden = !found;
    this.list.replaceChildren(...(hits ?? []).map((hit) => this.#item(hit, text)));
  }

  /**
   * @param {Hit} hit
   * @param {string} wanted
   */
  #item(hit, wanted) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const at = document.createElement("span");
    at.className = "chapters__at figures";
    at.textContent = clock(hit.at);
    const what = document.createElement("span");
    what.append(...marked(hit.text, wanted));
    if (hit.who) {
      const who = document.createElement("small");
      who.textContent = hit.who;
      what.append(who);
    }
    button.append(at, what);
    button.addEventListener("click", () => this.go(hit.at));
    item.append(button);
    return item;
  }
}

/**
 * @param {string} text
 * @param {string} wanted
 * @returns {(string | HTMLElement)[]} the text, with what was searched for marked
 */
function marked(text, wanted) {
  const at = text.toLocaleLowerCase().indexOf(wanted.toLocaleLowerCase());
  if (at < 0) return [text];
  const mark = document.createElement("mark");
  mark.textContent = text.slice(at, at + wanted.length);
  return [text.slice(0, at), mark, text.slice(at + wanted.length)];
}
