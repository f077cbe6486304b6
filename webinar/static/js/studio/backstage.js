/** The notes behind the scenes, as one more tab of the studio's column. */

import { need } from "../common/boot.js";
import { NotesPanel } from "../chat/notes.js";

/** @typedef {import("../chat/side.js").Side} Side */

/**
 * @param {HTMLElement} column
 * @param {Side} side
 */
export function backstage(column, side) {
  const tab = need("#tab-notes", HTMLButtonElement, column);
  const mark = need("[data-side=mark]", HTMLElement, tab);
  const panel = need("[data-notes=root]", HTMLElement, column);
  tab.hidden = false;
  column.classList.remove("side--alone");
  const notes = new NotesPanel(panel, side.client, side.texts, document.documentElement.lang);
  notes.addEventListener("news", (event) => {
    if (!panel.hidden) return;
    const count = Number(mark.dataset.count ?? 0) + /** @type {CustomEvent} */ (event).detail;
    mark.dataset.count = String(count);
    mark.hidden = false;
    const number = mark.firstElementChild;
    if (number) number.textContent = count > 99 ? "99+" : String(count);
  });
}
