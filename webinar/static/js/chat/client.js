/**
 * The connection to a room, protocol `webinar.chat.v1` (docs/chat-protocol.md): says hello, keeps the log, sends what is
 * in the outbox, and comes back by itself with full jitter.
 */

import { Backoff } from "../media/backoff.js";
import { ChatLog } from "./log.js";

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {{url: string, ticket: string}} Ticket */
/** @typedef {"connecting" | "open" | "down" | "closed"} ChatState */

const SUBPROTOCOL = "webinar.chat.v1";
/** The server is heard every few seconds; after this long a ping asks, and after that the socket is given up. */
const QUIET_MS = 25_000;
const PONG_MS = 8_000;
const HELLO_MS = 8_000;

/**
 * Fires CustomEvents: "state"; "events" with new ones in order; "history" with older ones; "clear" before everything is
 * shown anew; "outbox" when a draft changed; "count" with the number of people; "wait" with ms until the next message
 * may be sent; "closed" with a code when the server wants no reconnection.
 */
export class ChatClient extends EventTarget {
  /**
   * @param {() => Promise<Ticket | null>} ticket a fresh ticket; null when there is no chat for us now
   * @param {Outbox} outbox
   */
  constructor(ticket, outbox) {
    super();
    this.ticket = ticket;
    this.outbox = outbox;
    this.log = new ChatLog();
    this.backoff = new Backoff(500, 20_000);
    /** @type {ChatState} */
    this.state = "closed";
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {{id: string, name: string, role: string} | null} */
    this.you = null;
    this.stopped = true;
    this.timer = 0;
    this.heard = 0;
    this.pinged = 0;
    this.watch = 0;
    this.mayAt = 0;
    this.asked = 0;
  }

  start() {
    if (!this.stopped) return;
    this.stopped = false;
    this.watch = window.setInterval(() => this.#listen(), 2000);
    void this.#connect();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.#drop();
    this.#set("closed");
  }

  /** The network is back: do not wait for the end of the pause. */
  retry() {
    if (this.stopped || this.state === "open" || this.socket) return;
    clearTimeout(this.timer);
    void this.#connect();
  }

  /** Writes a message: shown at once, sent now or as soon as the room is reached. */
  write(/** @type {string} */ body) {
    const draft = this.outbox.add(body);
    if (!draft) return false;
    this.#tell("outbox");
    this.#flush();
    return true;
  }

  /** @param {string} cid of a refused message, to be sent once more */
  resend(cid) {
    this.outbox.retry(cid);
    this.#tell("outbox");
    this.#flush();
  }

  /** @param {string} cid of a refused message */
  discard(cid) {
    this.outbox.remove(cid);
    this.#tell("outbox");
  }

  /** @param {number} before older events than this are asked for; "history" brings them */
  older(before) {
    this.#send({ type: "history", before, limit: 100 });
  }

  async #connect() {
    if (this.stopped || this.socket) return;
    if (this.state !== "down") this.#set("connecting");
    /** @type {Ticket | null} */
    let ticket = null;
    try {
      ticket = await this.ticket();
    } catch (error) {
      console.debug("no chat ticket", error); // the web service is away: the next try asks again
    }
    if (this.stopped || this.socket) return;
    if (!ticket) return this.#later();
    this.#open(ticket);
  }

