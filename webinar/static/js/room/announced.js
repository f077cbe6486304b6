/** What the host announces, over the upper part of the picture for a while; it stays in the chat. Fetched with the first. */

import { need } from "../common/boot.js";

/** Long enough to read: so much, and more for each character. */
const LEAST_MS = 8000;
const PER_CHARACTER_MS = 60;
const MOST_MS = 40_000;
/** Whoever comes back is not shown what was said long ago. */
const FRESH_MS = 60_000;

let timer = 0;

/** @param {import("../chat/log.js").ChatEvent} event */
export function announce({ at, from, body = "" }) {
  if (Date.now() - Date.parse(at) > FRESH_MS) return;
  const root = need("[data-announced=root]", HTMLElement);
  const hide = () => {
    clearTimeout(timer);
    root.hidden = true;
  };
  clearTimeout(timer);
  root.hidden = false; // before the text: a live region speaks of what changes in it
  need("[data-announced=who]", HTMLElement, root).textContent = from?.name ? `· ${from.name}` : "";
  need("[data-announced=body]", HTMLElement, root).textContent = body;
  need("[data-announced=hide]", HTMLButtonElement, root).onclick = hide;
  timer = window.setTimeout(hide, Math.min(MOST_MS, LEAST_MS + body.length * PER_CHARACTER_MS));
}
