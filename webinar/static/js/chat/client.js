/**
 * What a page has of a room, protocol `webinar.chat.v1` (docs/chat-protocol.md): the log without gaps, the state folded
 * from it, what is on its way to the server, and what one may do.
 */

import { Calls, Unheard } from "./calls.js";
import { Line } from "./line.js";
import { ChatLog } from "./log.js";
import { Post } from "./post.js";
import { RoomState } from "./state.js";
import { Wishes } from "./wishes.js";

/** With these it is not theirs any more. All else closes this page alone: what waits to be sent is sent by the next one. */
const SENT_AWAY = ["banned", "revoked", "gone"];

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("./line.js").Ticket} Ticket */
/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./state.js").Part} Part */
/** @typedef {import("./calls.js").Ack} Ack */

/**
 * Fires CustomEvents: "state" of the connection; "events" with new ones in order; "history" with older ones; "then" with
 * the answer to `then()`; "clear" before everything is shown anew; "room" with the parts of `room` that changed;
 * "outbox" when a draft changed; "count" with the number of people; "reactions" with counts; "wait" with ms until the next
 * message may be sent; "refused" with the code of a vote, an answer or a hand; "frame" with what is not the log's; "closed"
 * with a code when the server wants no reconnection.
 */
export class ChatClient extends EventTarget {
  /**
   * @param {() => Promise<Ticket | null>} ticket a fresh ticket; null when there is no chat for us now
   * @param {Outbox} outbox
   */
  constructor(ticket, outbox) {
    super();
    this.outbox = outbox;
    this.log = new ChatLog();
    this.room = new RoomState();
    this.line = new Line(ticket, {
      hello: () => ({ since: this.log.mark?.since ?? null, epoch: this.log.mark?.epoch ?? null }),
      heard: (message) => this.#receive(message),
      changed: (state) => this.#moved(state),
      refused: (code) => this.#out(code),
    });
    /** @type {{id: string, name: string, role: string} | null} */
    this.you = null;
    /** @type {import("./roll.js").Roll | null} of staff: who the guests are */
    this.roll = null;
    this.calls = new Calls((message) => this.tell(message));
    this.post = new Post(outbox, {
      send: (frame) => this.line.send(frame),
      open: () => this.state === "open",
      changed: () => this.#fire("outbox"),
      wait: (ms) => this.#fire("wait", ms),
    });
    this.wishes = new Wishes(this.room, {
      call: (message) => this.call(message),
      changed: (parts) => this.#fire("room", parts),
      refused: (code) => this.#fire("refused", code),
    });
    this.filling = 0;
  }

  get state() {
    return this.line.state;
  }

  start() {
    this.line.start();
  }

  stop() {
    this.line.stop();
  }

  retry() {
    this.line.retry();
  }

  /**
   * Writes a message: shown at once, sent now or as soon as the room is reached.
   * @param {string} body
   * @param {{reply_to?: number, mentions?: string[]}} [more]
   * @returns {boolean} false when too many wait already
   */
  write(body, more = {}) {
    return this.post.add("send", body, more);
  }

  /**
   * @param {string} body of a question
   * @param {boolean} anonymous
   */
  ask(body, anonymous) {
    return this.post.add("ask", body, anonymous ? { anonymous } : {});
  }

  /** @param {string} cid of a refused message, to be sent once more */
  resend(cid) {
    this.post.resend(cid);
  }

  /** @param {string} cid of a refused message */
  discard(cid) {
    this.post.discard(cid);
  }

  /** @param {number} before older events than this are asked for; "history" brings them */
  older(before) {
    this.line.send({ type: "history", before, limit: 100 });
  }

  /**
   * Events of another time, for a replay: "then" brings them.
   * @param {{until: string} | {after: number}} from
   */
  then(from) {
    return this.line.send({ type: "history", ...from, limit: 100 });
  }

  /** @param {string} kind of a reaction */
  react(kind) {
    return this.tell({ type: "react", kind });
  }

  /**
   * Says what is answered by a frame, or not at all.
   * @param {object} message
   * @returns {boolean} whether there is a line
   */
  tell(message) {
    return this.state === "open" && this.line.send(message);
  }

