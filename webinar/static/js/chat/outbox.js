/**
 * What was written and is not yet in the log. Kept in the tab's storage, so that neither a lost connection nor a reload
 * loses a word; sent again with the same `cid`, which the server stores once.
 */

/**
 * @typedef {{cid: string, body: string, at: number, state: "waiting" | "sent" | "refused", code: string}} Draft
 */

const MOST = 50;

export class Outbox {
  /**
   * @param {string} room
   * @param {Storage | null} storage
   */
  constructor(room, storage) {
    this.key = `chat.out.${room}`;
    this.typedKey = `chat.typed.${room}`;
    this.storage = storage;
    /** @type {Draft[]} in the order of writing */
    this.drafts = this.#load();
  }

  /** @returns {Draft | null} null when too many are waiting already */
  add(/** @type {string} */ body) {
    if (this.drafts.length >= MOST) return null;
    /** @type {Draft} */
    const draft = { cid: uuid(), body, at: Date.now(), state: "waiting", code: "" };
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

  /** After a lost connection: what was sent and not acknowledged is sent again. */
  rewind() {
    for (const draft of this.drafts) if (draft.state === "sent") draft.state = "waiting";
  }

  /** @returns {Draft | null} */
  next() {
    return this.drafts.find((draft) => draft.state === "waiting") ?? null;
  }

  get typed() {
    return this.storage?.getItem(this.typedKey) ?? "";
  }

  set typed(text) {
    if (text) this.#put(this.typedKey, text);
    else this.storage?.removeItem(this.typedKey);
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

  /** @returns {Draft[]} */
  #load() {
    try {
      const kept = JSON.parse(this.storage?.getItem(this.key) ?? "[]");
      return Array.isArray(kept) ? kept.map(restored) : [];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return [];
    }
  }
}

/**
 * After a reload what was sent may be lost and is sent again; what was refused waits for its writer.
 * @param {Draft} draft
 * @returns {Draft}
 */
function restored(draft) {
  return draft.state === "refused" ? draft : { ...draft, state: "waiting", code: "" };
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
