/**
 * Before the start: how long still, and whether the sound works.
 */

import { need } from "../common/boot.js";

/** @typedef {import("../common/boot.js").Texts} Texts */

/** C5, E5, G5: a chord that is heard on small speakers. */
const NOTES = [523.25, 659.25, 783.99];

export class Lobby {
  /**
   * @param {HTMLElement} root
   * @param {Date} starts
   * @param {Texts} texts
   */
  constructor(root, starts, texts) {
    this.starts = starts;
    this.texts = texts;
    this.lead = need("[data-lobby=lead]", HTMLElement, root);
    this.clock = need("[data-lobby=clock]", HTMLElement, root);
    this.said = need("[data-lobby=said]", HTMLElement, root);
    this.timer = 0;
    need("[data-lobby=sound]", HTMLButtonElement, root).addEventListener("click", () => void this.#chime());
  }

  /** @param {boolean} yes */
  show(yes) {
    clearInterval(this.timer);
    if (!yes) return;
    this.timer = window.setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  #tick() {
    const left = Math.ceil((this.starts.valueOf() - Date.now()) / 1000);
    this.lead.textContent = this.texts.say(left > 0 ? "starts_in" : "starting_soon");
    this.clock.hidden = left <= 0;
    if (left <= 0) return;
    const days = Math.floor(left / 86_400);
    const parts = [Math.floor((left % 86_400) / 3600), Math.floor((left % 3600) / 60), left % 60];
    const time = parts.map((part) => String(part).padStart(2, "0")).join(":");
    this.clock.textContent = days ? `${this.texts.say(days === 1 ? "day" : "days", { n: days })} ${time}` : time;
  }

  /** Three notes. The click also lets the picture start with sound later. */
  async #chime() {
    const audio = new AudioContext();
    await audio.resume();
    NOTES.forEach((frequency, index) => {
      const at = audio.currentTime + 0.05 + index * 0.28;
      const tone = new OscillatorNode(audio, { frequency, type: "triangle" });
      const gain = new GainNode(audio, { gain: 0 });
      gain.gain.linearRampToValueAtTime(0.25, at + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
      tone.connect(gain).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.65);
    });
    this.said.textContent = this.texts.say("sound_said");
    setTimeout(() => void audio.close(), 2500);
  }
}
