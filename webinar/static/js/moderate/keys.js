/** One key each: keys of the console as a whole, and those of the row that has the focus. */

/** @typedef {{list: import("./list.js").LongList<any>, do: (act: string, item: any) => void, buttons: (item: any) => import("./rows.js").Button[]}} Place */

const MOVES = { j: 1, arrowdown: 1, k: -1, arrowup: -1, pagedown: 8, pageup: -8 };
/** Where letters are written, not pressed. */
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/**
 * Which key it is: by what it writes, so that it is the same letter on every layout; letters of another script (ㅁ) are
 * taken by where they are.
 * @param {{key: string, code: string}} event
 */
export function keyOf({ key, code }) {
  const foreign = key === "Process" || (/^\p{L}$/u.test(key) && !/^[a-z]$/i.test(key));
  return foreign && /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : key.toLowerCase();
}

export class Keys {
  /**
   * @param {() => Place[]} places the lists in sight, the usual one first
   * @param {Record<string, () => void>} commands by key
   */
  constructor(places, commands) {
    this.places = places;
    this.commands = commands;
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** The list that has the focus, else the usual one. @returns {Place | null} */
  get place() {
    const places = this.places();
    return places.find(({ list }) => list.scroll.contains(document.activeElement)) ?? places[0] ?? null;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[type=radio]") && event.key.startsWith("Arrow")) return; // chooses another
    if (target?.closest(TYPING)) {
      if (event.key === "Escape") this.#leave(/** @type {HTMLElement} */ (target));
      return;
    }
    const key = keyOf(event);
    if (event.repeat && !(key in MOVES)) return; // a key that is held down decides once
    if (this.#press(key, target)) event.preventDefault();
  }

  /** @param {HTMLElement} field Escape goes from a field back to the list */
  #leave(field) {
    if (field instanceof HTMLInputElement && field.type === "search" && field.value) {
      field.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    field.blur();
    this.place?.list.move(0);
  }

  /**
   * @param {string} key
   * @param {Element | null} target
   * @returns {boolean} whether it meant something
   */
  #press(key, target) {
    const place = this.place;
    const move = MOVES[/** @type {keyof typeof MOVES} */ (key)];
    if (move && place) {
      place.list.move(move);
      return true;
    }
    const button = target?.closest("button, a, summary");
    if (key === "enter" && button) return false;
    const item = place?.list.list.contains(target) ? place.list.current : null;
    const act = item && place ? place.buttons(item).find((one) => one.key?.toLowerCase() === key) : undefined;
    if (act && place) {
      place.do(act.act, item);
      return true;
    }
    const command = this.commands[key];
    command?.();
    return Boolean(command);
  }
}
