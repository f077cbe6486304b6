/**
 * After the end: the recording, as soon as it is ready.
 */

import { clock, need } from "../common/boot.js";
import { sleep } from "../media/backoff.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./api.js").Recording} Recording */

const SOON_MS = 500;
const LATER_MS = 5000;

export class Finish {
  /**
   * @param {HTMLElement} root
   * @param {Api} api
   * @param {Texts} texts
   */
  constructor(root, api, texts) {
    this.root = root;
    this.api = api;
    this.texts = texts;
    this.status = need("[data-finish=status]", HTMLElement, root);
    this.busy = need("[data-finish=busy]", HTMLElement, root);
    this.download = need("[data-finish=download]", HTMLAnchorElement, root);
    this.begun = false;
  }

  show() {
    this.root.hidden = false;
    if (this.begun) return;
    this.begun = true;
    void this.#wait();
  }

  async #wait() {
    for (let asked = 0; ; asked += 1) {
      /** @type {Recording | null} */
      let recording = null;
      try {
        recording = await this.api.recording();
      } catch (error) {
        console.debug("recordings not known yet", error); // a restart in between: asked again below
      }
      if (recording && recording.state !== "recording") return this.#settled(recording);
      // There was no programme to record: say so instead of turning for ever.
      if (!recording && asked === 10) this.status.textContent = this.texts.say("no_recording");
      await sleep(asked < 60 ? SOON_MS : LATER_MS);
    }
  }

  /** @param {Recording} recording */
  #settled(recording) {
    this.busy.hidden = true;
    if (recording.state === "failed" || !recording.download_url) {
      this.status.textContent = this.texts.say("recording_failed");
      return;
    }
    const length = clock(recording.duration_s ?? 0);
    this.status.textContent = this.texts.say("recording_ready", { t: length, size: size(recording.bytes ?? 0) });
    this.download.href = recording.download_url;
    this.download.hidden = false;
    this.download.focus();
  }
}

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
