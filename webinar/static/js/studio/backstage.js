/** What comes behind the rest of the studio: notes behind the scenes, as one more tab, and who the guests are. */

import { need } from "../common/boot.js";
import { NotesPanel } from "../chat/notes.js";
import { Roll } from "../chat/roll.js";

/** @typedef {import("../chat/side.js").Side} Side */

/**
 * @param {HTMLElement} column
 * @param {Side} side
 * @param {import("./api.js").Api} api
 */
export function backstage(column, side, api) {
  side.client.roll = new Roll((ids) => api.names({ ids }));
  side.client.roll.begin();
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
