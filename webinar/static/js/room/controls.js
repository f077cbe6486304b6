/**
 * Play, sound, distance from live, quality, picture-in-picture, full screen; by button and by key (space, m, f).
 */

import { need } from "../common/boot.js";

/** @typedef {import("../media/player.js").Player} Player */
/** @typedef {import("../common/boot.js").Texts} Texts */

const IDLE_MS = 2800;
const VOLUME_KEY = "volume";

export class Controls {
  /**
   * @param {HTMLElement} root
   * @param {Player} player
   * @param {Texts} texts
   */
  constructor(root, player, texts) {
    this.root = root;
    this.player = player;
    this.texts = texts;
    this.video = player.video;
    this.pausedByViewer = false;
    /** The viewer muted it themselves: it is not offered to turn on the sound. */
    this.wantsSilence = false;
    this.play = need("[data-control=play]", HTMLButtonElement, root);
    this.mute = need("[data-control=mute]", HTMLButtonElement, root);
    this.volume = need("[data-control=volume]", HTMLInputElement, root);
    this.behind = need("[data-control=behind]", HTMLElement, root);
    this.pip = need("[data-control=pip]", HTMLButtonElement, root);
    this.full = need("[data-control=full]", HTMLButtonElement, root);
    this.menu = need("[data-control=menu]", HTMLDetailsElement, root);
    this.choices = need("[data-control=choices]", HTMLElement, root);
    this.idle = 0;
    this.pip.hidden = !document.pictureInPictureEnabled;
    this.full.hidden = !root.requestFullscreen && !("webkitEnterFullscreen" in this.video);
    this.video.volume = storedVolume();
    this.#listen();
    this.#paint();
    window.setInterval(() => this.#figures(), 1000);
  }

  #listen() {
    this.play.addEventListener("click", () => this.toggle());
    this.mute.addEventListener("click", () => this.toggleSound());
    this.volume.addEventListener("input", () => this.#louder(Number(this.volume.value)));
    this.pip.addEventListener("click", () => void this.#popOut());
    this.full.addEventListener("click", () => void this.toggleFull());
    this.menu.addEventListener("toggle", () => this.menu.open && this.#paintMenu());
    this.choices.addEventListener("click", (event) => this.#choose(event));
    for (const type of ["play", "pause", "volumechange"]) this.video.addEventListener(type, () => this.#paint());
    document.addEventListener("fullscreenchange", () => this.#paint());
    this.player.addEventListener("state", () => this.#figures());
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["pointermove", "pointerdown", "focusin"]) {
      this.root.addEventListener(type, () => this.#awake(), { passive: true });
    }
    this.video.addEventListener("dblclick", () => void this.toggleFull());
    this.#awake();
  }

  toggle() {
    if (!this.video.paused) {
      this.pausedByViewer = true;
      this.video.pause();
      return;
    }
    this.pausedByViewer = false;
    const session = this.player.session;
    if (session?.kind === "hls") session.toLive();
    this.video.play().catch(() => {});
  }

  toggleSound() {
    if (this.video.muted) return this.unmute();
    this.wantsSilence = true;
    this.video.muted = true;
  }

  unmute() {
    this.wantsSilence = false;
    this.pausedByViewer = false;
    if (this.video.volume === 0) this.video.volume = 0.8;
    this.video.muted = false;
    this.video.play().catch(() => {});
  }

  async toggleFull() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (this.root.requestFullscreen) await this.root.requestFullscreen();
    else /** @type {any} */ (this.video).webkitEnterFullscreen?.();
  }

  async #popOut() {
    if (document.pictureInPictureElement) return document.exitPictureInPicture();
    await this.video.requestPictureInPicture();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    const typing = target.closest("input, textarea, select, button, a, summary, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || this.player.state === "idle") return;
    const key = event.key.toLowerCase();
    if (key === " ") this.toggle();
    else if (key === "m") this.toggleSound();
    else if (key === "f") void this.toggleFull();
    else return;
    event.preventDefault();
    this.#awake();
  }

  /** @param {number} value 0..100 */
  #louder(value) {
    this.video.volume = value / 100;
    this.video.muted = value === 0;
    this.wantsSilence = value === 0;
    storeVolume(this.video.volume);
  }

  /** The controls leave the picture alone while nobody uses them. */
  #awake() {
    this.root.classList.remove("is-idle");
    clearTimeout(this.idle);
    this.idle = window.setTimeout(() => {
      const used = this.menu.open || this.root.querySelector(".stage__controls :focus-visible");
      if (!this.video.paused && !used) this.root.classList.add("is-idle");
    }, IDLE_MS);
  }

  #paint() {
    const { paused, muted, volume } = this.video;
    picture(this.play, paused ? "play" : "pause", this.texts.say(paused ? "play" : "pause"));
    const silent = muted || volume === 0;
    picture(this.mute, silent ? "muted" : "sound", this.texts.say(silent ? "unmute" : "mute"));
    this.volume.value = String(silent ? 0 : Math.round(volume * 100));
    const full = document.fullscreenElement === this.root;
    picture(this.full, full ? "fullscreen-exit" : "fullscreen", this.texts.say(full ? "leave_full" : "full"));
    this.root.classList.toggle("is-paused", paused);
  }

  #figures() {
    const behind = this.player.state === "playing" && !this.pausedByViewer ? this.player.session?.figures.behindS : null;
    if (this.pausedByViewer) this.behind.textContent = this.texts.say("paused");
    else if (behind === null || behind === undefined) this.behind.textContent = "";
    // Under a second nobody can tell: a figure would only look like one.
    else if (behind < 1) this.behind.textContent = this.texts.say("real_time");
    else this.behind.textContent = this.texts.say("behind", { s: behind.toFixed(1) });
  }

  #paintMenu() {
    const session = this.player.session;
    const height = session?.figures.height || this.video.videoHeight;
    const auto = this.texts.say("quality_auto") + (height ? ` (${height}p)` : "");
    const chosen = session?.kind === "hls" ? session.hls?.manualLevel ?? -1 : -1;
    /** @type {HTMLElement[]} */
    const items = [this.#item("level", "-1", auto, chosen === -1)];
    for (const { id, label } of session?.levels ?? []) items.push(this.#item("level", String(id), label, chosen === id));
    const heading = document.createElement("p");
    heading.className = "menu__head";
    heading.textContent = this.texts.say("delay");
    const only = this.player.only ?? (session?.kind === "hls" ? "hls" : "");
    items.push(heading, this.#item("transport", "", this.texts.say("delay_least"), only !== "hls"));
    items.push(this.#item("transport", "hls", this.texts.say("delay_steady"), only === "hls"));
    this.choices.replaceChildren(...items);
  }

  /**
   * @param {string} kind
   * @param {string} value
   * @param {string} text
   * @param {boolean} current
   */
  #item(kind, value, text, current) {
    const item = document.createElement("button");
    item.type = "button";
    item.dataset[kind] = value;
    item.textContent = text;
    if (current) item.setAttribute("aria-current", "true");
    return item;
  }

  /** @param {MouseEvent} event */
  #choose(event) {
    const item = event.target instanceof Element ? event.target.closest("button") : null;
    if (!item) return;
    const session = this.player.session;
    if (item.dataset.level !== undefined && session?.kind === "hls") session.choose(Number(item.dataset.level));
    if (item.dataset.transport !== undefined) this.player.prefer(item.dataset.transport === "hls" ? "hls" : null);
    this.menu.open = false;
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} icon
 * @param {string} label
 */
export function picture(button, icon, label) {
  button.querySelector("use")?.setAttribute("href", `#i-${icon}`);
  button.setAttribute("aria-label", label);
  button.title = label;
}

function storedVolume() {
  try {
    const kept = Number(localStorage.getItem(VOLUME_KEY) ?? "1");
    return kept > 0 && kept <= 1 ? kept : 1;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return 1;
  }
}

/** @param {number} volume */
function storeVolume(volume) {
  try {
    localStorage.setItem(VOLUME_KEY, String(volume));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // storage is forbidden: it is not remembered
  }
}
