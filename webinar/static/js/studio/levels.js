/**
 * How loud each source is, as it goes out, and how loud it shall be.
 */

import { need } from "../common/boot.js";
import { VOICES } from "./sound.js";

/**
 * @typedef {import("./devices.js").Devices} Devices
 * @typedef {import("./sound.js").Sound} Sound
 * @typedef {import("./sound.js").Voice} Voice
 */

const METER_MS = 66;
/** Of the meter's 60 dB: below the one a voice is hard to hear, above the other it is cut off. */
const QUIET = 0.25;
const LOUD = 0.95;

/** Fires "change" when a volume was changed. */
export class Levels extends EventTarget {
  /**
   * @param {HTMLElement} root
   * @param {Devices} devices
   * @param {Sound} sound
   */
  constructor(root, devices, sound) {
    super();
    this.sound = sound;
    const screen = need("[data-source=screen-sound]", HTMLElement, root);
    devices.addEventListener("change", () => (screen.hidden = devices.screenSound === null));
    for (const voice of VOICES) this.#row(need(`[data-level=${voice}]`, HTMLElement, root), voice);
  }

  /**
   * @param {HTMLElement} row
   * @param {Voice} voice
   */
  #row(row, voice) {
    const meter = need("[role=meter]", HTMLElement, row);
    const bar = need(".source__bar", HTMLElement, row);
    const volume = need("input[type=range]", HTMLInputElement, row);
    const said = need("output", HTMLOutputElement, row);
    volume.addEventListener("input", () => {
      said.textContent = `${volume.value}%`;
      this.sound.turn(voice, Number(volume.value) / 100);
      this.dispatchEvent(new Event("change"));
    });
    window.setInterval(() => {
      const level = this.sound.level(voice);
      bar.style.transform = `scaleX(${level.toFixed(3)})`;
      meter.dataset.loud = level > LOUD ? "clipping" : level < QUIET ? "quiet" : "good";
      meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
    }, METER_MS);
  }
}
