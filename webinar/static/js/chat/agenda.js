/**
 * The agenda beside the picture: fetched when somebody looks at it, in the times of their own zone. What runs and what
 * comes next are marked by the platform's clock.
 */

import { ownZone } from "../common/time.js";
import { within } from "../media/backoff.js";

/**
 * @typedef {"over" | "now" | "next" | ""} Standing
 * @typedef {{url: string, now: () => number, state: () => string}} Source `url` of the agenda as HTML; `now`: ms since
 *   1970 by the server; `state` of the event
 */

const ANSWER_MS = 8000;
const LOOK_MS = 5000;

/**
 * @param {{from: number, to: number}[]} items ms since 1970
 * @param {number} now likewise
 * @param {string} state of the event: before the start nothing runs, whatever the clock says, and after the end neither
 * @returns {Standing[]}
 */
export function standing(items, now, state) {
  const live = state === "live";
  const coming = items.filter(({ from, to }) => (live ? from > now : to > now));
  const next = Math.min(...coming.map(({ from }) => from));
  return items.map(({ from, to }) => {
    if (to <= now) return "over";
    if (state === "ended") return "";
    if (live && from <= now) return "now";
    return from === next ? "next" : "";
  });
}

export class AgendaPanel {
  /**
   * @param {HTMLElement} root
   * @param {Source} source
   */
  constructor(root, source) {
    this.root = root;
    this.source = source;
    /** @type {string | null} which agenda stands there */
    this.version = null;
    /** @type {HTMLElement[]} */
    this.items = [];
    this.timer = 0;
  }

  /**
   * @param {string | null} version what is to stand there
   * @throws what `fetch` throws; or an error when it is refused
   */
  async show(version) {
    if (version !== this.version) {
      const first = this.version === null;
      await this.#load();
      this.version = version;
      this.mark();
      if (first) this.#toWhatRuns();
    }
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => this.mark(), LOOK_MS);
    this.mark();
  }

  /** Nobody looks. */
  rest() {
    window.clearInterval(this.timer);
  }

  mark() {
    const spans = this.items.map(({ dataset }) => ({ from: Date.parse(dataset.from ?? ""), to: Date.parse(dataset.to ?? "") }));
    const found = standing(spans, this.source.now(), this.source.state());
    this.items.forEach((item, n) => {
      const at = found[n] ?? "";
      if (item.dataset.at === at) return;
      item.dataset.at = at;
      if (at === "now") item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
      for (const badge of item.querySelectorAll("[data-stands]")) {
        if (badge instanceof HTMLElement) badge.hidden = badge.dataset.stands !== at;
      }
    });
  }

  async #load() {
    const url = new URL(this.source.url, location.href);
    url.searchParams.set("zone", ownZone());
    const answer = await fetch(url, { headers: { Accept: "text/html" }, cache: "no-store", signal: within(ANSWER_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.root.replaceChildren(...page.body.childNodes);
    this.items = [...this.root.querySelectorAll("[data-from]")].filter((one) => one instanceof HTMLElement);
  }

  #toWhatRuns() {
    const at = this.items.find(({ dataset }) => dataset.at === "now") ?? this.items.find(({ dataset }) => dataset.at === "next");
    if (at && at.offsetTop + at.offsetHeight > this.root.clientHeight) this.root.scrollTop = at.offsetTop - this.root.clientHeight / 3;
  }
}
