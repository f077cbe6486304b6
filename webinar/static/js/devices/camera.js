/** A speaker's camera and microphone: seen, heard, and given back as others would get them. */

import { need } from "../common/boot.js";
import { DeviceError, Devices } from "../studio/devices.js";
import { Sound } from "../studio/sound.js";

/** @typedef {import("../studio/devices.js").Trouble} Trouble */

const METER_MS = 80;
const RECORD_S = 5;
/** Of the meter: what a voice at a desk reaches. */
const HEARD = 0.35;

/** Fires "opened" with the troubles of both, "heard" once the microphone was, "recorded" after playing back. */
export class CameraTest extends EventTarget {
  /** @param {HTMLElement} root */
  constructor(root) {
    super();
    this.devices = new Devices();
    this.sound = new Sound();
    this.view = need("[data-camera=view]", HTMLVideoElement, root);
    this.stage = need("[data-camera=stage]", HTMLElement, root);
    this.open = need("[data-camera=open]", HTMLButtonElement, root);
    this.record = need("[data-camera=record]", HTMLButtonElement, root);
    this.left = need("[data-camera=left]", HTMLElement, root);
    this.meter = need("[role=meter]", HTMLElement, root);
    this.bar = need(".level__bar", HTMLElement, root);
    this.heard = false;
    this.address = "";
    this.open.addEventListener("click", () => void this.#open());
    this.record.addEventListener("click", () => void this.#record());
    window.setInterval(() => this.#level(), METER_MS);
    window.addEventListener("pagehide", () => this.devices.closeAll());
  }

  async #open() {
    this.open.setAttribute("aria-busy", "true");
    /** @type {{camera: Trouble | null, microphone: Trouble | null}} */
    let troubles;
    try {
      troubles = await this.devices.open();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      troubles = { camera: error.trouble, microphone: error.trouble };
    } finally {
      this.open.removeAttribute("aria-busy");
    }
    const { camera, microphone } = this.devices;
    this.sound.connect({ microphone, screen: null }, false);
    this.#live();
    this.stage.hidden = !camera && !microphone;
    this.open.hidden = camera !== null && microphone !== null;
    this.record.hidden = !microphone || !("MediaRecorder" in globalThis);
    this.dispatchEvent(new CustomEvent("opened", { detail: troubles }));
  }

  #live() {
    const { camera } = this.devices;
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = "";
    Object.assign(this.view, { srcObject: camera && new MediaStream([camera]), muted: true, controls: false });
    this.view.classList.add("is-mirrored");
  }

  /** Five seconds, and what others would hear of them. Nothing leaves this device. */
  async #record() {
    const { camera, microphone } = this.devices;
    const tracks = [camera, microphone].filter((track) => track !== null);
    this.#live();
    this.record.disabled = true;
    try {
      const file = await recorded(new MediaStream(tracks), RECORD_S, (left) => (this.left.textContent = String(left)));
      this.address = URL.createObjectURL(file);
      this.view.classList.remove("is-mirrored");
      Object.assign(this.view, { srcObject: null, src: this.address, muted: false, controls: true });
      await this.view.play();
      await new Promise((resolve) => this.view.addEventListener("ended", resolve, { once: true }));
      this.dispatchEvent(new Event("recorded"));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // unplugged meanwhile
    } finally {
      this.left.textContent = "";
      this.record.disabled = false;
      this.view.removeAttribute("src");
      this.#live();
    }
  }

  #level() {
    const level = this.sound.level("microphone");
    this.bar.style.transform = `scaleX(${level.toFixed(3)})`;
    this.meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
    if (this.heard || level < HEARD) return;
    this.heard = true;
    this.dispatchEvent(new Event("heard"));
  }
}

/**
 * @param {MediaStream} stream
 * @param {number} seconds
 * @param {(left: number) => void} tick
 * @returns {Promise<Blob>}
 */
async function recorded(stream, seconds, tick) {
  const recorder = new MediaRecorder(stream);
  /** @type {Blob[]} */
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  recorder.start();
  for (let left = seconds; left > 0; left -= 1) {
    tick(left);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  if (recorder.state !== "inactive") recorder.stop();
  await stopped;
  return new Blob(parts, { type: recorder.mimeType });
}
