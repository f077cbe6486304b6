/**
 * Before going live: camera, microphone, the way to the server, each with one word how it is and what to do.
 */

import { need } from "../common/boot.js";

/**
 * @typedef {import("../common/boot.js").Texts} Texts
 * @typedef {import("./bar.js").Bar} Bar
 * @typedef {import("./devices.js").Devices} Devices
 * @typedef {import("./sound.js").Sound} Sound
 * @typedef {import("../media/whip.js").Publisher} Publisher
 * @typedef {"good" | "warn" | "bad" | "open"} Grade open: not known yet
 */

const LOOK_MS = 500;
/** Of the meter's 60 dB: what a voice at a desk reaches. */
const HEARD = 0.35;
/** So long a microphone may be silent before something is said about it. */
const QUIET_MS = 8000;
/** Of a picture with a person in it at 720p, less is seen. */
const POOR_BITRATE = 500_000;
/** An encoder begins low and finds its way up. */
const SETTLE_MS = 6000;

/** @type {Record<Grade, string>} */
const ICONS = { good: "check", warn: "alert", bad: "alert", open: "clock" };

export class Check {
  /**
   * @param {HTMLElement} root
   * @param {{devices: Devices, slides: {open: boolean}, sound: Sound, publisher: Publisher, bar: Bar, texts: Texts}} parts
   */
  constructor(root, { devices, slides, sound, publisher, bar, texts }) {
    this.root = root;
    this.slides = slides;
    this.devices = devices;
    this.sound = sound;
    this.publisher = publisher;
    this.bar = bar;
    this.texts = texts;
    /** @type {MediaStreamTrack | null} */
    this.microphone = null;
    this.heard = false;
    this.silentSince = 0;
    this.sendsSince = 0;
    this.timer = window.setInterval(() => this.#look(), LOOK_MS);
    devices.addEventListener("change", () => this.#again());
    this.#look();
  }

  /** @returns {boolean} whether all is as it should be for going live */
  get ready() {
    return !this.root.hidden && ["picture", "voice", "way"].every((row) => this.#row(row).dataset.grade === "good");
  }

  /** @param {boolean} yes */
  show(yes) {
    this.root.hidden = !yes;
  }

  /** Another microphone has to be heard, too. */
  #again() {
    if (this.microphone === this.devices.microphone) return;
    this.microphone = this.devices.microphone;
    this.heard = false;
    this.silentSince = performance.now();
  }

  #look() {
    if (this.root.hidden) return;
    this.#grade("picture", ...picture(this.devices, this.slides.open));
    this.#grade("voice", ...this.#voice());
    this.#grade("way", ...this.#way());
  }

  /** @returns {[Grade, string]} */
  #voice() {
    const { microphone } = this.devices;
    if (!microphone) return ["open", "check_no_voice"];
    if (!microphone.enabled) return ["warn", "check_muted"];
    if (this.sound.level("microphone") > HEARD) this.heard = true;
    if (this.heard) return ["good", "check_voice"];
    return performance.now() - this.silentSince > QUIET_MS ? ["warn", "check_unheard"] : ["open", "check_speak"];
  }

  /** @returns {[Grade, string]} */
  #way() {
    const { state, figures } = this.publisher;
    if (state !== "sending") {
      this.sendsSince = 0;
      if (state === "off") return ["open", "check_no_way"];
      return state === "connecting" ? ["open", "send_connecting"] : ["bad", "check_lost_way"];
    }
    this.sendsSince ||= performance.now();
    if (!this.bar.receiving) return ["open", "check_arriving"];
    if (performance.now() - this.sendsSince < SETTLE_MS) return ["open", "check_measuring"];
    const poor = figures.loss > 0.03 || figures.rttMs > 400;
    if (poor) return ["warn", "check_lossy_way"];
    const short = figures.limited === "bandwidth" && figures.bitrate < POOR_BITRATE;
    return short ? ["warn", "check_narrow_way"] : ["good", "check_way"];
  }

  /**
   * @param {string} name
   * @param {Grade} grade
   * @param {string} text
   */
  #grade(name, grade, text) {
    const row = this.#row(name);
    const words = need("[data-check=words]", HTMLElement, row);
    const said = this.texts.say(text);
    if (row.dataset.grade === grade && words.textContent === said) return;
    row.dataset.grade = grade;
    words.textContent = said;
    row.querySelector("use")?.setAttribute("href", `#i-${ICONS[grade]}`);
  }

  /** @param {string} name */
  #row(name) {
    return need(`[data-check=${name}]`, HTMLElement, this.root);
  }
}

/**
 * @param {{camera: MediaStreamTrack | null, screen: MediaStreamTrack | null}} devices
 * @param {boolean} slides whether a PDF is open: it is a picture, too
 * @returns {[Grade, string]}
 */
export function picture({ camera, screen }, slides) {
  const track = camera ?? screen;
  if (!track) return slides ? ["good", "check_slides"] : ["open", "check_no_picture"];
  const { height = 0 } = track.getSettings();
  return height && height < 480 ? ["warn", "check_small_picture"] : ["good", "check_picture"];
}
