/**
 * What lies on a moderator's desk: every message and question as it stands now, held and removed ones too, and who is
 * muted or banned. A pure fold of the staff's frames and of the log's events (docs/chat-protocol.md).
 */

/** @typedef {import("../chat/log.js").ChatEvent} ChatEvent */
/** @typedef {import("../chat/log.js").Author} Author */
/**
 * @typedef {{seq: number, place: number, type: "message" | "question" | "announcement", at: string, from: Author | null,
 *   body: string, reply_to?: number, anonymous?: boolean, held: boolean, why: string, deleted: boolean,
 *   removed: number, by: string}} Item
 *   `place`: the seq of the event that showed it; `removed`: the seq of the event that took it away, 0 when it is there;
 *   `by`: who took it away
 * @typedef {{id: string, name: string, until?: string}} Barred
 */

/** More than anybody reads back; the oldest go. While somebody reads among them, more are kept. */
const MOST = 5000;
const MOST_READ = 20_000;
/** Refused ones stand in no stream that is trimmed. */
const REFUSED = 500;
const SHOWN = new Set(["message", "question", "announcement"]);

export class Desk {
  constructor() {
    /** @type {Item[]} what is shown to all, in the order of places; removed ones stay, marked */
    this.stream = [];
    /** @type {Map<number, Item>} by the message's own number */
    this.known = new Map();
    /** @type {Set<Item>} held */
    this.waiting = new Set();
    /** @type {Set<Item>} held and refused, in the order they were */
    this.refused = new Set();
    /** @type {Set<Item>} taken away from the stream */
    this.gone = new Set();
    /** @type {{held: Item[] | null, removed: Item[] | null}} in order; null when they changed */
    this.sorted = { held: null, removed: null };
    /** @type {Map<string, Barred>} */
    this.muted = new Map();
    /** @type {Map<string, Barred>} */
    this.banned = new Map();
    /** @type {string[]} blocked words */
    this.words = [];
  }

  /** Everything is told anew. */
  clear() {
    this.stream = [];
    for (const items of [this.known, this.waiting, this.refused, this.gone]) items.clear();
    this.sorted = { held: null, removed: null };
    this.words = [];
    this.muted = new Map();
    this.banned = new Map();
  }

  /** @param {any} frame `state` */
  begin(frame) {
    const staff = frame.staff;
    if (!staff) return;
    this.words = staff.words ?? [];
    this.muted = new Map((staff.muted ?? []).map((/** @type {Barred} */ one) => [one.id, one]));
    this.banned = new Map((staff.banned ?? []).map((/** @type {Barred} */ one) => [one.id, one]));
    for (const event of staff.held ?? []) if (!this.known.has(event.seq)) this.#add({ ...event, held: true }, event.seq);
  }

  /** Waiting for a decision, the oldest first. @returns {Item[]} */
  get held() {
    this.sorted.held ??= [...this.waiting].sort((a, b) => a.seq - b.seq);
    return this.sorted.held;
  }

  /** Taken away or not let through, the last first. @returns {Item[]} */
  get removed() {
    this.sorted.removed ??= [...this.refused, ...this.gone].sort((a, b) => b.removed - a.removed || b.seq - a.seq);
    return this.sorted.removed;
  }

  /**
   * @param {ChatEvent[]} events new ones, in order
   * @returns {Set<Item>} items that changed or are new
   */
  take(events) {
    /** @type {Set<Item>} */
    const touched = new Set();
    for (const event of events) this.#take(event, touched);
    for (const item of this.refused) {
      if (this.refused.size <= REFUSED) break;
      this.#forget(item);
    }
    return touched;
  }

  /**
   * Forgets the oldest of too many.
   * @param {boolean} read whether somebody reads among them: what is read must not go
   * @returns {number} the first place left; 0: nothing went
   */
  trim(read) {
    const over = this.stream.length - (read ? MOST_READ : MOST);
    if (over <= 0) return 0;
    for (const item of this.stream.splice(0, over)) this.#forget(item);
    return this.stream[0]?.place ?? 0;
  }

