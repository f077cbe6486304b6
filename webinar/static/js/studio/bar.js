/**
 * The line above everything: rehearsal or live, for how long, saved up to where, how many watch, how well it is sent.
 */

import { clock, need } from "../common/boot.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./api.js").LiveFigures} LiveFigures */
/** @typedef {import("../media/whip.js").Publisher} Publisher */

/** Ingest sends its figures every second; after this long without one it is restarting. */
const SILENT_S = 4;

export class Bar {
  /**
   * @param {HTMLElement} root
   * @param {Publisher} publisher
   * @param {Texts} texts
   */
  constructor(root, publisher, texts) {
    this.root = root;
    this.publisher = publisher;
    this.texts = texts;
    this.rehearsal = need("[data-bar=rehearsal]", HTMLElement, root);
    this.prepared = need("[data-bar=ready]", HTMLElement, root);
    /** Whether the check before going live found all as it should be. */
    this.ready = () => false;
    this.live = need("[data-bar=live]", HTMLElement, root);
    this.time = need("[data-bar=time]", HTMLElement, root);
    this.paused = need("[data-bar=paused]", HTMLElement, root);
    this.overload = need("[data-bar=overload]", HTMLElement, root);
    this.saved = need("[data-bar=saved]", HTMLElement, root);
    this.viewers = need("[data-bar=viewers]", HTMLElement, root);
    this.signal = need("[data-bar=signal]", HTMLElement, root);
    this.sent = need("[data-bar=sent]", HTMLElement, root);
    /** @type {{figures: LiveFigures, at: number} | null} */
    this.known = null;
    publisher.addEventListener("figures", () => this.#quality());
    publisher.addEventListener("state", () => this.#quality());
    window.setInterval(() => this.#tick(), 250);
    this.#quality();
  }

  /** @param {LiveFigures} figures */
  show(figures) {
    this.known = { figures, at: performance.now() };
    const live = figures.state === "live";
    const before = figures.state !== "live" && figures.state !== "ended";
    const ready = this.ready();
    this.rehearsal.hidden = !before || ready;
    this.prepared.hidden = !before || !ready;
    this.live.hidden = !live;
    this.saved.hidden = !live;
    this.paused.hidden = !live || !figures.paused;
    this.overload.hidden = !live || figures.overload === 0;
    this.saved.classList.toggle("bad", live && figures.program_time_s - figures.recorded_until_s > 5);
    this.viewers.hidden = figures.state === "ended"; // nobody waits any more
    label(this.saved, this.texts.say("saved", { t: clock(figures.recorded_until_s) }));
    label(this.viewers, live ? this.texts.say("viewers", { n: figures.viewers.watching }) : this.texts.say("in_lobby", { n: figures.viewers.lobby }));
    this.#tick();
    this.#quality();
  }

  /** @returns {boolean} whether the server receives a picture, from here or from elsewhere */
  get receiving() {
    return this.known?.figures.publisher?.connected ?? false;
  }

  #tick() {
    if (!this.known || this.known.figures.state !== "live") return;
    const { figures, at } = this.known;
    // Between two answers the clock runs on by itself, but not while ingest is silent.
    const since = Math.min((performance.now() - at) / 1000, 2);
    this.time.textContent = clock(figures.program_time_s + ((figures.ingest_silent_s ?? 9) < SILENT_S ? since : 0));
  }

  #quality() {
    const { state, figures } = this.publisher;
    const grade = this.#grade();
    this.signal.dataset.grade = grade;
    this.signal.hidden = grade === "off";
    label(this.signal, this.texts.say(`signal_${grade}`));
    const ms = Math.round(figures.rttMs);
    if (state !== "sending" || figures.bitrate <= 0) this.sent.textContent = "";
    else if (!figures.height) this.sent.textContent = this.texts.say("sent_sound", { kbit: Math.round(figures.bitrate / 1000), ms });
    else {
      this.sent.textContent = this.texts.say("sent", {
        mbit: (figures.bitrate / 1e6).toFixed(1), fps: Math.round(figures.fps), height: figures.height,
        ms,
      });
    }
  }

  /** @returns {"off" | "good" | "fair" | "poor" | "away"} */
  #grade() {
    const { state, figures } = this.publisher;
    if (state === "off" || state === "taken" || state === "refused") return "off";
    if (state !== "sending") return "away";
    if ((this.known?.figures.ingest_silent_s ?? 0) > SILENT_S) return "away";
    if (figures.loss > 0.08 || figures.rttMs > 600) return "poor";
    if (figures.loss > 0.02 || figures.rttMs > 250 || figures.limited === "bandwidth") return "fair";
    return "good";
  }
}

/**
 * @param {HTMLElement} chip
 * @param {string} text
 */
function label(chip, text) {
  need("span", HTMLElement, chip).textContent = text;
}
