/**
 * The chat beside the picture: the newest messages, what is on its way, and the field to write in.
 */

import { need } from "../common/boot.js";
import { Composer } from "./composer.js";
import { Messages } from "./message.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("../common/boot.js").Texts} Texts */

const SHOWN = 500;
/** Bursts are painted together: one layout for all of them. */
const PAINT_MS = 40;
const NEAR_PX = 48;

export class ChatPanel {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Texts} texts
   * @param {string} language
   */
  constructor(root, client, texts, language) {
    this.root = root;
    this.client = client;
    this.texts = texts;
    this.messages = new Messages(texts, language);
    this.list = need("[data-chat=list]", HTMLOListElement, root);
    this.drafts = need("[data-chat=drafts]", HTMLOListElement, root);
    this.scroll = need("[data-chat=scroll]", HTMLElement, root);
    this.more = need("[data-chat=more]", HTMLButtonElement, root);
    this.fresh = need("[data-chat=new]", HTMLButtonElement, root);
    this.note = need("[data-chat=note]", HTMLElement, root);
    this.count = need("[data-chat=count]", HTMLElement, root);
    this.empty = need("[data-chat=empty]", HTMLElement, root);
    this.composer = new Composer(need("[data-chat=form]", HTMLFormElement, root), client, texts);
    /** @type {ChatEvent[]} what stands in the list, in order */
    this.shown = [];
    /** @type {ChatEvent[]} */
    this.pending = [];
    this.timer = 0;
    this.unread = 0;
    this.following = true;
    this.downSince = 0;
    this.#listen();
    this.#paintDrafts();
  }

  #listen() {
    const client = this.client;
    client.addEventListener("events", (event) => this.#arrived(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("history", (event) => this.#prepend(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("clear", () => this.#clear());
    client.addEventListener("outbox", () => this.#paintDrafts());
    client.addEventListener("count", (event) => this.#counted(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("state", () => this.#state());
    client.addEventListener("closed", (event) => this.#closed(/** @type {CustomEvent} */ (event).detail));
    this.scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.fresh.addEventListener("click", () => this.#toEnd());
    this.more.addEventListener("click", () => {
      this.more.disabled = true;
      client.older(this.shown[0]?.seq ?? 1);
    });
    this.drafts.addEventListener("click", (event) => this.#act(event));
    document.addEventListener("visibilitychange", () => this.#scrolled());
    // The soft keyboard and a turned phone change the height: the newest line stays in sight.
    new ResizeObserver(() => this.following && this.#toEnd()).observe(this.scroll);
  }

  /** @param {ChatEvent[]} events */
  #arrived(events) {
    this.pending.push(...events.filter((event) => event.type === "message"));
    // Whatever is beyond the window would be removed at once: a hidden tab must not collect it.
    if (this.pending.length > SHOWN) this.pending.splice(0, this.pending.length - SHOWN);
    if (!this.timer) this.timer = window.setTimeout(() => this.#paint(), PAINT_MS);
  }

  #paint() {
    this.timer = 0;
    const fresh = this.pending;
    this.pending = [];
    const page = document.createDocumentFragment();
    let own = false;
    for (const event of fresh) {
      own ||= this.#isOwn(event);
      this.#append(page, event, this.shown[this.shown.length - 1] ?? null);
      this.shown.push(event);
    }
    this.list.append(page);
    this.#bound();
    this.#paintDrafts();
    if (this.following || own) this.#toEnd();
    if (!this.following || document.hidden) this.#unread(this.unread + fresh.filter((e) => !this.#isOwn(e)).length);
    this.empty.hidden = this.shown.length > 0;
    this.more.hidden = (this.shown[0]?.seq ?? 1) <= 1;
  }

  /**
   * @param {ParentNode} page
   * @param {ChatEvent} event
   * @param {ChatEvent | null} before
   */
  #append(page, event, before) {
    const line = this.messages.dayLine(event, before);
    if (line) page.append(line);
    page.append(this.messages.item(event, before, this.#isOwn(event)));
  }

  /** @param {ChatEvent[]} events older ones, in order */
  #prepend(events) {
    this.more.disabled = false;
    const first = this.shown[0]?.seq ?? Infinity;
    const older = events.filter((event) => event.type === "message" && event.seq < first);
    const reached = (events[0]?.seq ?? 1) <= 1;
    this.more.hidden = reached;
    if (!older.length) return;
    const page = document.createDocumentFragment();
    older.forEach((event, index) => this.#append(page, event, older[index - 1] ?? null));
    const fromEnd = this.scroll.scrollHeight - this.scroll.scrollTop;
    this.list.prepend(page);
    this.shown.unshift(...older);
    this.scroll.scrollTop = this.scroll.scrollHeight - fromEnd;
  }

  /** Keeps the page light: only the newest stay, unless somebody is reading further up. */
  #bound() {
    const most = this.following ? SHOWN : SHOWN * 2;
    if (this.shown.length <= most) return;
    this.shown.splice(0, this.shown.length - SHOWN);
    const first = this.shown[0]?.seq ?? 0;
    while (this.list.firstElementChild) {
      const child = /** @type {HTMLElement} */ (this.list.firstElementChild);
      if (child.dataset.seq && Number(child.dataset.seq) >= first) break;
      child.remove();
    }
    this.more.hidden = false;
  }

  #clear() {
    this.pending = [];
    this.shown = [];
    this.list.replaceChildren();
    this.#unread(0);
  }

  #paintDrafts() {
    const known = new Set(this.shown.filter((event) => this.#isOwn(event)).map((event) => event.cid));
    const drafts = this.client.outbox.drafts.filter((draft) => !known.has(draft.cid));
    this.drafts.replaceChildren(...drafts.map((draft) => this.messages.draft(draft)));
    if (drafts.length) this.empty.hidden = true;
    if (drafts.length && this.following) this.#toEnd();
  }

  /** @param {MouseEvent} event */
  #act(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const cid = button?.closest("li")?.dataset.cid;
    if (!button || !cid) return;
    if (button.dataset.action === "resend") this.client.resend(cid);
    else this.client.discard(cid);
  }

  /** @param {ChatEvent} event */
  #isOwn(event) {
    return event.from?.id === this.client.you?.id;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.following && !document.hidden) this.#unread(0);
  }

  #toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.following = true;
    if (!document.hidden) this.#unread(0);
  }

  /** @param {number} count */
  #unread(count) {
    if (count === this.unread) return;
    this.unread = count;
    this.fresh.hidden = count === 0 || this.following;
    this.fresh.textContent = this.texts.say("new_messages", { n: count });
    this.root.dispatchEvent(new CustomEvent("unread", { detail: count, bubbles: true }));
  }

  /** @param {number} people */
  #counted(people) {
    this.count.textContent = this.texts.say("people", { n: people });
    this.count.hidden = false;
    this.root.dispatchEvent(new CustomEvent("people", { detail: people, bubbles: true }));
  }

  #state() {
    const state = this.client.state;
    this.composer.usable(state !== "closed");
    this.root.dataset.state = state;
    if (state !== "down") {
      this.#say("");
      return;
    }
    // A blink of the network is not worth a sentence: it is said after two seconds.
    window.setTimeout(() => {
      if (this.client.state === "down") this.#say(this.texts.say("chat_down"));
    }, 2000);
  }

  /** @param {string} code */
  #closed(code) {
    const known = `bye_${code}` in this.texts.table ? `bye_${code}` : "bye_other";
    this.#say(this.texts.say(known));
  }

  /** @param {string} text */
  #say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }
}