  /** @param {Item} item */
  #forget(item) {
    this.known.delete(item.seq);
    for (const items of [this.waiting, this.refused, this.gone]) items.delete(item);
    this.sorted = { held: null, removed: null };
  }

  /** Puts an item where it belongs now. @param {Item} item */
  #file(item) {
    const place = item.deleted ? (item.held ? this.refused : this.gone) : item.held ? this.waiting : null;
    for (const items of [this.waiting, this.refused, this.gone]) {
      if (items === place ? !items.has(item) : items.has(item)) this.sorted = { held: null, removed: null };
      if (items !== place) items.delete(item);
    }
    place?.add(item);
    this.known.set(item.seq, item);
  }

  /**
   * Older ones, in their present state.
   * @param {ChatEvent[]} events in order
   * @returns {number} how many were put above the others
   */
  before(events) {
    const older = new Desk();
    older.take(events.filter((event) => SHOWN.has(event.type) || event.type === "approve"));
    const fresh = [...older.known.values()].filter((item) => !this.known.has(item.seq));
    for (const item of fresh) this.#file(item);
    const above = older.stream.filter((item) => this.known.get(item.seq) === item);
    this.stream.unshift(...above);
    return above.length;
  }

  /**
   * @param {ChatEvent} event
   * @param {Set<Item>} touched
   */
  #take(event, touched) {
    if (SHOWN.has(event.type)) {
      const added = this.#add(event, event.seq);
      if (added) touched.add(added);
      return;
    }
    const target = this.known.get(event.target ?? 0);
    switch (event.type) {
      case "approve":
        this.#approve(event, target, touched);
        break;
      case "restore":
        if (target) this.#restore(event, target, touched);
        break;
      case "reject":
      case "delete":
        if (target) this.#remove(target, event, touched);
        break;
      case "delete_person":
        for (const item of this.known.values()) {
          if (item.from?.id === event.person && item.seq <= (event.upto ?? 0)) this.#remove(item, event, touched);
        }
        break;
      default:
        this.#bar(event);
    }
  }

  /**
   * @param {ChatEvent & {decided?: string}} event a message, in its present state
   * @param {number} place
   * @returns {Item | null} null: a stub, or known
   */
  #add(event, place) {
    if (event.body === undefined && !event.deleted) return null;
    if (this.known.has(event.seq)) return null;
    const deleted = Boolean(event.deleted) || event.decided === "rejected";
    /** @type {Item} */
    const item = {
      seq: event.seq, place, type: /** @type {Item["type"]} */ (event.type), at: event.at, from: event.from ?? null,
      body: event.body ?? "", held: Boolean(event.held) && event.decided !== "approved", why: event.why ?? "",
      deleted, removed: deleted ? event.seq : 0, by: "",
    };
    if (event.reply_to) item.reply_to = event.reply_to;
    if (event.anonymous) item.anonymous = true;
    this.#file(item);
    if (!item.held) this.stream.push(item);
    return item;
  }

  /**
   * @param {ChatEvent} event
   * @param {Item | undefined} target
   * @param {Set<Item>} touched
   */
  #approve(event, target, touched) {
    if (target && !target.held) return; // let through already
    if (target) this.#forget(target);
    const item = event.message ? this.#add({ ...event.message, held: false }, event.seq) : null;
    if (item) touched.add(item);
    else if (target) this.#file(target);
  }

  /**
   * @param {ChatEvent} event
   * @param {Item} item
   * @param {Set<Item>} touched
   */
  #restore(event, item, touched) {
    if (!item.deleted) return;
    item.deleted = false; // what was held waits again
    item.removed = 0;
    if (event.message?.body) item.body = event.message.body;
    this.#file(item);
    touched.add(item);
  }

  /**
   * @param {Item} item
   * @param {ChatEvent} event
   * @param {Set<Item>} touched
   */
  #remove(item, event, touched) {
    if (item.deleted) return;
    item.deleted = true;
    item.removed = event.seq;
    item.by = event.from?.name ?? "";
    this.#file(item);
    touched.add(item);
  }

  /** @param {any} event */
  #bar(event) {
    const { person, name } = event;
    if (event.type === "settings" && event.settings?.words) this.words = event.settings.words;
    if (event.type === "mute") this.muted.set(person, { id: person, name, until: event.until });
    if (event.type === "unmute") this.muted.delete(person);
    if (event.type === "ban") this.banned.set(person, { id: person, name });
    if (event.type === "unban") this.banned.delete(person);
  }

  /** Of a person, ms since 1970; 0 when they may write. @param {string} id @param {number} now */
  mutedUntil(id, now) {
    const until = Date.parse(this.muted.get(id)?.until ?? "");
    return until > now ? until : 0;
  }
}

/**
 * What a search finds: the words anywhere in name or text, however they are written.
 * @param {Item[]} items
 * @param {string} query
 * @param {(from: Author | null) => string} [full] the name that the room does not show of somebody
 */
export function found(items, query, full = () => "") {
  const words = plain(query).split(/\s+/u).filter(Boolean);
  if (!words.length) return items;
  return items.filter((item) => words.every((word) => textOf(item, full(item.from)).includes(word)));
}

/** @type {WeakMap<Item, {of: string, text: string}>} a search looks at everything again whenever something comes */
const texts = new WeakMap();

/** @param {Item} item @param {string} full */
function textOf(item, full) {
  const of = `${item.from?.name ?? ""} ${full} ${item.body}`;
  const known = texts.get(item);
  if (known?.of === of) return known.text;
  const text = plain(of);
  texts.set(item, { of, text });
  return text;
}

/** @param {string} text */
function plain(text) {
  return text.normalize("NFKC").toLowerCase();
}
