/**
 * The devices beside the preview: on and off, which one, how loud, and what to do when one cannot be used.
 */

import { need } from "../common/boot.js";
import { toast } from "../common/toast.js";
import { DeviceError } from "./devices.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./devices.js").Trouble} Trouble */

/** The devices a list lets you choose from. */
const CHOSEN = /** @type {const} */ (["camera", "microphone"]);

export class Sources {
  /**
   * @param {HTMLElement} root
   * @param {Devices} devices
   * @param {Texts} texts
   */
  constructor(root, devices, texts) {
    this.root = root;
    this.devices = devices;
    this.texts = texts;
    this.self = need("[data-source=self]", HTMLVideoElement, root);
    this.note = need("[data-source=note]", HTMLElement, root);
    for (const kind of CHOSEN) {
      this.#select(kind).addEventListener("change", () => void this.#choose(kind));
    }
    for (const button of root.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => void this.#act(/** @type {HTMLElement} */ (button)));
    }
    devices.addEventListener("change", () => void this.#paint());
    devices.addEventListener("lost", (event) => this.#lost(/** @type {CustomEvent} */ (event).detail));
    for (const box of root.querySelectorAll("[data-care]")) box.addEventListener("change", () => void this.#treat(box));
    for (const choice of root.querySelectorAll("[data-source=kind] input")) {
      choice.addEventListener("change", () => void this.#look(choice));
    }
    const mirror = need("[data-source=mirror]", HTMLInputElement, root);
    mirror.addEventListener("change", () => this.self.classList.toggle("is-mirrored", mirror.checked));
    void this.#paint();
  }

  /** @returns {boolean} */
  get muted() {
    return this.devices.microphone?.enabled === false;
  }

  /** @param {HTMLElement} button */
  async #act(button) {
    const { devices } = this;
    const action = button.dataset.do ?? "";
    button.setAttribute("aria-busy", "true");
    try {
      this.#explain(null);
      if (action === "open") await this.#open();
      else if (action === "screen") await (devices.screen ? devices.unshare() : devices.share());
      else if (action === "camera") await (devices.camera ? devices.close("camera") : devices.choose("camera"));
      else if (action === "mute") await this.#mute();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#explain(error.trouble, action === "screen" ? "screen" : action === "mute" ? "microphone" : "camera");
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  async #open() {
    const { camera, microphone } = await this.devices.open();
    if (camera) this.#explain(camera, "camera");
    if (microphone) this.#explain(microphone, "microphone");
  }

  /** Muting keeps the device, so that speaking again is instant. */
  async #mute() {
    const { microphone } = this.devices;
    if (!microphone) return this.devices.choose("microphone");
    microphone.enabled = !microphone.enabled;
    this.devices.dispatchEvent(new Event("change"));
  }

  /** @param {"camera" | "microphone"} kind */
  async #choose(kind) {
    try {
      await this.devices.choose(kind, this.#select(kind).value);
      this.#explain(null);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#explain(error.trouble, kind);
      await this.#paint();
    }
  }

  /**
   * @param {Trouble | null} trouble
   * @param {"camera" | "microphone" | "screen"} [kind]
   */
  #explain(trouble, kind = "camera") {
    const text = trouble && trouble !== "cancelled" ? this.texts.say(`${kind}_${trouble}`) : "";
    this.note.textContent = text;
    need("[data-source=problem]", HTMLElement, this.root).hidden = !text;
  }

  /** @param {Element} box */
  async #treat(box) {
    if (!(box instanceof HTMLInputElement)) return;
    try {
      await this.devices.treat(/** @type {import("./devices.js").Care} */ (box.dataset.care), box.checked);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#explain(error.trouble, "microphone");
    }
  }

  /** @param {Element} choice */
  async #look(choice) {
    if (choice instanceof HTMLInputElement) await this.devices.look(choice.value === "film" ? "film" : "text");
  }

  /** @param {{kind: string, other: string}} lost other: the device that took its place, or "" */
  #lost({ kind, other }) {
    toast(this.texts.say(`lost_${kind}`) + (other ? ` ${this.texts.say("instead", { name: other })}` : ""));
  }

  async #paint() {
    const { camera, microphone, screen } = this.devices;
    this.root.classList.toggle("has-camera", camera !== null);
    this.root.classList.toggle("has-microphone", microphone !== null);
    this.root.classList.toggle("has-screen", screen !== null);
    this.#button("mute", microphone && !this.muted ? "mic" : "mic-off", microphone && !this.muted ? "mic_on" : "mic_off", microphone !== null && !this.muted);
    this.#button("camera", camera ? "camera" : "camera-off", camera ? "camera_on" : "camera_off", camera !== null);
    this.#button("screen", "screen", screen ? "stop_sharing" : "share_screen", screen !== null);
    const shown = /** @type {MediaStream | null} */ (this.self.srcObject)?.getVideoTracks()[0] ?? null;
    if (shown !== camera) this.self.srcObject = camera && new MediaStream([camera]);
    need("[data-source=own]", HTMLElement, this.root).hidden = camera === null;
    need("[data-source=kind]", HTMLElement, this.root).hidden = screen === null;
    for (const kind of CHOSEN) await this.#list(kind);
  }

  /**
   * @param {string} action
   * @param {string} icon
   * @param {string} text
   * @param {boolean} on
   */
  #button(action, icon, text, on) {
    for (const button of this.root.querySelectorAll(`[data-do=${action}][data-dock]`)) {
      button.setAttribute("aria-pressed", String(on));
      button.querySelector("use")?.setAttribute("href", `#i-${icon}`);
      const label = button.querySelector("span");
      if (label) label.textContent = this.texts.say(text);
    }
  }

  /** @param {"camera" | "microphone"} kind */
  async #list(kind) {
    const select = this.#select(kind);
    const found = await this.devices.list(kind);
    const current = this.devices[kind]?.getSettings().deviceId ?? "";
    const options = found.map((device, index) => {
      const label = device.label || `${this.texts.say(kind)} ${index + 1}`;
      return new Option(label, device.deviceId, false, device.deviceId === current);
    });
    if (!current) options.unshift(new Option(this.texts.say("not_used"), "", true, true));
    select.replaceChildren(...options);
    select.disabled = !found.length;
  }

  /**
   * @param {"camera" | "microphone"} kind
   * @returns {HTMLSelectElement}
   */
  #select(kind) {
    return need(`[data-source=${kind}]`, HTMLSelectElement, this.root);
  }
}
