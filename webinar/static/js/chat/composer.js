/**
 * Below the messages: the field, what is replied to, names and emoji to choose from; in their place why nobody, or this
 * person, may write just now.
 */

import { need } from "../common/boot.js";
import { Field, tellClosed } from "./field.js";
import { closed, isStaff } from "./gate.js";
import { element } from "./message.js";
import { Names } from "./names.js";
import { removes } from "./thread.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("./thread.js").Line} Line */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Not a picture of every feeling: what people say at talks. The system's own picker has the rest. */
const EMOJI = [..."👏👍🙏🙌💪👌✋🎉😀😂🙂😍🤔😮😢😅😎🔥💡✅❓❗⭐☕"];

export class Composer {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Texts} texts
   */
  constructor(root, client, texts) {
    this.client = client;
    this.texts = texts;
    const form = need("[data-chat=form]", HTMLFormElement, root);
    this.form = form;
    this.gate = need("[data-chat=gate]", HTMLElement, root);
    this.gateText = need("[data-chat=gate-text]", HTMLElement, root);
    this.askInstead = need("[data-chat=ask]", HTMLButtonElement, root);
    this.button = need("button[type=submit]", HTMLButtonElement, form);
    this.reply = need("[data-chat=reply]", HTMLElement, form);
    this.replyText = need("[data-chat=reply-text]", HTMLElement, form);
    const field = need("textarea", HTMLTextAreaElement, form);
    this.field = new Field(form, field, need("[data-chat=hint]", HTMLElement, form), client.outbox, "send", (text) => this.#send(text));
    const role = (/** @type {string} */ name) => texts.say(`role_${name}`);
    this.names = new Names(need("[data-chat=names]", HTMLElement, form), this.field, () => client.room.hosts, role);
    /** @type {Line | null} */
    this.to = null;
    this.waitUntil = 0;
    /** How long that wait was when it began. */
    this.waitS = 0;
    this.slowUntil = 0;
    this.away = false;
    this.timer = 0;
    this.#emoji(need("[data-chat=emoji]", HTMLElement, form));
    need("[data-chat=reply-off]", HTMLButtonElement, form).addEventListener("click", () => this.replyTo(null, ""));
    field.addEventListener("keydown", (event) => {
      // One that closes the list of names, or undoes a syllable, is not meant for the reply.
      if (event.key === "Escape" && !event.defaultPrevented && !this.field.composes(event)) this.replyTo(null, "");
    });
    client.addEventListener("wait", (event) => {
      const ms = /** @type {CustomEvent} */ (event).detail;
      this.waitUntil = Date.now() + ms;
      this.waitS = Math.ceil(ms / 1000);
      this.look();
    });
    client.addEventListener("room", () => this.look());
    client.addEventListener("state", () => this.look());
  }

  /**
   * @param {Line | null} line
   * @param {string} words of it
   */
  replyTo(line, words) {
    this.to = line;
    this.reply.hidden = !line;
    this.replyText.replaceChildren();
    if (!line) return;
    this.replyText.replaceChildren(element("strong", "", line.from?.name ?? ""), ` ${words}`);
    this.field.field.focus();
  }

  /** Nobody replies to what is not there any more. @param {import("./log.js").ChatEvent[]} events */
  moderated(events) {
    const { to } = this;
    if (to && events.some((event) => removes(event, to.seq, to.from?.id))) this.replyTo(null, "");
  }

  /** @param {boolean} yes the messages above are those of another time: nobody answers them there */
  elsewhere(yes) {
    this.away = yes;
    this.look();
  }

  /** Says what holds now, and again while a time runs down. */
  look() {
    clearTimeout(this.timer);
    const { room, you } = this.client;
    const now = Date.now();
    const shut = closed(room, you, now, "message");
    this.gate.hidden = !shut || this.away;
    this.form.hidden = Boolean(shut) || this.away;
    this.askInstead.hidden = shut?.key !== "gate_questions" || !room.known || !room.settings.questions;
    if (shut) tellClosed(this.gateText, shut, this.texts);
    const usable = this.client.state !== "closed";
    this.field.field.disabled = !usable;
    this.button.disabled = !usable;
    const wait = Math.max(this.waitUntil, this.slowUntil) - now;
    this.field.say(...this.#hint(wait));
    if (wait > 0 || shut?.until) this.timer = window.setTimeout(() => this.look(), 500);
  }

  /**
   * @param {number} wait ms
   * @returns {[text: string, spoken?: string]}
   */
  #hint(wait) {
    const { mode, slow_s } = this.client.room.settings;
    const n = Math.max(1, Math.ceil(wait / 1000));
    if (wait > 0 && this.slowUntil > this.waitUntil) return [this.texts.say("slow_wait", { n }), this.texts.say("slow", { n: slow_s })];
    if (wait > 0) return [this.texts.say("wait", { n }), this.texts.say("wait", { n: this.waitS })];
    const { you } = this.client;
    if (!you || isStaff(you)) return [""];
    const rule = mode === "review" ? this.texts.say("review") : slow_s ? this.texts.say("slow", { n: slow_s }) : "";
    return [[this.texts.say("seen_as", { name: you.name }), rule].filter(Boolean).join(" ")];
  }

  /** @param {string} body @returns {boolean} */
  #send(body) {
    if (this.slowUntil > Date.now()) return false;
    const mentions = this.names.mentioned(body);
    const more = { ...(this.to ? { reply_to: this.to.seq } : {}), ...(mentions.length ? { mentions } : {}) };
    if (!this.client.write(body, more)) {
      this.field.say(this.texts.say("too_many_waiting"));
      return false;
    }
    this.replyTo(null, "");
    const { slow_s } = this.client.room.settings;
    if (slow_s && !isStaff(this.client.you)) this.slowUntil = Date.now() + slow_s * 1000;
    window.setTimeout(() => this.look(), 0);
    return true;
  }

  /** @param {HTMLElement} place */
  #emoji(place) {
    for (const sign of EMOJI) {
      const button = element("button", "emoji__one", sign);
      button.type = "button";
      place.append(button);
    }
    place.addEventListener("click", (event) => {
      if (event.target instanceof HTMLButtonElement) this.field.insert(event.target.textContent ?? "");
    });
  }
}
