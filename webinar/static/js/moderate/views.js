/**
 * Which panels are in sight. Wide: messages and what is to be reviewed always, and one panel beside them. Narrow: one.
 * The style sheet decides which of the two it is; both choices are kept here.
 */

import { need } from "../common/boot.js";

const ALWAYS = ["messages", "review"];

export class Views {
  /** @param {(name: string) => void} shown called with the panel that stands beside the messages */
  constructor(shown) {
    this.shown = shown;
    this.root = need("[data-desk=root]", HTMLElement);
    this.tabs = [...document.querySelectorAll("[data-show]")].filter((tab) => tab instanceof HTMLButtonElement);
    /** @type {string} the panel that was chosen last */
    this.last = "messages";
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(tab.dataset.show ?? ""));
  }

  get names() {
    return this.tabs.map((tab) => tab.dataset.show ?? "");
  }

  /** @param {string} name */
  show(name) {
    this.last = name;
    this.root.dataset.view = name;
    if (!ALWAYS.includes(name)) this.root.dataset.side = name;
    const { side } = this.root.dataset;
    for (const tab of this.tabs) tab.setAttribute("aria-pressed", String(tab.dataset.show === name || tab.dataset.show === side));
    for (const panel of document.querySelectorAll("[data-panel]")) {
      const { dataset } = /** @type {HTMLElement} */ (panel);
      /** @type {HTMLElement} */ (panel).hidden = !ALWAYS.includes(dataset.panel ?? "") && dataset.panel !== side;
    }
    // Beside the messages it stays in sight.
    this.shown(side ?? name);
  }
}
