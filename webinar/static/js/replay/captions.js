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
    for (const button of this.buttons) {
      button.addEventListener("click", () => {
        this.#choose(button.value);
        try {
          localStorage.setItem(KEY, button.value);
        } catch (error) {
          console.debug("captions are not remembered", error); // storage is off or full
        }
      });
    }
    if (this.buttons.length) this.#choose(remembered());
  }

  /** @param {string} language "" for none */
  #choose(language) {
    const there = this.buttons.some((button) => button.value === language);
    const chosen = there ? language : "";
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.value === chosen));
    for (const track of this.video.textTracks) {
      if (track.kind === "captions") track.mode = track.language === chosen ? "showing" : "disabled";
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
