/**
 * The socket to the chat service, kept: asks for a ticket, says hello, hears whether anybody is there, and comes back by
 * itself with full jitter. What is said over it is not its business, but for `welcome`, `pong` and `bye`.
 */

import { Backoff } from "../media/backoff.js";

/** @typedef {{url: string, ticket: string}} Ticket */
/** @typedef {"connecting" | "open" | "down" | "closed"} LineState */

const SUBPROTOCOL = "webinar.chat.v1";
/** The server is heard every few seconds; after this long a ping asks, and after that the socket is given up. */
const QUIET_MS = 25_000;
const PONG_MS = 8_000;
const HELLO_MS = 8_000;

export class Line {
  /**
   * @param {() => Promise<Ticket | null>} ticket a fresh ticket; null when there is no chat for us now
   * @param {{hello: () => object, heard: (message: any) => void, changed: (state: LineState) => void,
   *   refused: (code: string) => void}} owner `hello` gives what is said with the ticket; `refused`: no reconnection
   */
  constructor(ticket, owner) {
    this.ticket = ticket;
    this.owner = owner;
    this.backoff = new Backoff(500, 20_000);
    /** @type {LineState} */
    this.state = "closed";
    /** @type {WebSocket | null} */
    this.socket = null;
    this.stopped = true;
    /** The server wants no reconnection: this page asks no more. */
    this.refused = false;
    this.timer = 0;
    this.heard = 0;
    this.pinged = 0;
    this.watch = 0;
  }

  start() {
    if (!this.stopped || this.refused) return;
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

  /** What was heard makes no sense: begin again. */
  restart() {
    this.socket?.close();
  }

  /**
   * @param {object} message
   * @returns {boolean} whether there is a socket to say it over
   */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
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
    socket.addEventListener("open", () => this.send({ type: "hello", ticket, ...this.owner.hello() }));
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
    if (message.type === "bye") return this.#bye(message);
    this.owner.heard(message);
    if (message.type !== "welcome") return;
    this.backoff.reset();
    this.#set("open");
  }

  /** @param {{code: string, reconnect: boolean, after_ms?: number}} message */
  #bye({ code, reconnect, after_ms }) {
    if (!reconnect) {
      this.refused = true;
      this.stop();
      this.owner.refused(code);
      return;
    }
    this.#drop();
    this.#set("down");
    this.#later(after_ms || this.backoff.next());
  }

  #listen() {
    if (this.state !== "open") return;
    const now = Date.now();
    if (this.pinged && now - this.pinged > PONG_MS && this.socket) {
      this.#lost(this.socket);
    } else if (!this.pinged && now - this.heard > QUIET_MS) {
      this.pinged = now;
      this.send({ type: "ping" });
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
    socket?.close();
  }

  #later(ms = this.backoff.next()) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.#connect(), ms);
  }

  /** @param {LineState} state */
  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.owner.changed(state);
  }
}
