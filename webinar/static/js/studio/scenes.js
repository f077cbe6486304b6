/**
 * The choice of what viewers see: layouts as radio buttons, what goes with each, and the keys for all of it.
 */

import { need } from "../common/boot.js";
import { PdfError } from "./pdf.js";
import { LAYOUTS, possible } from "./scene.js";

/**
 * @typedef {import("../common/boot.js").Texts} Texts
 * @typedef {import("./program.js").Program} Program
 * @typedef {import("./slides.js").Slides} Slides
 * @typedef {import("./scene.js").Scene} Scene
 */

/** What a presenter's clicker sends, and what turns pages on a keyboard. @type {Record<string, number>} */
const STEPS = { PageDown: 1, ArrowRight: 1, ArrowDown: 1, PageUp: -1, ArrowLeft: -1, ArrowUp: -1 };
const CLICKER = new Set(["PageDown", "PageUp"]);

export class Scenes {
  /**
   * @param {HTMLElement} root
   * @param {Program} program
   * @param {Slides} slides
   * @param {Texts} texts
   */
  constructor(root, program, slides, texts) {
    this.root = root;
    this.program = program;
    this.slides = slides;
    this.texts = texts;
    this.file = need("[data-slides=file]", HTMLInputElement);
    this.opener = need("[data-slides=open]", HTMLButtonElement);
    this.status = need("[data-slides=status]", HTMLElement);
    this.said = need("[data-slides=said]", HTMLElement, this.status);
    this.dismiss = need("[data-slides=dismiss]", HTMLButtonElement, this.status);
    this.turn = 0;
    root.addEventListener("change", (event) => this.#chosen(event));
    this.opener.addEventListener("click", () => this.file.click());
    this.dismiss.addEventListener("click", () => {
      this.#say("", false);
      this.opener.focus();
    });
    this.file.addEventListener("change", () => void this.#opened(this.file.files?.[0]));
    slides.addEventListener("slide", (event) => void program.turnTo(/** @type {CustomEvent} */ (event).detail));
    slides.addEventListener("closed", () => void program.turnTo(null));
    program.addEventListener("scene", () => this.#paint());
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#takeDropped(need("[data-studio=root]", HTMLElement));
    this.#paint();
  }

  /** @param {Event} event */
  #chosen({ target }) {
    if (!(target instanceof HTMLInputElement)) return;
    const value = target.type === "checkbox" ? target.checked : target.value;
    this.program.choose({ [target.name]: value });
  }

  /** @param {File | undefined} file */
  async #opened(file) {
    if (!file) return;
    const turn = (this.turn += 1);
    this.opener.setAttribute("aria-busy", "true");
    let wrong = "";
    try {
      await this.slides.load(file, (text) => turn === this.turn && this.#say(text, true));
    } catch (error) {
      if (!(error instanceof PdfError)) throw error;
      wrong = `${file.name}: ${this.texts.say(`pdf_${error.trouble}`)}`;
    } finally {
      if (turn === this.turn) {
        this.#say(wrong, false); // what is wrong stays until it is closed, or another file is opened
        this.opener.removeAttribute("aria-busy");
        this.file.value = ""; // the same file may be chosen again
      }
    }
  }

  /**
   * @param {string} text of the file that is opened; "" for nothing
   * @param {boolean} busy
   */
  #say(text, busy) {
    this.status.hidden = !text;
    this.status.classList.toggle("slides__status--bad", !busy);
    this.dismiss.hidden = busy;
    this.said.textContent = text;
  }

  /** @param {HTMLElement} place */
  #takeDropped(place) {
    const pdf = (/** @type {DragEvent} */ event) =>
      [...(event.dataTransfer?.items ?? [])].find((item) => item.kind === "file" && item.type === "application/pdf");
    place.addEventListener("dragover", (event) => {
      if (pdf(event)) event.preventDefault();
    });
    place.addEventListener("drop", (event) => {
      const file = pdf(event)?.getAsFile();
      if (!file) return;
      event.preventDefault();
      void this.#opened(file);
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const { target } = event;
    const step = STEPS[event.key];
    if (step && this.slides.open && (CLICKER.has(event.key) || !movesByItself(target))) {
      event.preventDefault();
      void this.slides.step(step);
    }
    const layout = LAYOUTS[Number(event.key) - 1];
    if (layout && !writes(target)) this.program.choose({ layout });
  }

  #paint() {
    const { scene } = this.program;
    for (const input of this.root.querySelectorAll("input")) {
      if (input.name === "layout") this.#layout(input, scene);
      else if (input.type === "checkbox") input.checked = Boolean(scene[/** @type {keyof Scene} */ (input.name)]);
      else input.checked = scene[/** @type {keyof Scene} */ (input.name)] === input.value;
    }
    const beside = scene.layout !== "camera" && scene.layout !== "hold";
    this.#option("content", beside && scene.screen && scene.slides);
    this.#option("corner", scene.layout === "corner");
    this.#option("silent", scene.layout === "hold");
  }

  /**
   * @param {HTMLInputElement} input
   * @param {Scene} scene
   */
  #layout(input, scene) {
    const layout = /** @type {import("./scene.js").Layout} */ (input.value);
    input.checked = scene.layout === layout;
    input.disabled = !possible(scene, layout);
    const label = input.closest("label");
    if (label) label.title = input.disabled ? this.texts.say(scene.camera ? "needs_content" : "needs_camera") : "";
  }

  /**
   * @param {string} name
   * @param {boolean} yes
   */
  #option(name, yes) {
    need(`[data-scenes=${name}]`, HTMLElement, this.root).hidden = !yes;
  }
}

/**
 * @param {EventTarget | null} target
 * @returns {boolean} whether keys write there
 */
function writes(target) {
  if (target instanceof HTMLInputElement) return !["radio", "checkbox", "button", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/**
 * @param {EventTarget | null} target
 * @returns {boolean} whether arrows move something there already
 */
function movesByItself(target) {
  if (!(target instanceof Element)) return false;
  return writes(target) || target.matches("input, [role=tab], [role=slider], summary") || target.closest(".chat__scroll, .notes__list, [role=menu], [role=tablist]") !== null;
}
