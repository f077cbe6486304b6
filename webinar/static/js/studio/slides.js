/**
 * The slides of a PDF beside the program: which one is shown, which comes next, all of them small.
 */

import { need } from "../common/boot.js";
import { toast } from "../common/toast.js";
import { Pdf, PdfError } from "./pdf.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {{n: number, title: string, picture: ImageBitmap, fresh: boolean}} Slide fresh: the first of a file just opened */

/** Twice what they are shown at, for dense displays. */
const SMALL = { width: 320, height: 180 };
/** So many whole pages are kept ready: those before and after the one that is shown. */
const KEPT = 5;

/** Fires "slide" with what is shown from now on (`detail`: a Slide), "closed" when there is none any more. */
export class Slides extends EventTarget {
  /**
   * @param {HTMLElement} root
   * @param {Texts} texts
   * @param {{width: number, height: number}} size of the program
   */
  constructor(root, texts, size) {
    super();
    this.root = root;
    this.texts = texts;
    this.size = size;
    /** @type {Pdf | null} */
    this.pdf = null;
    this.n = 0;
    /** @type {Map<number, Promise<HTMLCanvasElement>>} */
    this.ready = new Map();
    this.strip = need("[data-slides=strip]", HTMLElement, root);
    this.count = need("[data-slides=count]", HTMLElement, root);
    this.next = need("[data-slides=next]", HTMLElement, root);
    this.name = need("[data-slides=name]", HTMLElement, root);
    this.previousButton = need("[data-slides=back]", HTMLButtonElement, root);
    this.nextButton = need("[data-slides=forth]", HTMLButtonElement, root);
    this.previousButton.addEventListener("click", () => void this.step(-1));
    this.nextButton.addEventListener("click", () => void this.step(1));
    need("[data-slides=close]", HTMLButtonElement, root).addEventListener("click", () => this.close());
    this.strip.addEventListener("click", (event) => this.#picked(event));
  }

  /** @returns {boolean} */
  get open() {
    return this.pdf !== null;
  }

  /**
   * @param {File} file
   * @param {(text: string) => void} [say] how far it is
   * @throws {PdfError} what is open stays open then
   */
  async load(file, say = () => {}) {
    const { name } = file;
    const opening = this.texts.say("pdf_opening", { name });
    say(opening);
    const pdf = await Pdf.open(file, (share) => say(`${opening} ${Math.round(share * 100)}%`));
    say(this.texts.say("pdf_drawing", { name, n: pdf.pages }));
    const first = await pdf.draw(1, this.size).catch((error) => {
      void pdf.close();
      throw error;
    });
    this.#drop();
    this.pdf = pdf;
    this.ready.set(1, Promise.resolve(first));
    this.name.textContent = name;
    this.root.hidden = false;
    const small = this.#strip(pdf);
    // Viewers' picture before the small ones: all are drawn by one worker.
    await this.show(1, true);
    void this.#fill(pdf, small);
  }

  close() {
    this.#drop();
    this.root.hidden = true;
    this.dispatchEvent(new Event("closed"));
  }

  /** @param {number} by */
  step(by) {
    return this.show(this.n + by);
  }

  /**
   * @param {number} n from 1; beyond the ends nothing happens
   * @param {boolean} [fresh]
   */
  async show(n, fresh = false) {
    const { pdf } = this;
    if (!pdf || n < 1 || n > pdf.pages) return;
    this.n = n;
    this.#mark(n, pdf.pages);
    try {
      const [drawn, title] = await Promise.all([this.#page(pdf, n), pdf.title(n)]);
      const picture = await createImageBitmap(drawn);
      // Turned on meanwhile, or closed: the newer one is shown.
      if (this.pdf !== pdf || this.n !== n) return picture.close();
      this.dispatchEvent(new CustomEvent("slide", { detail: { n, title, picture, fresh } }));
    } catch (error) {
      if (this.pdf !== pdf) return; // closed meanwhile
      if (!(error instanceof PdfError)) throw error;
      this.ready.delete(n);
      toast(this.texts.say("slide_broken", { n }));
    }
    void this.#prepare(pdf, n);
  }

  /**
   * @param {Pdf} pdf
   * @param {number} n
   */
  #page(pdf, n) {
    const known = this.ready.get(n) ?? pdf.draw(n, this.size);
    this.ready.delete(n);
    this.ready.set(n, known); // the newest is the last to go
    for (const old of this.ready.keys()) {
      if (this.ready.size <= KEPT) break;
      this.ready.delete(old);
    }
    return known;
  }

  /**
   * The neighbours are drawn before they are asked for, one after the other.
   * @param {Pdf} pdf
   * @param {number} n
   */
  async #prepare(pdf, n) {
    for (const near of [n + 1, n - 1]) {
      if (near < 1 || near > pdf.pages || this.pdf !== pdf || this.n !== n) continue;
      try {
        await this.#page(pdf, near);
      } catch (error) {
        if (!(error instanceof PdfError)) throw error;
        this.ready.delete(near); // tried again, and said, when it is to be shown
      }
    }
  }

  /**
   * @param {number} n
   * @param {number} pages
   */
  #mark(n, pages) {
    this.count.textContent = this.texts.say("slide_of", { n, all: pages });
    this.previousButton.disabled = n === 1;
    this.nextButton.disabled = n === pages;
    for (const button of this.strip.querySelectorAll("button")) {
      const now = Number(button.dataset.n) === n;
      button.setAttribute("aria-current", String(now));
      if (now) this.#inSight(button);
    }
    const next = this.strip.querySelector(`[data-n="${n + 1}"] canvas`);
    const copy = next instanceof HTMLCanvasElement ? copied(next) : null;
    this.next.replaceChildren(...(copy ? [copy] : []));
    need("[data-slides=after]", HTMLElement, this.root).hidden = !copy;
  }

