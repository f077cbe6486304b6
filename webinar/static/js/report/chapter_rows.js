/**
 * Chapters as rows of time and title. The field with a line a chapter stays what is sent; without scripts it is shown.
 */

import { need } from "../common/boot.js";
import { chapters, lines, seconds, written } from "./clock.js";

/** Between two chapters that are added by hand, s. */
const APART_S = 1;

export class ChapterRows {
  /**
   * @param {HTMLFormElement} form
   * @param {HTMLVideoElement} video
   */
  constructor(form, video) {
    this.form = form;
    this.video = video;
    this.field = need("textarea", HTMLTextAreaElement, form);
    this.list = need("[data-chapters-list]", HTMLOListElement, form);
    this.button = need("[data-chapters-add]", HTMLButtonElement, form);
    this.shape = need("[data-chapters-row]", HTMLTemplateElement, form);
    const known = chapters(this.field.value);
    if (known === null) return; // what was typed cannot be read: it is mended as it stands
    this.list.hidden = this.button.hidden = false;
    const whole = this.field.closest(".field");
    if (whole instanceof HTMLElement) whole.hidden = true;
    this.list.append(...known.map(({ at, title }) => this.#row(at, title)));
    this.button.addEventListener("click", () => this.add());
    form.addEventListener("submit", () => this.#write());
  }

  /** At the moment that the picture shows. */
  add() {
    if (this.list.hidden) return;
    const at = Math.round(this.video.currentTime * 10) / 10;
    const rows = [...this.list.children];
    const near = rows.find((row) => Math.abs((this.#at(row) ?? Infinity) - at) < APART_S);
    const row = near ?? this.#row(at, "");
    if (!near) {
      const next = rows.find((other) => (this.#at(other) ?? -1) > at);
      this.list.insertBefore(row, next ?? null);
    }
    /** @type {HTMLInputElement | null} */ (row.querySelector("[data-title]"))?.focus();
  }

  /**
   * @param {Element} row
   * @returns {number | null}
   */
  #at(row) {
    return seconds(/** @type {HTMLInputElement} */ (row.querySelector("[data-at]")).value);
  }

  /**
   * @param {number} at
   * @param {string} title
   * @returns {HTMLLIElement}
   */
  #row(at, title) {
    const row = /** @type {HTMLLIElement} */ (this.shape.content.firstElementChild?.cloneNode(true));
    const time = need("[data-at]", HTMLInputElement, row);
    time.value = written(at);
    time.addEventListener("change", () => {
      const to = seconds(time.value);
      time.setAttribute("aria-invalid", String(to === null));
      if (to !== null) this.video.currentTime = to;
    });
    time.addEventListener("focus", () => {
      const to = seconds(time.value);
      if (to !== null && this.video.paused) this.video.currentTime = to;
    });
    need("[data-title]", HTMLInputElement, row).value = title;
    row.addEventListener("keydown", (event) => {
      // The form has several buttons: from a field none of them is meant.
      if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
    });
    const remove = need("button", HTMLButtonElement, row);
    remove.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector("button") ?? this.button).focus();
    });
    return row;
  }

  /** Rows without a title are none. A time that cannot be read is sent as it stands, for the server to say so. */
  #write() {
    const rows = [...this.list.children].map((row) => {
      const title = /** @type {HTMLInputElement} */ (row.querySelector("[data-title]")).value.trim();
      return { at: this.#at(row), text: /** @type {HTMLInputElement} */ (row.querySelector("[data-at]")).value, title };
    });
    const named = rows.filter((row) => row.title);
    const good = named.flatMap(({ at, title }) => (at === null ? [] : [{ at, title }]));
    const bad = named.filter((row) => row.at === null).map(({ text, title }) => `${text} ${title}`);
    this.field.value = [lines(good), ...bad].filter(Boolean).join("\n");
  }
}
