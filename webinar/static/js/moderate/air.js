/** Whether the event is on air. Its end is told by the room; its beginning by no frame, so the page itself is asked. */

import { within } from "../media/backoff.js";

/** @typedef {{live: boolean, hls_url: string | null}} Air `hls_url`: the live picture, null while there is none */

const LOOK_MS = 10_000;
const ANSWER_MS = 5000;

export class OnAir {
  /**
   * @param {boolean} live as the page was made
   * @param {() => Promise<Air>} look how it is now
   * @param {(live: boolean) => void} changed
   */
  constructor(live, look, changed) {
    this.look = look;
    this.changed = changed;
    this.ended = false;
    changed(live);
    if (!live) this.#later();
  }

  /** For good: an event begins once. */
  end() {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.changed(false);
  }

  #later() {
    this.timer = setTimeout(() => void this.#again(), LOOK_MS);
  }

  async #again() {
    let live = false;
    try {
      live = !document.hidden && (await this.look()).live;
    } catch (error) {
      console.debug("whether the event is on air is not known", error); // the next look tells
    }
    if (this.ended) return;
    if (live) this.changed(true);
    else this.#later();
  }
}

/** What this page would say if it was made now. @returns {Promise<Air>} */
export async function airNow() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store", signal: within(ANSWER_MS) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("boot");
  if (!fresh?.textContent) throw new Error("another page came"); // signed out meanwhile
  const { event, hls_url } = JSON.parse(fresh.textContent);
  return { live: event.state === "live", hls_url };
}
