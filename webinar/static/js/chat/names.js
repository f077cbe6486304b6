/** Completion of a host's name after an at sign: a list above the field, moved in by the arrow keys. */

import { element } from "./message.js";
import { mentionAt } from "./rich.js";

/** @typedef {import("./field.js").Field} Field */
/** @typedef {import("./log.js").Author} Author */

const MOST = 6;

export class Names {
  /**
   * @param {HTMLElement} list of role listbox
   * @param {Field} field
   * @param {() => Author[]} hosts
   * @param {(role: string) => string} called how a role is called
   */
  constructor(list, field, hosts, called) {
    this.list = list;
    this.field = field;
    this.hosts = hosts;
    this.called = called;
    /** @type {Author[]} */
    this.found = [];
    this.at = 0;
    this.from = 0;
    const input = field.field;
    input.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    for (const type of ["input", "click", "focus"]) input.addEventListener(type, () => this.#look());
    input.addEventListener("blur", () => this.#show([]));
    // Before the field loses the focus.
    list.addEventListener("pointerdown", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      event.preventDefault();
      if (option) this.#take([...list.children].indexOf(option));
    });
  }

  /** @param {string} text @returns {string[]} ids of those named in it, five at most */
  mentioned(text) {
    return this.hosts().filter((host) => text.includes(`@${host.name}`)).map((host) => host.id).slice(0, 5);
  }

  #look() {
    const input = this.field.field;
    const place = mentionAt(input.value, input.selectionStart);
    if (!place) return this.#show([]);
    this.from = place.from;
    const query = place.query.toLocaleLowerCase();
    this.#show(this.hosts().filter((host) => host.name.toLocaleLowerCase().includes(query)).slice(0, MOST));
  }

  /** @param {Author[]} found */
  #show(found) {
    this.found = found;
    this.at = 0;
    this.list.hidden = !found.length;
    this.list.replaceChildren(
      ...found.map((host, index) => {
        const option = element("li", "names__one");
        option.id = `${this.list.id}-${index}`;
        option.setAttribute("role", "option");
        option.append(element("span", "names__name", host.name), element("span", "names__role", this.called(host.role)));
        return option;
      }),
    );
    this.#mark();
  }

  #mark() {
    [...this.list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === this.at)));
    const input = this.field.field;
    if (this.found.length) input.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else input.removeAttribute("aria-activedescendant");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.found.length || this.field.composes(event)) return;
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way) {
      this.at = (this.at + way + this.found.length) % this.found.length;
      this.#mark();
    } else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) this.#take(this.at);
    else if (event.key === "Escape") this.#show([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} index */
  #take(index) {
    const host = this.found[index];
    if (host) this.field.insert(`@${host.name} `, this.from);
    this.#show([]);
  }
}