  /** @param {Ticket} ticket */
  #open({ url, ticket }) {
    const socket = new WebSocket(url, SUBPROTOCOL);
    this.socket = socket;
    const slow = window.setTimeout(() => this.#lost(socket), HELLO_MS);
    socket.addEventListener("open", () => {
      const mark = this.log.mark;
      this.#send({ type: "hello", ticket, since: mark?.since ?? null, epoch: mark?.epoch ?? null });
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.socket !== socket) return;
      clearTimeout(slow);
      this.heard = Date.now();
      this.pinged = 0;
      this.#receive(JSON.parse(data));
    });
    socket.addEventListener("close", () => {
      clearTimeout(slow);
      this.#lost(socket);
    });
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
        this.#tell("clear");
        return;
      case "ack":
        return this.#acknowledged(message);
      case "nak":
        return this.#refused(message);
      case "count":
        this.#tell("count", message.online);
        return;
      case "bye":
        return this.#bye(message);
    }
  }

  /** @param {any} message */
  #welcome(message) {
    if (this.log.enter(message.epoch, message.last)) this.#tell("clear");
    this.you = message.you ?? null;
    this.heard = Date.now();
    this.backoff.reset();
    this.mayAt = 0;
    this.#set("open");
    this.#tell("count", message.count);
    this.outbox.rewind();
    this.#flush();
  }

  /** @param {{events: ChatEvent[], before?: number}} message */
  #events(message) {
    if (message.before !== undefined && message.before !== this.asked) {
      this.#tell("history", message.events);
      return;
    }
    this.asked = 0;
    const fresh = this.log.take(message.events);
    for (const event of fresh) {
      if (event.cid && event.from?.id === this.you?.id) this.outbox.remove(event.cid);
    }
    if (fresh.length) this.#tell("events", fresh);
    const gap = this.log.gap;
    if (!gap) return;
    if (this.log.lost) {
      this.log.reset();
      this.#tell("clear");
      this.socket?.close();
    } else {
      this.asked = gap.before;
      this.#send({ type: "history", ...gap });
    }
  }

  /** @param {{cid: string, seq: number}} message */
  #acknowledged({ cid, seq }) {
    const draft = this.outbox.find(cid);
    // Stored. Shown as sent until its own event comes, which is usually already on its way; unless it was stored long
    // ago, before the page that was loaded: then it will not come again.
    if (seq <= this.log.last) this.outbox.remove(cid);
    else if (draft) draft.state = "sent";
    this.#tell("outbox");
  }

  /** @param {{cid: string | null, code: string, retry_after?: number}} message */
  #refused({ cid, code, retry_after }) {
    const draft = cid ? this.outbox.find(cid) : null;
    if (!draft) return;
    if (retry_after !== undefined) {
      draft.state = "waiting";
      this.#hold(retry_after * 1000);
    } else {
      this.outbox.refuse(draft.cid, code);
    }
    this.#tell("outbox");
    this.#flush();
  }

  /** @param {number} ms nothing is sent for that long */
  #hold(ms) {
    this.mayAt = Date.now() + ms + 50;
    this.#tell("wait", ms);
    setTimeout(() => this.#flush(), ms + 60);
  }

  /** @param {{code: string, reconnect: boolean, after_ms?: number}} message */
  #bye({ code, reconnect, after_ms }) {
    if (!reconnect) {
      this.stop();
      this.#tell("closed", code);
      return;
    }
    this.#drop();
    this.#set("down");
    this.#later(after_ms || this.backoff.next());
  }

  /** Sends what waits, one after the other: the server's order is then the order of writing. */
  #flush() {
    if (this.state !== "open" || Date.now() < this.mayAt) return;
    for (let draft = this.outbox.next(); draft; draft = this.outbox.next()) {
      draft.state = "sent";
      this.#send({ type: "send", cid: draft.cid, body: draft.body });
    }
    this.#tell("outbox");
  }

  /** @param {object} message */
  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  #listen() {
    if (this.state !== "open") return;
    const now = Date.now();
    if (this.pinged && now - this.pinged > PONG_MS && this.socket) {
      this.#lost(this.socket);
    } else if (!this.pinged && now - this.heard > QUIET_MS) {
      this.pinged = now;
      this.#send({ type: "ping" });
    }
  }

  /** @param {WebSocket} socket */
  #lost(socket) {
    if (this.socket !== socket) return;
    this.#drop();
    if (this.stopped) return;
    this.#set("down");
    this.#later();
  }

  #drop() {
    const socket = this.socket;
    this.socket = null;
    this.pinged = 0;
    this.asked = 0;
    socket?.close();
  }

  #later(ms = this.backoff.next()) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.#connect(), ms);
  }

  /** @param {ChatState} state */
  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.#tell("state", state);
  }

  /**
   * @param {string} type
   * @param {unknown} [detail]
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
