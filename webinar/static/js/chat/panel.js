/**
 * The chat beside the picture: the newest messages, what is on its way, and the field to write in; or the messages of
 * another moment, when the picture shows one.
 */

import { need } from "../common/boot.js";
import { Composer } from "./composer.js";
import { MessageList, SHOWN } from "./list.js";
import { Messages, renew } from "./message.js";
import { Thread } from "./thread.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("./thread.js").Line} Line */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Bursts are painted together: one layout for all of them. */
const PAINT_MS = 40;
/** So many pages of history are read to find what a reply answers, or a few messages among much else. */
const PAGES = 5;
const FEW = 20;

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
    this.messages = new Messages(texts, language, client);
    this.thread = new Thread();
    this.drafts = need("[data-chat=drafts]", HTMLOListElement, root);
    this.scroll = need("[data-chat=scroll]", HTMLElement, root);
    this.more = need("[data-chat=more]", HTMLButtonElement, root);
    this.fresh = need("[data-chat=new]", HTMLButtonElement, root);
    this.empty = need("[data-chat=empty]", HTMLElement, root);
    this.emptyText = need("p", HTMLElement, this.empty);
    this.pin = need("[data-chat=pin]", HTMLElement, root);
    this.pinText = need("[data-chat=pin-text]", HTMLElement, root);
    this.list = new MessageList(this.scroll, need("[data-chat=list]", HTMLOListElement, root), this.thread, this.messages);
    this.composer = new Composer(root, client, texts);
    /** @type {import("./moment.js").Moment | null} most never watch the past: its script is fetched with the first time */
    this.moment = null;
    this.loading = false;
    /** @type {Line[]} not painted yet */
    this.pending = [];
    this.timer = 0;
    this.unread = 0;
    /** The panel is before somebody's eyes. */
    this.seen = true;
    /** @type {{seq: number, pages: number} | null} what is looked for further up */
    this.wanted = null;
    /** The oldest event that is known here: history is asked for from there. */
    this.from = Infinity;
    this.pages = PAGES;
    this.#listen();
    this.#paintDrafts();
  }

  #listen() {
    const client = this.client;
    client.addEventListener("events", (event) => this.#arrived(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("history", (event) => this.#prepend(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("clear", () => this.#clear());
    client.addEventListener("outbox", () => this.#paintDrafts());
    client.addEventListener("room", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      if (detail.includes("pinned")) this.#pinned();
      if (detail.includes("settings")) this.emptyText.textContent = this.texts.say(client.room.settings.ended ? "empty_ended" : "empty");
    });
    client.addEventListener("state", () => (this.root.dataset.state = client.state));
    this.scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.fresh.addEventListener("click", () => this.#toEnd());
    this.more.addEventListener("click", () => this.#older());
    client.addEventListener("then", (event) => {
      if (/** @type {CustomEvent} */ (event).detail === null) this.more.disabled = false; // refused for now
    });
    this.root.addEventListener("click", (event) => this.#act(event));
    this.pin.addEventListener("click", () => this.#jump(this.client.room.pinned?.seq ?? 0));
    this.composer.field.field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" && !event.defaultPrevented && !this.composer.field.field.value) this.list.enter();
    });
    this.list.list.addEventListener("keydown", (event) => event.key === "Escape" && this.composer.field.field.focus());
    document.addEventListener("visibilitychange", () => this.#scrolled());
    // The soft keyboard and a turned phone change the height: the newest line stays in sight.
    new ResizeObserver(() => this.list.following && this.#toEnd()).observe(this.scroll);
  }

  /** @param {boolean} yes the panel is shown, not another tab */
  show(yes) {
    this.seen = yes;
    if (yes && this.list.following) this.#toEnd();
    this.#scrolled();
  }

  /** @param {number | null} at what the picture shows, ms since 1970 on the server's clock; null: it is live */
  async follow(at) {
    if (this.moment) return this.moment.show(at);
    if (at === null || this.loading) return;
    this.loading = true;
    try {
      const { Moment } = await import("./moment.js");
      this.moment = new Moment(this.root, this.client, this.messages, (on) => this.#another(on));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      console.debug("no script for another moment", error); // the web service is away: a second later it is asked again
    }
    this.loading = false;
  }

  /** @param {ChatEvent[]} events */
  #arrived(events) {
    if (this.from === Infinity) this.from = events[0]?.seq ?? Infinity;
    const { added, changed, gone } = this.thread.take(events);
    this.list.change(changed);
    this.list.requote(events);
    this.composer.moderated(events);
    this.list.remove(gone);
    this.pending.push(...added);
    // Whatever is beyond the window would be removed at once: a hidden tab must not collect it.
    if (this.pending.length > SHOWN) {
      this.pending.splice(0, this.pending.length - SHOWN);
      this.list.cut();
    }
    if (!this.timer) this.timer = window.setTimeout(() => this.#paint(), PAINT_MS);
  }

  #paint() {
    this.timer = 0;
    const fresh = this.pending.filter((line) => this.thread.find(line.seq) === line);
    this.pending = [];
    if (this.list.append(fresh)) this.from = this.list.first;
    this.#paintDrafts();
    if (this.list.following || fresh.some((line) => this.messages.isOwn(line))) this.#toEnd();
    const others = fresh.filter((line) => !this.messages.isOwn(line) && !line.held).length;
    if (!this.#reads) this.#unread(this.unread + others);
    this.empty.hidden = this.thread.lines.length > 0;
    this.#offerMore();
    this.#fill();
  }

  #offerMore() {
    this.more.hidden = this.from <= 1 || this.from === Infinity || Boolean(this.moment?.on);
  }

  #older() {
    this.more.disabled = true;
    this.client.older(this.from);
  }

  /** The newest page may be all votes and hands: a newcomer is to see a few messages. */
  #fill() {
    if (this.thread.lines.length >= FEW || this.from <= 1 || this.more.disabled || (this.pages -= 1) < 0) return;
    this.#older();
  }

  /** The newest message is before somebody's eyes. */
  get #reads() {
    return this.list.following && this.seen && !document.hidden && !this.moment?.on;
  }

  /** @param {ChatEvent[]} events older ones, in order */
  #prepend(events) {
    this.more.disabled = false;
    if ((events[events.length - 1]?.seq ?? 0) >= this.from) return; // the answer to an older question
    this.from = Math.min(this.from, events[0]?.seq ?? 1);
    this.#offerMore();
    this.list.prepend(this.thread.before(events));
    const { wanted } = this;
    if (!wanted || this.list.jump(wanted.seq) || this.from <= 1 || (wanted.pages -= 1) <= 0) this.wanted = null;
    else this.#older();
    if (this.list.following) this.#toEnd();
    this.empty.hidden = this.thread.lines.length > 0;
    this.#fill();
  }

  #clear() {
    this.pending = [];
    this.thread.clear();
    this.list.clear();
    this.moment?.clear();
    this.from = Infinity;
    this.pages = PAGES;
    this.#unread(0);
  }

  #paintDrafts() {
    const known = new Set(this.thread.lines.filter((line) => this.messages.isOwn(line)).map((line) => line.cid));
    const drafts = this.client.outbox.drafts.filter((draft) => draft.kind === "send" && !known.has(draft.cid));
    renew(this.drafts, drafts.map((draft) => [JSON.stringify(draft), () => this.messages.draft(draft)]));
    if (drafts.length) this.empty.hidden = true;
    if (drafts.length && this.list.following) this.#toEnd();
  }

  #pinned() {
    const { pinned } = this.client.room;
    this.pin.hidden = !pinned;
    this.pinText.textContent = pinned ? this.messages.cut({ ...pinned, place: pinned.seq }) : "";
  }

  /** @param {MouseEvent} event */
  #act(event) {
    const button = event.target instanceof Element ? event.target.closest("button[data-action]") : null;
    const item = button?.closest("li");
    if (!(button instanceof HTMLElement) || !item) return;
    const { action, to } = button.dataset;
    if (action === "reply") {
      const line = this.thread.find(Number(item.dataset.id));
      if (line) this.composer.replyTo(line, this.messages.cut(line));
    } else if (action === "jump") this.#jump(Number(to));
    else if (action === "resend") this.client.resend(item.dataset.cid ?? "");
    else if (action === "discard") this.client.discard(item.dataset.cid ?? "");
  }

  /** @param {number} seq of a message that may stand further up than what is here */
  #jump(seq) {
    if (!seq || this.moment?.on || this.list.jump(seq) || this.more.hidden) return;
    this.wanted = { seq, pages: PAGES };
    this.#older();
  }

  #scrolled() {
    if (!this.seen) return; // what is not shown has no height
    this.list.scrolled();
    if (this.#reads) this.#unread(0);
    else this.fresh.hidden = !this.unread || this.list.following;
  }

  #toEnd() {
    this.list.toEnd();
    if (this.#reads) this.#unread(0);
  }

  /** @param {number} count */
  #unread(count) {
    if (count === this.unread) return;
    this.unread = count;
    this.fresh.hidden = count === 0 || this.list.following || Boolean(this.moment?.on);
    this.fresh.textContent = this.texts.say("new_messages", { n: count });
    this.root.dispatchEvent(new CustomEvent("unread", { detail: count, bubbles: true }));
  }

  /** @param {boolean} on the messages of another moment are shown */
  #another(on) {
    for (const part of [this.list.list, this.drafts]) part.hidden = on;
    this.#offerMore();
    this.empty.hidden = on || this.thread.lines.length > 0;
    this.composer.elsewhere(on);
    if (!on) this.#toEnd();
  }
}

