/**
 * Six buttons under the picture, and what everybody presses floating up over it: never more than a few at a time. Who
 * wants no motion sees counts beside the buttons instead.
 */

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */

/** So many float at once, and so many of one second's counts begin to. */
const AFLOAT = 24;
const OF_ONE = 8;
/** As long as the animation in css/room.css lasts. */
const FLOAT_MS = 3200;
const SECOND_MS = 1000;
const COUNTED_MS = 4000;
/** The service drops what is more than 5 in 2 s. */
const MOST = 5;
const WITHIN_MS = 2000;

export class Reactions {
  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} floats over the picture
   * @param {ChatClient} client
   */
  constructor(root, floats, client) {
    this.floats = floats;
    this.client = client;
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map();
    /** Own ones that the next counts will have in them. @type {Map<string, number>} */
    this.own = new Map();
    /** @type {number[]} when the last ones were pressed */
    this.pressed = [];
    /** @type {Map<string, number>} timers that take a count away */
    this.counted = new Map();
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    for (const button of root.querySelectorAll("button")) this.buttons.set(button.value, button);
    root.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button) this.#press(button.value);
    });
    client.addEventListener("reactions", (event) => this.#arrived(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {string} kind */
  #press(kind) {
    const now = performance.now();
    this.pressed = this.pressed.filter((at) => now - at < WITHIN_MS);
    if (this.pressed.length >= MOST || !this.client.react(kind)) return;
    this.pressed.push(now);
    this.own.set(kind, (this.own.get(kind) ?? 0) + 1);
    if (this.still.matches) this.#count(kind, 1);
    else this.#float(kind);
  }

  /** @param {Record<string, number>} counts of the last second */
  #arrived(counts) {
    for (const [kind, count] of Object.entries(counts)) {
      const others = count - (this.own.get(kind) ?? 0);
      this.own.delete(kind);
      if (others <= 0 || document.hidden) continue;
      if (this.still.matches) this.#count(kind, others);
      else for (let n = 0; n < Math.min(others, OF_ONE); n += 1) window.setTimeout(() => this.#float(kind), (n * SECOND_MS) / OF_ONE);
    }
  }

  /** @param {string} kind */
  #float(kind) {
    const sign = this.buttons.get(kind)?.querySelector("svg")?.cloneNode(true);
    if (!(sign instanceof SVGElement) || this.floats.childElementCount >= AFLOAT) return;
    sign.setAttribute("class", "float");
    sign.style.setProperty("--x", `${Math.round(Math.random() * 100)}%`);
    sign.style.setProperty("--sway", `${Math.round(Math.random() * 40 - 20)}px`);
    this.floats.append(sign);
    window.setTimeout(() => sign.remove(), FLOAT_MS);
  }

  /**
   * @param {string} kind
   * @param {number} by
   */
  #count(kind, by) {
    const place = this.buttons.get(kind)?.querySelector("[data-react=count]");
    if (!place) return;
    place.textContent = String(Number(place.textContent) + by);
    window.clearTimeout(this.counted.get(kind));
    this.counted.set(kind, window.setTimeout(() => (place.textContent = ""), COUNTED_MS));
  }
}