  /** Within the strip only: the page stays where it is. @param {HTMLElement} button */
  #inSight(button) {
    const { strip } = this;
    const left = button.offsetLeft - strip.offsetLeft;
    strip.scrollTo({ left: left - (strip.clientWidth - button.offsetWidth) / 2, behavior: "smooth" });
  }

  /**
   * The place of every slide, without its picture still.
   * @param {Pdf} pdf
   */
  #strip(pdf) {
    const buttons = Array.from({ length: pdf.pages }, (_, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "slides__one";
      button.dataset.n = String(index + 1);
      button.setAttribute("aria-label", this.texts.say("slide", { n: index + 1 }));
      const number = document.createElement("span");
      number.className = "figures";
      number.textContent = String(index + 1);
      button.append(number);
      return button;
    });
    this.strip.replaceChildren(...buttons);
    return buttons;
  }

  /**
   * Small pictures of all, drawn one after the other so that the one asked for never waits long.
   * @param {Pdf} pdf
   * @param {HTMLButtonElement[]} buttons
   */
  async #fill(pdf, buttons) {
    for (const [index, button] of buttons.entries()) {
      if (this.pdf !== pdf) return;
      try {
        button.prepend(await pdf.draw(index + 1, SMALL));
      } catch (error) {
        if (this.pdf !== pdf) return; // closed meanwhile
        if (!(error instanceof PdfError)) throw error; // its number stands there
      }
      if (index === this.n) this.#mark(this.n, pdf.pages);
    }
  }

  /** @param {Event} event */
  #picked({ target }) {
    const button = target instanceof Element ? target.closest("button") : null;
    if (button) void this.show(Number(button.dataset.n));
  }

  #drop() {
    const { pdf } = this;
    this.pdf = null;
    this.n = 0;
    this.ready.clear();
    this.strip.replaceChildren();
    void pdf?.close();
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {HTMLCanvasElement}
 */
function copied(canvas) {
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  copy.getContext("2d")?.drawImage(canvas, 0, 0);
  return copy;
}
