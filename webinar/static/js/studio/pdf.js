/**
 * A PDF as slides. pdf.js is fetched when one is opened, and not before; it and its worker come from this server, need no eval
 * and no WebAssembly, and bring the character maps that Korean, Chinese and Japanese fonts need.
 */

/**
 * @typedef {{width: number, height: number}} Size
 * @typedef {{getViewport(wish: {scale: number}): Size, render(wish: object): {promise: Promise<void>, cancel(): void},
 *   getTextContent(): Promise<{items: {str?: string, height?: number, hasEOL?: boolean}[]}>, cleanup(): void}} Page
 * @typedef {{numPages: number, getPage(n: number): Promise<Page>, loadingTask: {destroy(): Promise<void>}}} Document
 */

/** A title is no more than this. */
const TITLE = 120;

/** @typedef {"locked" | "broken" | "loading"} PdfTrouble */

export class PdfError extends Error {
  /**
   * @param {PdfTrouble} trouble
   * @param {unknown} cause
   */
  constructor(trouble, cause) {
    super(trouble, { cause });
    this.name = "PdfError";
    this.trouble = trouble;
  }
}

export class Pdf {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
  }

  /**
   * @param {Blob} file
   * @param {(share: number) => void} [read] called with how much of it was read, 0 to 1
   * @returns {Promise<Pdf>}
   * @throws {PdfError}
   */
  static async open(file, read) {
    const folder = new URL("../../vendor/pdfjs/", import.meta.url).href;
    /** @type {any} */
    let library;
    try {
      library = await import(`${folder}pdf.js`);
    } catch (error) {
      throw new PdfError("loading", error);
    }
    library.GlobalWorkerOptions.workerSrc = `${folder}pdf.worker.js`;
    /** @type {any} */
    let task;
    try {
      const data = new Uint8Array(await file.arrayBuffer());
      task = library.getDocument({
        data, cMapUrl: `${folder}cmaps/`, cMapPacked: true, standardFontDataUrl: `${folder}standard_fonts/`,
        wasmUrl: `${folder}decoders/`, useWasm: false, enableXfa: false, verbosity: library.VerbosityLevel.ERRORS,
      });
      task.onProgress = (/** @type {{loaded: number, total?: number}} */ { loaded, total }) => {
        if (total) read?.(Math.min(1, loaded / total));
      };
      return new Pdf(await task.promise);
    } catch (error) {
      void task?.destroy(); // its worker
      const name = error instanceof Error ? error.name : "";
      throw new PdfError(name === "PasswordException" ? "locked" : "broken", error);
    }
  }

  get pages() {
    return this.document.numPages;
  }

  /**
   * One page as large as it fits into a box, on white.
   * @param {number} n from 1
   * @param {Size} box pixels
   * @returns {Promise<HTMLCanvasElement>}
   */
  async draw(n, box) {
    const canvas = document.createElement("canvas");
    try {
      const page = await this.document.getPage(n);
      const natural = page.getViewport({ scale: 1 });
      const viewport = page.getViewport({ scale: Math.min(box.width / natural.width, box.height / natural.height) });
      canvas.width = Math.max(1, Math.round(viewport.width));
      canvas.height = Math.max(1, Math.round(viewport.height));
      // "print": not in step with the screen, which stands still in a hidden tab.
      await page.render({ canvas, viewport, intent: "print", background: "#ffffff" }).promise;
      page.cleanup();
    } catch (error) {
      throw new PdfError("broken", error);
    }
    return canvas;
  }

  /**
   * The first line of the largest text of a page: what its author would call it.
   * @param {number} n
   * @returns {Promise<string>} "" where there is no text
   */
  async title(n) {
    try {
      const { items } = await (await this.document.getPage(n)).getTextContent();
      return titleOf(items);
    } catch (error) {
      throw new PdfError("broken", error);
    }
  }

  close() {
    return this.document.loadingTask.destroy();
  }
}

/**
 * @param {{str?: string, height?: number, hasEOL?: boolean}[]} items in the order in which they are read
 * @returns {string}
 */
export function titleOf(items) {
  const written = items.filter((item) => item.str?.trim());
  const largest = Math.max(0, ...written.map((item) => item.height ?? 0));
  const begin = items.findIndex((item) => item.str?.trim() && (item.height ?? 0) >= largest * 0.95);
  if (begin < 0) return "";
  let text = "";
  for (const item of items.slice(begin)) {
    if (item.str?.trim() && (item.height ?? 0) < largest * 0.7) break;
    text += item.str ?? "";
    if (item.hasEOL) text += " ";
    if (text.length > TITLE) break;
  }
  return text.replace(/\s+/g, " ").trim().slice(0, TITLE);
}
