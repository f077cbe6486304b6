/**
 * What was written and is not yet in the log. Kept in the tab's storage, so that neither a lost connection nor a reload
 * loses a word; sent again with the same `cid`, which the server stores once.
 */

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/**
 * @typedef {{reply_to?: number, mentions?: string[], anonymous?: boolean}} More
 * @typedef {{cid: string, kind: "send" | "ask", body: string, more: More, at: number,
 *   state: "waiting" | "sent" | "held" | "refused", code: string, seq: number}} Draft `held`: stored as `seq`, and a
 *   moderator reads it first
 */

const MOST = 50;
const OWN = 100;

export class Outbox {
  /**
   * @param {string} room
   * @param {Storage | null} storage
   */
  constructor(room, storage) {
    this.key = `chat.out.${room}`;
    this.typedKey = `chat.typed.${room}`;
    this.ownKey = `chat.own.${room}`;
    this.storage = storage;
    /** @type {Draft[]} in the order of writing */
    this.drafts = this.#load(this.key).map(restored);
    /** @type {Set<number>} own questions: of anonymous ones only this page knows whose they are */
    this.own = new Set(this.#load(this.ownKey));
  }

  /**
   * @param {"send" | "ask"} kind
   * @param {string} body
   * @param {More} [more]
   * @returns {Draft | null} null when too many are waiting already
   */
  add(kind, body, more = {}) {
    if (this.drafts.length >= MOST) return null;
    /** @type {Draft} */
    const draft = { cid: uuid(), kind, body, more, at: Date.now(), state: "waiting", code: "", seq: 0 };
    this.drafts.push(draft);
    this.#keep();
    return draft;
  }

  /** @param {string} cid */
  find(cid) {
    return this.drafts.find((draft) => draft.cid === cid) ?? null;
  }

  /** @param {string} cid */
  remove(cid) {
    this.drafts = this.drafts.filter((draft) => draft.cid !== cid);
    this.#keep();
  }

  clear() {
    this.drafts = [];
    this.#keep();
  }

  /**
   * @param {string} cid
   * @param {string} code
   */
  refuse(cid, code) {
    const draft = this.find(cid);
    if (!draft) return;
    draft.state = "refused";
    draft.code = code;
    this.#keep();
  }

  /** @param {string} cid of a refused message, to be sent once more */
  retry(cid) {
    const draft = this.find(cid);
    if (!draft) return;
    draft.state = "waiting";
    draft.code = "";
    this.#keep();
  }

  /**
   * @param {string} cid
   * @param {number} seq
   * @param {boolean} held
   * @param {number} last the newest event that is shown
   */
  stored(cid, seq, held, last) {
    const draft = this.find(cid);
    if (!draft) return;
    if (draft.kind === "ask") this.#owns(seq);
    draft.seq = seq;
    // Shown as sent until its own event comes, which is usually already on its way; unless it was stored long ago, before
    // the page that was loaded: then it will not come again.
    if (held) draft.state = "held";
    else if (seq <= last) return this.remove(cid);
    else draft.state = "sent";
    this.#keep();
  }

  /**
   * What came back in the log does not wait any more.
   * @param {ChatEvent[]} events
   * @param {string} you
   * @returns {boolean} whether a draft changed
   */
  settle(events, you) {
    if (!this.drafts.length) return false;
    const before = this.drafts.length;
    let refused = false;
    for (const event of events) {
      const draft = this.drafts.find((one) => this.#means(one, event, you));
      if (!draft) continue;
      if (event.type === "reject" || event.type === "delete" || event.type === "delete_person") {
        this.refuse(draft.cid, "rejected");
        refused = true;
      } else this.remove(draft.cid);
    }
    return refused || this.drafts.length !== before;
  }

  /**
   * @param {Draft} draft
   * @param {ChatEvent} event
   * @param {string} you
   */
  #means(draft, event, you) {
    if (draft.state === "held") {
      const of_all = event.type === "delete_person" && event.person === you && draft.seq <= (event.upto ?? 0);
      return event.target === draft.seq || of_all;
    }
    if (draft.state === "refused") return false;
    const own = event.cid === draft.cid && (event.from?.id === you || !event.from);
    return own && (event.type === "message" || event.type === "question") && !event.held;
  }

  /** @param {number} seq of an own question */
  #owns(seq) {
    this.own.add(seq);
    for (const old of [...this.own].slice(0, -OWN)) this.own.delete(old);
    this.#put(this.ownKey, JSON.stringify([...this.own]));
  }

  /** After a lost connection: what was sent and not acknowledged is sent again. */
  rewind() {
    for (const draft of this.drafts) if (draft.state === "sent") draft.state = "waiting";
  }

  /** @returns {Draft | null} */
  next() {
    return this.drafts.find((draft) => draft.state === "waiting") ?? null;
  }

  /**
   * @param {"send" | "ask"} kind
   * @returns {string} what was typed in that field and not sent
   */
  typed(kind) {
    return this.storage?.getItem(`${this.typedKey}.${kind}`) ?? "";
  }

  /**
   * @param {"send" | "ask"} kind
   * @param {string} text
   */
  type(kind, text) {
    if (text) this.#put(`${this.typedKey}.${kind}`, text);
    else this.storage?.removeItem(`${this.typedKey}.${kind}`);
  }

  #keep() {
    this.#put(this.key, JSON.stringify(this.drafts));
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  #put(key, value) {
    try {
      this.storage?.setItem(key, value);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // storage is full or forbidden: memory has it
    }
  }

  /** @param {string} key @returns {any[]} */
  #load(key) {
    try {
      const kept = JSON.parse(this.storage?.getItem(key) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return [];
    }
  }
}

/**
 * After a reload, perhaps into a newer version of this page: what was sent may be lost and is sent again, and so is what was held: the answer tells what became of
 * it. What was refused waits for its writer.
 * @param {Draft} draft
 * @returns {Draft}
 */
function restored(draft) {
  const whole = { ...draft, kind: draft.kind ?? "send", more: draft.more ?? {}, seq: draft.seq ?? 0 };
  return draft.state === "refused" ? whole : { ...whole, state: "waiting", code: "" };
}

/**
 * A random UUID (RFC 9562, version 4). Pages on plain http, as in a local network, have no `crypto.randomUUID`.
 * @returns {string}
 */
export function uuid() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** @returns {Storage | null} the tab's storage, where the browser allows it */
export function tabStorage() {
  try {
    return window.sessionStorage;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}
