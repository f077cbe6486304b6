/** The moderator's own words: a message, a reply, or an announcement to all. */

import { uuid } from "../chat/outbox.js";
import { need } from "../common/boot.js";

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */
/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./desk.js").Item} Item */

export class Compose {
  /**
   * @param {ChatClient} client
   * @param {Texts} texts
   */
  constructor(client, texts) {
    this.client = client;
    this.texts = texts;
    const form = need("[data-desk=compose]", HTMLFormElement);
    this.field = need("#compose-field", HTMLTextAreaElement, form);
    this.announce = need("[data-compose=announce]", HTMLInputElement, form);
    this.quote = need("[data-compose=reply]", HTMLElement, form);
    this.note = need("[data-compose=note]", HTMLElement, form);
    /** @type {Item | null} what is answered */
    this.to = null;
    this.busy = false;
    this.attempt = new Attempt();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.announce.addEventListener("change", () => this.announce.checked && this.reply(null));
    need("[data-compose=stop]", HTMLButtonElement, form).addEventListener("click", () => this.reply(null));
  }

  /** @param {Item | null} item */
  reply(item) {
    this.to = item;
    this.quote.hidden = item === null;
    const said = item && `${item.from?.name ?? this.texts.say("anonymous")}: ${item.body}`;
    need("span", HTMLElement, this.quote).textContent = said;
    if (item === null) return;
    this.announce.checked = false;
    this.field.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // The Enter that ends a composition of Korean is not meant for us.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    void this.#send();
  }

  async #send() {
    const body = this.field.value.trim();
    if (!body || this.busy) return;
    this.busy = true;
    this.#say("");
    const to = this.to === null ? {} : { reply_to: this.to.seq };
    const message = this.announce.checked ? { type: "mod", op: "announce", body } : { type: "send", body, ...to };
    try {
      await this.client.call({ cid: this.attempt.cid(message), ...message });
      this.attempt.over();
      this.field.value = "";
      this.announce.checked = false;
      this.reply(null);
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (code === undefined) throw error;
      const known = `nak_${code}`;
      this.#say(this.texts.say(known in this.texts.table ? known : "nak_other"));
    } finally {
      this.busy = false;
    }
  }

  /** @param {string} text */
  #say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }
}

/** One message, sent until it is answered: as long as it is the same it has the same `cid`, and is stored once. */
export class Attempt {
  constructor() {
    this.what = "";
    this.known = "";
  }

  /** @param {object} message */
  cid(message) {
    const what = JSON.stringify(message);
    if (what !== this.what) [this.what, this.known] = [what, uuid()];
    return this.known;
  }

  /** It is stored: the same words are another message. */
  over() {
    this.what = "";
  }
}
