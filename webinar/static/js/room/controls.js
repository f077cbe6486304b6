/**
 * Play, sound, place in time, quality, picture-in-picture, full screen; by button and by key (space or k, m, f, l, arrows).
 */

import { need } from "../common/boot.js";
import { picture } from "../common/icon.js";
import { STEP_S, SeekBar } from "./seekbar.js";
import { Settings } from "./settings.js";

/** @typedef {import("../media/player.js").Player} Player */
/** @typedef {import("../common/boot.js").Texts} Texts */

const IDLE_MS = 2800;
const LOUDER = 0.1;
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
    /** The viewer muted it themselves: it is not offered to turn on the sound. */
    this.wantsSilence = false;
    this.play = need("[data-control=play]", HTMLButtonElement, root);
    this.mute = need("[data-control=mute]", HTMLButtonElement, root);
    this.volume = need("[data-control=volume]", HTMLInputElement, root);
    this.pip = need("[data-control=pip]", HTMLButtonElement, root);
    this.full = need("[data-control=full]", HTMLButtonElement, root);
    this.settings = new Settings(root, player, texts);
    this.seekbar = new SeekBar(root, player, texts, () => this.pausedByViewer);
    this.idle = 0;
    this.pip.hidden = !document.pictureInPictureEnabled;
    this.full.hidden = !root.requestFullscreen && !("webkitEnterFullscreen" in this.video);
    this.video.volume = storedVolume();
    this.#listen();
    this.#paint();
  }

  #listen() {
    this.play.addEventListener("click", () => this.toggle());
    this.mute.addEventListener("click", () => this.toggleSound());
    this.volume.addEventListener("input", () => this.#louder(Number(this.volume.value)));
    this.pip.addEventListener("click", () => void this.#popOut());
    this.full.addEventListener("click", () => void this.toggleFull());
    for (const type of ["play", "pause", "volumechange"]) this.video.addEventListener(type, () => this.#paint());
    document.addEventListener("fullscreenchange", () => this.#paint());
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["pointermove", "pointerdown", "focusin"]) {
      this.root.addEventListener(type, () => this.#awake(), { passive: true });
    }
    this.video.addEventListener("dblclick", () => void this.toggleFull());
    this.#mediaKeys();
    this.#awake();
  }

  /** Keys of headsets and keyboards, and the buttons of the small picture. */
  #mediaKeys() {
    if (!("mediaSession" in navigator)) return;
    const session = navigator.mediaSession;
    session.metadata = new MediaMetadata({ title: document.title });
    session.setActionHandler("play", () => this.toggle());
    session.setActionHandler("pause", () => this.toggle());
    session.setActionHandler("seekbackward", () => this.seekbar.step(-STEP_S));
    session.setActionHandler("seekforward", () => this.seekbar.step(STEP_S));
  }

  /** The element says whether the viewer wants it to play: sessions that come later keep to it. */
  get pausedByViewer() {
    return !this.video.autoplay;
  }

  toggle() {
    this.video.autoplay = this.video.paused;
    if (!this.video.paused) return this.video.pause();
    // Live is now: who comes back is not left behind. What they missed is on the bar.
    if (this.player.past === null) this.player.toLive();
    this.video.play().catch(() => {});
  }

  toggleSound() {
    if (this.video.muted) return this.unmute();
    this.wantsSilence = true;
    this.video.muted = true;
  }

  unmute() {
    this.wantsSilence = false;
    this.video.autoplay = true;
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
    if (event.ctrlKey || event.metaKey || event.altKey || this.player.state === "idle") return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest("textarea, select, [contenteditable], input:not([type=range]), dialog")) return;
    const act = this.#action(event.key, target);
    if (!act) return;
    act();
    event.preventDefault();
    this.#awake();
  }

  /**
   * @param {string} key
   * @param {HTMLElement} target
   * @returns {(() => unknown) | undefined}
   */
  #action(key, target) {
    const letter = key.toLowerCase();
    if (letter === "k") return () => this.toggle();
    if (letter === "m") return () => this.toggleSound();
    if (letter === "f") return () => this.toggleFull();
    if (letter === "l") return () => this.player.toLive();
    // A focused button has the space bar, a slider the arrows, a list its scrolling.
    if (key === " " && !target.closest("button, a, summary")) return () => this.toggle();
    const free = target === document.body || target.id === "main" || this.root.contains(target);
    if (!free || target.closest("input, [data-menu]")) return undefined;
    if (key === "ArrowLeft") return () => this.seekbar.step(-STEP_S);
    if (key === "ArrowRight") return () => this.seekbar.step(STEP_S);
    if (key === "ArrowUp") return () => this.#louder(100 * (this.#volume + LOUDER));
    if (key === "ArrowDown") return () => this.#louder(100 * (this.#volume - LOUDER));
    return undefined;
  }

  /** 0..1, as heard */
  get #volume() {
    return this.video.muted ? 0 : this.video.volume;
  }

  /** @param {number} value 0..100 */
  #louder(value) {
    const volume = Math.min(1, Math.max(0, Math.round(value) / 100));
    this.video.volume = volume;
    this.video.muted = this.wantsSilence = volume === 0;
    if (volume > 0) storeVolume(volume);
  }

  /** The controls leave the picture alone while nobody uses them. */
  #awake() {
    this.root.classList.remove("is-idle");
    clearTimeout(this.idle);
    this.idle = window.setTimeout(() => {
      const used = this.settings.open || this.root.querySelector(".stage__controls :focus-visible");
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
