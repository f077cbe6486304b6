// Short notices in the polite live region `#toasts`: those of the server, and `toast(text)` for scripts.

const SHOWN_MS = 6000;

/** @param {HTMLElement} shown */
function live(shown) {
  const button = shown.querySelector("[data-close-toast]");
  if (button instanceof HTMLElement) button.hidden = false;
  let timer = setTimeout(() => shown.remove(), SHOWN_MS);
  // Who reads it or reaches for it keeps it.
  shown.addEventListener("pointerenter", () => clearTimeout(timer));
  shown.addEventListener("pointerleave", () => { timer = setTimeout(() => shown.remove(), SHOWN_MS / 2); });
  button?.addEventListener("click", () => shown.remove());
}

/**
 * @param {string} text already in the reader's language
 */
export function toast(text) {
  const shape = document.getElementById("toast-shape");
  const place = document.getElementById("toasts");
  if (!(shape instanceof HTMLTemplateElement) || place === null) return;
  const made = shape.content.firstElementChild?.cloneNode(true);
  if (!(made instanceof HTMLElement)) return;
  const span = made.querySelector("span");
  if (span !== null) span.textContent = text;
  // At most three at a time: the oldest goes.
  while (place.querySelectorAll("[data-toast]").length >= 3) place.querySelector("[data-toast]")?.remove();
  place.append(made);
  live(made);
}

export function startToasts() {
  for (const shown of document.querySelectorAll("[data-toast]")) {
    if (shown instanceof HTMLElement) live(shown);
  }
}
