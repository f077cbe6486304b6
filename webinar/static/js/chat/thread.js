/**
 * The messages of a room as they stand now: what moderators removed, brought back or let through is folded in. Pure.
 *
 * A held message has its place where it was approved, for everybody: whoever came before saw only a stub of it.
 */

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/**
 * @typedef {ChatEvent & {place: number}} Line `place`: where it stands, the seq of the event that showed it; `seq` is
 *   the message's own number, which replies, pins and moderators name
 */
/** @typedef {{added: Line[], changed: Line[], gone: Line[]}} Change */

/**
 * Whether that event takes this message away.
 * @param {ChatEvent} event
 * @param {number} seq
 * @param {string | undefined} person who wrote it
 */
export function removes({ type, target, person: whose, upto = 0 }, seq, person) {
  if (type === "delete" || type === "reject") return target === seq;
  return type === "delete_person" && person !== undefined && whose === person && seq <= upto;
}

export class Thread {
  constructor() {
    /** @type {Line[]} in the order of places */
    this.lines = [];
    /** @type {Map<number, Line>} by the message's own number */
    this.known = new Map();
  }

  /** @param {number} seq of a message @returns {Line | null} */
  find(seq) {
    return this.known.get(seq) ?? null;
  }

  /**
   * @param {ChatEvent[]} events new ones, in order
   * @returns {Change}
   */
  take(events) {
    /** @type {Change} */
    const change = { added: [], changed: [], gone: [] };
    for (const event of events) this.#take(event, change);
    return change;
  }

  /**
   * Older ones, as `history` gives them: in their present state, so later moderation is in them already.
   * @param {ChatEvent[]} events in order
   * @returns {Line[]}
   */
  before(events) {
    const first = this.lines[0]?.place ?? Infinity;
    const older = new Thread();
    older.take(events.filter((event) => event.seq < first));
    for (const line of older.lines) if (!this.known.has(line.seq)) this.known.set(line.seq, line);
    const fresh = older.lines.filter((line) => this.known.get(line.seq) === line);
    this.lines.unshift(...fresh);
    return fresh;
  }

  /** Keeps the newest `count`. @param {number} count */
  keep(count) {
    for (const line of this.lines.splice(0, Math.max(0, this.lines.length - count))) this.known.delete(line.seq);
  }

  clear() {
    this.lines = [];
    this.known.clear();
  }

  /**
   * @param {ChatEvent} event
   * @param {Change} change
   */
  #take(event, change) {
    switch (event.type) {
      case "message":
      case "announcement":
        if (!event.decided) this.#add(event, event.seq, change); // else its place is that of its approval, or none
        return;
      case "approve":
        this.#drop(event.target, change);
        if (event.message?.type === "message" && !this.known.has(event.message.seq)) this.#add(event.message, event.seq, change);
        return;
      case "restore":
        return this.#restore(event, change);
      case "reject":
        return this.#drop(event.target, change);
      case "delete":
      case "delete_person":
        return this.#remove((line) => removes(event, line.seq, line.from?.id), change);
    }
  }

  /**
   * @param {ChatEvent} event
   * @param {number} place
   * @param {Change} change
   */
  #add(event, place, change) {
    const line = { ...event, place };
    this.lines.push(line);
    this.known.set(line.seq, line);
    change.added.push(line);
  }

  /**
   * @param {ChatEvent} event
   * @param {Change} change
   */
  #restore({ target, message }, change) {
    const line = this.known.get(target ?? 0);
    if (!line || message?.type === "question") return;
    delete line.deleted;
    if (message?.body) line.body = message.body;
    change.changed.push(line);
  }

  /**
   * What was held and is decided has no place of its own any more.
   * @param {number | undefined} seq
   * @param {Change} change
   */
  #drop(seq, change) {
    const line = this.known.get(seq ?? 0);
    if (!line?.held) return;
    this.known.delete(line.seq);
    this.lines = this.lines.filter((other) => other !== line);
    change.gone.push(line);
  }

  /**
   * @param {(line: Line) => boolean} which
   * @param {Change} change
   */
  #remove(which, change) {
    for (const line of this.known.values()) {
      if (line.deleted || !which(line)) continue;
      line.deleted = true;
      delete line.body;
      change.changed.push(line);
    }
  }
}
