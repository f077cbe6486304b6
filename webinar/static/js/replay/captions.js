/** Captions of the replay: off, or in one language. What was chosen is remembered. */

const KEY = "captions";

export class Captions {
  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   */
  constructor(root, video) {
    this.video = video;
    const group = root.querySelector("[data-replay=captions]");
    this.buttons = group ? [...group.querySelectorAll("button")] : [];
    const control = root.querySelector("[data-control=captions]");
    this.control = control instanceof HTMLButtonElement ? control : null;
    this.chosen = "";
    for (const button of this.buttons) button.addEventListener("click", () => this.#take(button.value));
    this.control?.addEventListener("click", () => this.#next());
    document.addEventListener("keydown", (event) => this.#key(event));
    if (this.buttons.length) this.#choose(remembered());
  }

  /** The button of the picture goes from none through the languages, also in full screen. */
  #next() {
    const at = this.buttons.findIndex((button) => button.value === this.chosen);
    this.#take(this.buttons[(at + 1) % this.buttons.length]?.value ?? "");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.buttons.length) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest("textarea, select, [contenteditable], input:not([type=range]), dialog")) return;
    if (event.key.toLowerCase() !== "c") return; // also with Caps Lock
    event.preventDefault();
    this.#next();
  }

  /** @param {string} language */
  #take(language) {
    this.#choose(language);
    try {
      localStorage.setItem(KEY, language);
    } catch (error) {
      console.debug("captions are not remembered", error); // storage is off or full
    }
  }

  /** @param {string} language "" for none */
  #choose(language) {
    const there = this.buttons.some((button) => button.value === language);
    this.chosen = there ? language : "";
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.value === this.chosen));
    this.control?.setAttribute("aria-pressed", String(this.chosen !== ""));
    for (const track of this.video.textTracks) {
      if (track.kind === "captions") track.mode = track.language === this.chosen ? "showing" : "disabled";
    }
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}
