/**
 * What was watched and pressed, and is not yet with the server. It outlives a reload, a crash and a long time offline:
 * the server counts each moment once, however often it is told.
 */

/**
 * @typedef {import("./meter.js").Kind} Kind
 * @typedef {{kind: Kind, from: number, to: number}} Beat ms since 1970 by the server's clock
 * @typedef {{kind: "enter" | "leave" | "confirm", at: number, prompt: number}} Mark
 * @typedef {{beats: Beat[], marks: Mark[]}} Batch
 */

const PREFIX = "attend.";
/** Spans that touch are one, so these are hundreds of interruptions. */
const MOST_BEATS = 500;
const MOST_MARKS = 50;
const AT_ONCE = 100;
/** A page that lives keeps what it has every few seconds; what nobody touched for so long was left behind. */
const LEFT_MS = 90_000;
/** Nothing of longer ago is taken by the server. */
const OLD_MS = 4 * 86_400_000;

export class Kept {
  /**
   * @param {Storage | null} storage
   * @param {string} owner event and person
   * @param {string} visit of this page
   */
  constructor(storage, owner, visit) {
    this.storage = storage;
    this.owner = `${PREFIX}${owner}.`;
    this.key = `${this.owner}${visit}`;
    /** @type {Beat[]} */
    this.beats = [];
    /** @type {Mark[]} */
    this.marks = [];
    /** On their way: not changed until they are answered. @type {Set<Beat | Mark>} */
    this.away = new Set();
  }

  get empty() {
    return !this.beats.length && !this.marks.length;
  }

  /** @param {Beat} beat */
  add(beat) {
    const last = this.beats.at(-1);
    if (last && !this.away.has(last) && last.kind === beat.kind && Math.abs(beat.from - last.to) < 2) last.to = beat.to;
    else this.beats.push({ ...beat });
    if (this.beats.length > MOST_BEATS) this.beats.splice(0, this.beats.length - MOST_BEATS);
  }

  /** @param {Mark} mark */
  press(mark) {
    if (this.marks.length < MOST_MARKS) this.marks.push(mark);
  }

  /** @returns {Batch} to be sent; `done` or `failed` follows */
  batch() {
    const batch = { beats: this.beats.slice(0, AT_ONCE), marks: this.marks.slice(0, MOST_MARKS) };
    for (const one of [...batch.beats, ...batch.marks]) this.away.add(one);
    return batch;
  }

  /** @param {Batch} batch that the server has */
  done(batch) {
    this.beats = this.beats.filter((beat) => !batch.beats.includes(beat));
    this.marks = this.marks.filter((mark) => !batch.marks.includes(mark));
    this.failed(batch);
  }

  /** @param {Batch} batch that may not have arrived */
  failed(batch) {
    for (const one of [...batch.beats, ...batch.marks]) this.away.delete(one);
  }

  /**
   * @param {number} now ms, of this machine
   * @param {Beat[]} open what is being watched, so far
   * @param {boolean} [left] the page goes: the next one takes it over at once
   */
  save(now, open, left = false) {
    const beats = [...this.beats, ...open];
    try {
      if (beats.length || this.marks.length) this.storage?.setItem(this.key, JSON.stringify({ at: left ? now - LEFT_MS : now, beats, marks: this.marks }));
      else this.storage?.removeItem(this.key);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // storage is full or forbidden: memory has it
    }
  }

  /**
   * Takes over what pages before this one left behind.
   * @param {number} now ms, of this machine
   */
  adopt(now) {
    for (const key of this.#others()) {
      const left = read(this.storage?.getItem(key) ?? "");
      if (left && now - left.at < LEFT_MS) continue;
      this.storage?.removeItem(key);
      if (!left || now - left.at > OLD_MS) continue;
      for (const beat of left.beats) this.add(beat);
      for (const mark of left.marks) this.press(mark);
    }
  }

  #others() {
    const { storage } = this;
    if (!storage) return [];
    const keys = Array.from({ length: storage.length }, (_, place) => storage.key(place) ?? "");
    return keys.filter((key) => key.startsWith(this.owner) && key !== this.key);
  }
}

/**
 * @param {string} text
 * @returns {{at: number, beats: Beat[], marks: Mark[]} | null} null for what is not ours, or of another version
 */
function read(text) {
  try {
    const kept = JSON.parse(text);
    return Array.isArray(kept?.beats) && Array.isArray(kept.marks) && Number.isFinite(kept.at) ? kept : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

/**
 * A name that this browser keeps to, so that two devices of one person are told apart. It says nothing else.
 * @param {Storage | null} storage
 * @param {() => string} make
 * @returns {string}
 */
export function device(storage, make) {
  const key = `${PREFIX}device`;
  try {
    const known = storage?.getItem(key);
    if (known && /^[a-z0-9]{4,32}$/.test(known)) return known;
    const made = make();
    storage?.setItem(key, made);
    return made;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return make();
  }
}

/** @returns {Storage | null} the browser's storage, where it allows it */
export function browserStorage() {
  try {
    return window.localStorage;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}