  /**
   * Says something that is acknowledged; a `cid` is added to it.
   * @param {object} message
   * @returns {Promise<Ack>}
   * @throws {Unheard} refused, or not answered in time: whether it was done is not known then
   */
  call(message) {
    return this.calls.call(message);
  }

  /** @param {import("./line.js").LineState} state */
  #moved(state) {
    if (state === "open") this.post.flush();
    else {
      // Whether the server heard them its `you` will tell.
      this.calls.drop();
      this.filling = 0;
    }
    this.#fire("state", state);
  }

  /**
   * For good. What moderators remove from now on is not heard here any more: so nothing of the room stays on the page.
   * @param {string} code
   */
  #out(code) {
    this.log.reset();
    this.room.leave();
    if (SENT_AWAY.includes(code)) this.outbox.clear();
    this.#fire("clear");
    this.#fire("outbox");
    this.#fire("room", ["settings", "pinned", "questions", "polls", "hands", "you"]);
    this.#fire("closed", code);
  }

  /** @param {any} message */
  #receive(message) {
    switch (message.type) {
      case "welcome":
        return this.#welcome(message);
      case "events":
        return this.#events(message);
      case "reset":
        this.log.reset();
        return this.#fire("clear");
      case "ack":
        return this.#acknowledged(message);
      case "nak":
        return this.#refused(message);
      case "count":
        return this.#fire("count", message.online);
      default:
        return this.#frame(message);
    }
  }

  /** @param {any} message */
  #frame(message) {
    switch (message.type) {
      case "state":
        this.room.begin(message);
        this.#fire("room", ["settings", "pinned", "questions", "polls", "hands"]);
        break;
      case "you":
        this.room.yours(message);
        this.#fire("room", ["you", "questions", "polls", "hands"]);
        break;
      case "poll_results":
        if (this.room.results(message)) this.#fire("room", ["polls"]);
        break;
      case "reactions":
        this.#fire("reactions", message.counts);
    }
    this.#fire("frame", message);
  }

  /** @param {any} message */
  #welcome(message) {
    if (this.log.enter(message.epoch, message.last)) this.#fire("clear");
    this.you = message.you ?? null;
    this.room.set(message.settings);
    this.post.begin();
    this.#fire("count", message.count);
    this.#fire("room", ["settings"]);
  }

  /** @param {{events: ChatEvent[], before?: number, after?: number, until?: string}} message */
  #events(message) {
    if (message.until !== undefined || message.after !== undefined) return this.#fire("then", message);
    if (message.before !== undefined && message.before !== this.filling) return this.#fire("history", message.events);
    this.filling = 0;
    const fresh = this.log.take(message.events);
    /** @type {Set<Part>} */
    const parts = new Set();
    const { pinned } = this.room;
    for (const event of fresh) {
      const part = this.room.apply(event);
      if (part) parts.add(part);
    }
    if (this.room.pinned !== pinned) parts.add("pinned"); // also with what was deleted
    const settled = this.outbox.settle(fresh, this.you?.id ?? "");
    if (fresh.length) this.#fire("events", fresh);
    if (settled) this.#fire("outbox");
    if (parts.size) this.#fire("room", [...parts]);
    this.#fill();
  }

  #fill() {
    const { gap } = this.log;
    if (!gap) return;
    if (this.log.lost) {
      this.log.reset();
      this.#fire("clear");
      this.line.restart();
    } else {
      this.filling = gap.before;
      this.line.send({ type: "history", ...gap });
    }
  }

  /** @param {Ack} ack */
  #acknowledged(ack) {
    const asked = this.calls.settle(ack.cid);
    if (asked) return asked.done(ack);
    this.post.arrived(ack, this.log.last);
  }

  /** @param {{of: string, cid: string | null, code: string, retry_after?: number}} message */
  #refused({ of, cid, code, retry_after }) {
    const asked = this.calls.settle(cid);
    if (asked) return asked.failed(new Unheard(code, retry_after));
    const draft = cid ? this.outbox.find(cid) : null;
    if (draft) this.post.refused(draft, code, retry_after);
    else if (of === "history") this.#fire("then", null); // not now: whoever waits for it asks again
  }

  /**
   * @param {string} type
   * @param {unknown} [detail]
   */
  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
