/**
 * The live picture, small and silent, so that who moderates sees what is talked about. Over LL-HLS, which asks for no
 * viewer's seat: moderators are not counted among the audience. Only fetched while it is in sight.
 */

import { need } from "../common/boot.js";
import { Backoff, sleep } from "../media/backoff.js";
import { begin } from "../media/begin.js";
import { HlsSession } from "../media/hls.js";

const KEY = "moderate.picture";
const SMALL = "240p";

export class Picture {
  /**
   * @param {() => Promise<import("./air.js").Air>} look
   * @param {import("../common/boot.js").Texts} texts
   */
  constructor(look, texts) {
    this.look = look;
    this.texts = texts;
    this.place = need("[data-desk=picture]", HTMLDetailsElement);
    this.video = need("video", HTMLVideoElement, this.place);
    this.notice = need("[data-picture=notice]", HTMLElement, this.place);
    /** @type {AbortController | null} */
    this.running = null;
    this.place.open = stored() !== "closed";
    this.place.addEventListener("toggle", () => store(this.place.open ? "open" : "closed"));
    // A browser under load may pause what nobody hears; nobody asked it to.
    this.video.addEventListener("pause", () => this.running && begin(this.video));
    // Closed, in a panel that is not shown, before the beginning: all of it is out of sight.
    new IntersectionObserver((seen) => this.#seen(seen.some((one) => one.isIntersecting))).observe(this.video);
  }

  /** @param {boolean} live */
  show(live) {
    this.place.hidden = !live;
  }

  /** @param {boolean} seen */
  #seen(seen) {
    if (seen === Boolean(this.running)) return;
    this.running?.abort(new DOMException("out of sight", "AbortError"));
    this.running = seen ? new AbortController() : null;
    if (this.running) void this.#run(this.running.signal);
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    const backoff = new Backoff(1000, 10_000);
    this.#say("connecting");
    while (!signal.aborted) {
      try {
        const { hls_url } = await this.look(); // another live session has another address
        if (hls_url && !signal.aborted) await this.#play(hls_url, signal, backoff);
      } catch (error) {
        if (!signal.aborted) console.debug("no live picture", error); // the next try may have one
      }
      await sleep(backoff.next(), signal).catch(() => {});
    }
  }

  /**
   * Until it ends.
   * @param {string} url
   * @param {AbortSignal} signal
   * @param {Backoff} backoff
   * @throws {import("../media/signalling.js").NoMedia}
   */
  async #play(url, signal, backoff) {
    const session = new HlsSession(this.video, url, { rendition: SMALL });
    const close = () => session.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      await session.start(signal);
      backoff.reset();
      this.#say("");
      session.onstall = () => this.#say(session.stalled ? "reconnecting" : "");
      await session.ended;
    } finally {
      if (!signal.aborted) this.#say("reconnecting");
      signal.removeEventListener("abort", close);
      session.close();
    }
  }

  /** Instead of a black picture that says nothing. @param {"connecting" | "reconnecting" | ""} key */
  #say(key) {
    this.notice.hidden = !key;
    need("span:last-child", HTMLElement, this.notice).textContent = key ? this.texts.say(key) : "";
  }
}

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}

/** @param {string} value */
function store(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // storage is forbidden: it is not remembered
  }
}
