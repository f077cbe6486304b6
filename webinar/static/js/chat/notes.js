/**
 * Backstage: what hosts, presenters and moderators write to one another, beside the talk. Attendees get none of it.
 */

import { need } from "../common/boot.js";
import { clockFormat } from "../common/format.js";
import { toast } from "../common/toast.js";
import { Unheard } from "./calls.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("./log.js").ChatEvent} ChatEvent */

/** The server keeps as many for who comes in. */
const SHOWN = 100;

/** Fires "news" with how many came from others. */
export class NotesPanel extends EventTarget {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Texts} texts
   * @param {string} language
   */
  constructor(root, client, texts, language) {
    super();
    this.client = client;
    this.texts = texts;
    this.list = need("[data-notes=list]", HTMLOListElement, root);
    this.empty = need("[data-notes=empty]", HTMLElement, root);
    this.form = need("[data-notes=form]", HTMLFormElement, root);
    this.field = need("[data-notes=field]", HTMLTextAreaElement, root);
    this.clock = clockFormat(language === "ko" ? "ko-KR" : "en-GB");
    /** The newest that stands there: the state of a reconnect tells some of them again. */
    this.last = 0;
    client.addEventListener("frame", (event) => this.#state(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("clear", () => this.#clear());
    client.addEventListener("closed", () => (this.form.hidden = true));
    client.addEventListener("events", (event) => this.#came(/** @type {CustomEvent} */ (event).detail));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.field.addEventListener("keydown", (event) => {
      // An Enter that ends the composition of a Korean syllable sends nothing.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.#send();
    });
  }

  /** @param {any} frame */
  #state(frame) {
    if (frame.type === "state") this.#show(frame.staff?.notes ?? []);
  }

  /** The room is shown anew, and its state tells them again; or it is left for good. */
  #clear() {
    this.last = 0;
    this.list.replaceChildren();
    this.empty.hidden = false;
  }

  /** @param {ChatEvent[]} events */
  #came(events) {
    const notes = this.#show(events.filter((event) => event.type === "note"));
    const others = notes.filter((note) => note.from?.id !== this.client.you?.id).length;
    if (others) this.dispatchEvent(new CustomEvent("news", { detail: others }));
  }

  /**
   * @param {ChatEvent[]} notes in order
   * @returns {ChatEvent[]} those that were new
   */
  #show(notes) {
    const fresh = notes.filter((note) => note.seq > this.last);
    if (!fresh.length) return fresh;
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const atEnd = scrollHeight - scrollTop - clientHeight < 40;
    this.last = fresh.at(-1)?.seq ?? this.last;
    this.list.append(...fresh.map((note) => this.#line(note)));
    while (this.list.children.length > SHOWN) this.list.firstElementChild?.remove();
    this.empty.hidden = true;
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
    return fresh;
  }

  /** @param {ChatEvent} note */
  #line({ from, body, at }) {
    const line = part("li", "note", "");
    const head = part("p", "note__head", "");
    const time = part("time", "figures", this.clock.format(new Date(at)));
    time.setAttribute("datetime", at);
    head.append(part("strong", "", from?.name ?? ""), part("span", "muted", this.texts.say(`role_${from?.role}`)), time);
    line.append(head, part("p", "note__body", body ?? ""));
    return line;
  }

  /** What could not be sent stays in the field. */
  async #send() {
    const body = this.field.value.trim();
    if (!body || this.form.getAttribute("aria-busy")) return;
    this.form.setAttribute("aria-busy", "true");
    try {
      await this.client.call({ type: "mod", op: "note", body });
      if (this.field.value.trim() === body) this.field.value = "";
    } catch (error) {
      if (!(error instanceof Unheard)) throw error;
      toast(this.texts.say(error.code === "down" ? "nak_down" : "nak_other"));
    } finally {
      this.form.removeAttribute("aria-busy");
    }
  }
}

/**
 * @param {string} tag
 * @param {string} name
 * @param {string} text
 */
function part(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}
