/**
 * Chapters: a list that leads to them, marks on the bar, the one that is playing, and keys (N next, P the one before).
 */

import { need } from "../common/boot.js";

/** @typedef {{at: number, title: string}} Chapter */
/** @typedef {import("../media/player.js").Player} Player */

/** Who goes back this soon after a chapter's beginning wants the one before. */
const BACK_S = 3;
/** A segment may begin a little later than the chapter that it was jumped to for. */
const SLACK_S = 0.5;

export class Chapters {
  /**
   * @param {HTMLElement} root
   * @param {Player} player
   * @param {Chapter[]} listed in order
   * @param {import("../common/boot.js").Texts} texts
   * @param {(at: number) => void} go
   */
  constructor(root, player, listed, texts, go) {
    this.player = player;
    this.listed = listed;
    this.texts = texts;
    this.go = go;
    const list = root.querySelector("[data-replay=chapters]");
    this.buttons = list ? [...list.querySelectorAll("button")] : [];
    this.marked = 0;
    this.name = document.createElement("span");
    this.name.className = "replay__chapter";
    need("[data-control=behind]", HTMLElement, root).after(this.name);
    this.marks = document.createElement("div");
    this.marks.className = "seek__chapters";
    this.marks.setAttribute("aria-hidden", "true");
    need("[data-control=timeline]", HTMLElement, root).append(this.marks);
    for (const button of this.buttons) {
      button.addEventListener("click", () => go(Number(button.dataset.at)));
    }
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Shows which one is playing. */
  look() {
    const { at, length } = this.player.timeline;
    this.#mark(length);
    const now = this.#now(at);
    this.buttons.forEach((button, n) => {
      if (n === now) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    this.name.textContent = this.listed[now]?.title ?? "";
  }

  /** @param {number} at */
  #now(at) {
    return this.listed.reduce((found, chapter, n) => (chapter.at <= at + SLACK_S ? n : found), -1);
  }

  /** @param {number} length s */
  #mark(length) {
    if (!length || length === this.marked) return;
    this.marked = length;
    this.marks.replaceChildren(
      ...this.listed.filter(({ at }) => at > 0 && at < length).map(({ at }) => {
        const mark = document.createElement("i");
        mark.style.setProperty("left", `${(100 * at) / length}%`);
        return mark;
      }),
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.listed.length) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest("textarea, select, [contenteditable], input:not([type=range]), dialog")) return;
    const key = event.key.toLowerCase();
    if (key !== "n" && key !== "p") return;
    event.preventDefault();
    const { at } = this.player.timeline;
    const now = this.#now(at);
    const back = at - (this.listed[now]?.at ?? 0) > BACK_S ? now : now - 1;
    const chapter = this.listed[key === "n" ? now + 1 : Math.max(0, back)];
    if (chapter) this.go(chapter.at);
  }
}
