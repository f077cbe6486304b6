/** The columns of messages: incoming, held for review, removed. */

import { need } from "../common/boot.js";
import { found } from "./desk.js";
import { LongList } from "./list.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Item} Item */
/** @typedef {import("./judge.js").Judge} Judge */
/** @typedef {import("./locks.js").Locks} Locks */
/** @typedef {import("./rows.js").Rows} Rows */

const NAMES = /** @type {const} */ (["messages", "held", "removed"]);

export class MessagePanels {
  /**
   * @param {Desk} desk
   * @param {Judge} judge
   * @param {Rows} rows
   * @param {Locks} locks
   * @param {() => void} older asks for earlier messages
   */
  constructor(desk, judge, rows, locks, older) {
    this.desk = desk;
    this.judge = judge;
    this.rows = rows;
    this.locks = locks;
    this.query = "";
    this.unread = 0;
    this.newest = need("[data-do=newest]", HTMLButtonElement);
    this.more = need("[data-do=more]", HTMLButtonElement);
    /** @type {Record<string, LongList<Item>>} */
    this.lists = {};
    for (const name of NAMES) {
      const list = new LongList(
        need(`[data-scroll=${name}]`, HTMLElement),
        need(`[data-list=${name}]`, HTMLElement),
        (/** @type {Item} */ item, row) => this.#fill(item, row),
        { follow: name === "messages" },
      );
      this.lists[name] = list;
    }
    const find = need("[data-find=messages]", HTMLInputElement);
    find.addEventListener("input", () => this.#search(find.value));
    this.incoming.addEventListener("follow", () => this.#newer());
    this.newest.addEventListener("click", () => this.toEnd());
    this.more.addEventListener("click", () => older());
  }

  /** @returns {LongList<Item>} */
  get incoming() {
    return /** @type {LongList<Item>} */ (this.lists.messages);
  }

  /** @param {Set<Item>} touched items that changed or are new; @param {number} fresh new ones of others */
  update(touched, fresh = 0) {
    this.paint();
    for (const name of NAMES) this.lists[name]?.changed(touched);
    this.unread = this.incoming.following ? 0 : this.unread + fresh;
    this.#newer();
  }

  paint() {
    const { stream, held, removed } = this.desk;
    const shown = found(stream, this.query, (from) => this.rows.roll.full(from));
    const all = { messages: shown, held, removed };
    for (const name of NAMES) {
      this.lists[name]?.show(all[name]);
      need(`[data-empty=${name}]`, HTMLElement).hidden = all[name].length > 0;
    }
    badge("held", held.length);
    badge("review", held.length);
  }

  /** Full names became known: a search may find more. */
  named() {
    if (this.query) this.paint();
  }

  /** Rows say whether their author is muted, who looks at them, what is pinned. */
  refresh() {
    for (const name of NAMES) this.lists[name]?.refresh();
  }

  toEnd() {
    this.incoming.toEnd();
    if (document.activeElement instanceof HTMLElement && this.incoming.list.contains(document.activeElement)) this.incoming.scroll.focus();
    this.incoming.toEnd();
  }

  /** @param {string} query */
  #search(query) {
    this.query = query;
    this.paint();
    if (!query) this.incoming.toEnd();
  }

  #newer() {
    if (this.incoming.following) this.unread = 0;
    this.newest.hidden = this.unread === 0;
    this.newest.textContent = this.rows.texts.say("new_messages", { n: this.unread });
  }

  /**
   * @param {Item} item
   * @param {HTMLElement} row
   */
  #fill(item, row) {
    const say = this.rows.texts.say.bind(this.rows.texts);
    const who = item.from;
    const notes = [
      item.type === "question" ? say("is_question") : "",
      item.type === "announcement" ? say("is_announcement") : "",
      item.held && item.why === "word" ? say("why_word") : "",
      item.deleted ? say(item.by ? "removed_by" : "is_removed", { name: item.by }) : "",
      who && this.desk.banned.has(who.id) ? say("is_banned") : "",
      who && this.desk.mutedUntil(who.id, Date.now()) ? say("is_muted") : "",
      this.judge.state.pinned?.seq === item.seq ? say("is_pinned") : "",
    ];
    const answered = item.reply_to === undefined ? undefined : this.desk.known.get(item.reply_to);
    const quote = answered ? `${answered.from?.name ?? ""}: ${answered.body}` : "";
    this.rows.message(row, item, { notes, buttons: this.judge.buttons(item), lock: this.locks.of(item.seq), quote });
  }
}

/**
 * @param {string} name
 * @param {number} count
 */
export function badge(name, count) {
  for (const place of document.querySelectorAll(`[data-badge="${name}"]`)) {
    place.textContent = String(count);
    /** @type {HTMLElement} */ (place).hidden = count === 0;
  }
}
