/** The doors of the event: locked or open, and who waits before them. */

import { element, renew } from "../chat/message.js";
import { need } from "../common/boot.js";
import { Refused, Unreachable } from "../media/signalling.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./api.js").DoorState} DoorState */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Answers to one who may not know any more who waits. */
const ENDED = [401, 403, 404, 410];
/** Whoever comes is seen within so long, while the doors are locked and when they are not. */
const LOCKED_MS = 4000;
const OPEN_MS = 20_000;

export class Door {
  /**
   * @param {Api} api
   * @param {Texts} texts
   * @param {(text: string) => void} say what was done, or why not
   * @param {(waiting: number) => void} tell how many wait
   */
  constructor(api, texts, say, tell) {
    this.api = api;
    this.texts = texts;
    this.say = say;
    this.tell = tell;
    this.root = need("[data-door=root]", HTMLElement);
    this.text = need("[data-door=text]", HTMLElement, this.root);
    this.lock = need("[data-door=lock]", HTMLButtonElement, this.root);
    this.all = need("[data-door=all]", HTMLButtonElement, this.root);
    this.list = need("[data-door=list]", HTMLElement, this.root);
    this.locked = false;
    this.over = false;
    this.timer = 0;
    this.lock.addEventListener("click", () => void this.#do(() => this.api.lock(!this.locked), this.locked ? "did_open_door" : "did_lock_door"));
    this.all.addEventListener("click", () => void this.#do(() => this.api.letIn(null), "did_let_all_in"));
    void this.#look();
  }

  /** Nobody comes any more, or it is not told here: the event is over, or one's access is. For good. */
  close() {
    this.over = true;
    clearTimeout(this.timer);
    this.root.hidden = true;
    this.list.replaceChildren();
    this.tell(0);
  }

  async #look() {
    clearTimeout(this.timer);
    if (!document.hidden) {
      try {
        this.#paint(await this.api.door());
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Unreachable)) throw error; // away: it stays as it was
        if (error instanceof Refused && ENDED.includes(error.status)) this.close();
      }
    }
    if (!this.over) this.timer = window.setTimeout(() => void this.#look(), this.locked ? LOCKED_MS : OPEN_MS);
  }

  /** @param {DoorState} state */
  #paint({ locked, waiting }) {
    if (this.over) return;
    this.locked = locked;
    this.root.hidden = false;
    this.root.classList.toggle("door--locked", locked);
    this.text.textContent = this.texts.say(locked ? "door_locked" : "door_open");
    const label = this.lock.querySelector("span");
    if (label) label.textContent = this.texts.say(locked ? "open_door" : "lock_door");
    this.all.hidden = waiting.length < 2;
    renew(this.list, waiting.map(({ id, name }) => [`${id} ${name}`, () => this.#row(id, name)]));
    this.tell(waiting.length);
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  #row(id, name) {
    const item = element("li", "door__one");
    const button = element("button", "button button--small", this.texts.say("let_in"));
    button.type = "button";
    button.setAttribute("aria-label", this.texts.say("let_in_whom", { name }));
    button.addEventListener("click", () => void this.#do(() => this.api.letIn(id), "did_let_in", name));
    item.append(element("strong", "", name), button);
    return item;
  }

  /**
   * @param {() => Promise<DoorState>} what
   * @param {string} said
   * @param {string} [name]
   */
  async #do(what, said, name = "") {
    try {
      this.#paint(await what());
      this.say(this.texts.say(said, { name }));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      this.say(this.texts.say("door_failed"));
    }
    void this.#look();
  }
}
