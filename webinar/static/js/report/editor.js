/**
 * The recording's page: where the part begins and ends is taken from the picture, by button and by key (I, O, C, space,
 * arrows, comma and full stop), and chapters are rows instead of lines.
 */

import { need } from "../common/boot.js";
import { ChapterRows } from "./chapter_rows.js";
import { seconds, written } from "./clock.js";

const STEP_S = 5;
const PICTURE_S = 1 / 30;

class Editor {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.video = need("[data-editor=video]", HTMLVideoElement, root);
    this.from = need("[data-editor=from]", HTMLInputElement, root);
    this.to = need("[data-editor=to]", HTMLInputElement, root);
    this.line = need("[data-editor=line]", HTMLElement, root);
    this.part = need("[data-editor=part]", HTMLElement, root);
    const form = document.querySelector("[data-chapters]");
    this.rows = form instanceof HTMLFormElement ? new ChapterRows(form, this.video) : null;
    for (const [name, field] of /** @type {const} */ ([["set-from", this.from], ["set-to", this.to]])) {
      const button = need(`[data-editor=${name}]`, HTMLButtonElement, root);
      button.hidden = false;
      button.addEventListener("click", () => this.#take(field));
    }
    need("[data-editor=keys]", HTMLElement, root).hidden = false;
    for (const field of [this.from, this.to]) {
      field.addEventListener("input", () => this.#paint());
      field.addEventListener("change", () => this.#show(field));
    }
    this.video.addEventListener("loadedmetadata", () => this.#paint());
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#paint();
  }

  /** @param {HTMLInputElement} field */
  #take(field) {
    field.value = written(this.video.currentTime);
    this.#paint();
  }

  /** What was typed is looked at. @param {HTMLInputElement} field */
  #show(field) {
    const at = seconds(field.value);
    if (at !== null) this.video.currentTime = at;
  }

  /** The part that is kept, on a line as long as the recording. */
  #paint() {
    const { duration } = this.video;
    const [from, to] = [seconds(this.from.value), seconds(this.to.value)];
    this.line.hidden = !Number.isFinite(duration);
    for (const [field, at] of /** @type {const} */ ([[this.from, from], [this.to, to]])) {
      field.setAttribute("aria-invalid", String(at === null && field.value !== ""));
    }
    if (this.line.hidden || !duration) return;
    const begin = Math.min(1, Math.max(0, (from ?? 0) / duration));
    const end = Math.min(1, Math.max(begin, (to ?? duration) / duration));
    this.part.style.setProperty("left", `${100 * begin}%`);
    this.part.style.setProperty("width", `${100 * (end - begin)}%`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    if (event.key === " " && target.closest("button, a, summary, video")) return;
    const act = this.#action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  /**
   * @param {string} key
   * @returns {(() => unknown) | undefined}
   */
  #action(key) {
    const { video } = this;
    const by = (/** @type {number} */ s) => () => {
      video.currentTime = Math.min(Math.max(0, video.currentTime + s), video.duration || Infinity);
    };
    return {
      i: () => this.#take(this.from),
      o: () => this.#take(this.to),
      c: () => this.rows?.add(),
      " ": () => (video.paused ? video.play().catch(() => {}) : video.pause()),
      arrowleft: by(-STEP_S),
      arrowright: by(STEP_S),
      ",": by(-PICTURE_S),
      ".": by(PICTURE_S),
    }[key.toLowerCase()];
  }
}

const root = document.querySelector("[data-editor]");
if (root instanceof HTMLElement) new Editor(root);
