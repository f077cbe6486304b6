/** Whether the event is on air. Its end is told by the room; its beginning by no frame, so the page itself is asked. */

const LOOK_MS = 10_000;

export class OnAir {
  /**
   * @param {HTMLElement} badge hidden when the page was made before the beginning
   * @param {() => Promise<boolean>} look whether it is on air now
   */
  constructor(badge, look) {
    this.badge = badge;
    this.look = look;
    this.ended = false;
    if (badge.hidden) this.#later();
  }

  /** For good: an event begins once. */
  end() {
    this.ended = true;
    this.badge.hidden = true;
    clearTimeout(this.timer);
  }

  #later() {
    this.timer = setTimeout(() => void this.#again(), LOOK_MS);
  }

  async #again() {
    let live = false;
    try {
      live = !document.hidden && (await this.look());
    } catch (error) {
      console.debug("whether the event is on air is not known", error); // the next look tells
    }
    if (this.ended) return;
    this.badge.hidden = !live;
    if (!live) this.#later();
  }
}

/** What this page would show if it was made now. */
export async function shownLive() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-desk=live]");
  return fresh !== null && !fresh.hasAttribute("hidden");
}
