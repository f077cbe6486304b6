/**
 * Going on air, pausing, and going off: counted down, asked before, said when it did not work.
 */

import { need } from "../common/boot.js";
import { sleep } from "../media/backoff.js";
import { Refused, Unreachable } from "../media/signalling.js";
import { toast } from "../common/toast.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./api.js").Api} Api */

const COUNT = 3;

/** Fires "changed" after the event went live or ended. */
export class Air extends EventTarget {
  /**
   * @param {Api} api
   * @param {Texts} texts
   * @param {() => boolean} receiving whether a picture arrives at the server
   */
  constructor(api, texts, receiving) {
    super();
    this.api = api;
    this.texts = texts;
    this.receiving = receiving;
    this.go = need("[data-air=go]", HTMLButtonElement);
    this.end = need("[data-air=end]", HTMLButtonElement);
    this.pause = need("[data-air=pause]", HTMLButtonElement);
    this.resume = need("[data-air=resume]", HTMLButtonElement);
    this.counter = need("[data-air=count]", HTMLElement);
    this.number = need("[data-air=number]", HTMLElement);
    this.empty = need("#empty-start", HTMLDialogElement);
    this.ask = need("#end-event", HTMLDialogElement);
    /** @type {AbortController | null} */
    this.counting = null;
    this.go.addEventListener("click", () => this.#pressed());
    this.end.addEventListener("click", () => this.ask.showModal());
    this.pause.addEventListener("click", () => this.#do(this.pause, () => this.api.pause(true), "pause_failed"));
    this.resume.addEventListener("click", () => this.#do(this.resume, () => this.api.pause(false), "resume_failed"));
    need("[data-air=cancel]", HTMLButtonElement).addEventListener("click", () => this.counting?.abort());
    decided(this.empty, () => void this.#start());
    decided(this.ask, () => void this.#stop());
  }

  /**
   * @param {string} state of the event
   * @param {boolean} paused
   */
  show(state, paused) {
    const focused = document.activeElement === this.pause || document.activeElement === this.resume;
    this.pause.hidden = state !== "live" || paused;
    this.resume.hidden = state !== "live" || !paused;
    // One takes the other's place: who uses the keyboard stays there.
    if (focused) (paused ? this.resume : this.pause).focus();
    this.go.hidden = state !== "scheduled" && state !== "draft";
    this.go.disabled = state === "draft";
    this.go.title = state === "draft" ? this.texts.say("draft") : "";
    this.end.hidden = state !== "live";
  }

  #pressed() {
    if (this.counting) return;
    if (this.receiving()) void this.#start();
    else this.empty.showModal();
  }

  async #start() {
    this.counting = new AbortController();
    try {
      await this.#countDown(this.counting.signal);
    } catch (error) {
      if (!this.counting.signal.aborted) throw error;
      return;
    } finally {
      this.counter.hidden = true;
      this.counting = null;
    }
    await this.#do(this.go, () => this.api.start(), "start_failed");
  }

  /** @param {AbortSignal} signal */
  async #countDown(signal) {
    this.counter.hidden = false;
    for (let left = COUNT; left > 0; left -= 1) {
      this.number.textContent = String(left);
      await sleep(1000, signal);
    }
  }

  async #stop() {
    await this.#do(this.end, () => this.api.end(), "end_failed");
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {() => Promise<unknown>} call
   * @param {string} failed
   */
  async #do(button, call, failed) {
    button.setAttribute("aria-busy", "true");
    try {
      await call();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      toast(this.texts.say(failed));
    } finally {
      button.removeAttribute("aria-busy");
      this.dispatchEvent(new Event("changed"));
    }
  }
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {() => void} yes
 */
function decided(dialog, yes) {
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") yes();
    dialog.returnValue = "";
  });
}
