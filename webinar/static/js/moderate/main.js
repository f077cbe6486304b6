/**
 * The moderators' console: joins the room as one of the staff, keeps the desk, and lets each panel show its part of it.
 */

import { ChatClient } from "../chat/client.js";
import { NotesPanel } from "../chat/notes.js";
import { Outbox } from "../chat/outbox.js";
import { Roll } from "../chat/roll.js";
import { Texts, boot, need } from "../common/boot.js";
import { Api } from "../studio/api.js";
import { Door } from "../studio/door.js";
import { Acts } from "./acts.js";
import { OnAir, airNow } from "./air.js";
import { showKeys, startDialogs } from "./ask.js";
import { Compose } from "./compose.js";
import { Desk } from "./desk.js";
import { Judge } from "./judge.js";
import { Keys } from "./keys.js";
import { Locks } from "./locks.js";
import { MessagePanels, badge } from "./messages.js";
import { PeoplePanel } from "./people.js";
import { Picture } from "./picture.js";
import { PollPanel } from "./polls.js";
import { QuestionPanel } from "./questions.js";
import { Rows } from "./rows.js";
import { Rules } from "./rules.js";
import { Views } from "./views.js";
import { Watching } from "./watching.js";

class Console {
  constructor() {
    const data = boot();
    const texts = new Texts(data.texts);
    const api = new Api(data.api_base, data.event.id, data.token);
    const roll = new Roll((ids) => api.names({ ids }));
    const rows = new Rows(texts, document.documentElement.lang, roll);
    const client = new ChatClient(() => api.ticket(), new Outbox(data.event.id, null));
    const undo = { bar: need("[data-desk=undo]", HTMLElement), text: need("[data-undo=text]", HTMLElement), button: need("[data-undo=button]", HTMLButtonElement) };
    this.texts = texts;
    this.client = client;
    this.desk = new Desk();
    this.acts = new Acts(client, texts, undo);
    this.locks = new Locks(client);
    this.compose = new Compose(client, texts);
    this.picture = new Picture(airNow, texts);
    this.watching = new Watching(api, texts);
    this.air = new OnAir(data.event.state === "live", airNow, (live) => this.#onAir(live));
    this.judge = new Judge(this.acts, this.desk, client.room, texts, roll, (item) => this.#reply(item));
    this.messages = new MessagePanels(this.desk, this.judge, rows, this.locks, () => client.older(this.lowest));
    roll.addEventListener("change", () => this.messages.named());
    this.questions = new QuestionPanel(client.room, this.acts, rows, this.locks);
    this.people = new PeoplePanel(client, client.room, this.acts, this.judge, rows, api);
    this.door = new Door(api, texts, (text) => this.acts.say(text), (waiting) => this.people.waits(waiting));
    if (data.event.state === "ended") this.door.close();
    this.polls = new PollPanel(client.room, this.acts, rows);
    this.rules = new Rules(client.room, this.desk, this.acts, texts);
    this.notes = new NotesPanel(need("[data-notes=root]", HTMLElement), client, texts, document.documentElement.lang);
    this.unread = 0;
    this.notes.addEventListener("news", (event) => this.#noted(/** @type {CustomEvent} */ (event).detail));
    this.views = new Views((name) => {
      this.people.show(name === "people");
      if (name === "notes") this.#noted(-this.unread);
    });
    this.places = this.#places();
    this.keys = new Keys(() => this.#inSight(), this.#commands());
    this.held = 0;
    this.lowest = Infinity;
    startDialogs();
    this.#listen();
    this.#buttons();
    this.messages.paint();
    client.start();
  }

  #places() {
    const { lists } = this.messages;
    const judged = { do: this.judge.do.bind(this.judge), buttons: this.judge.buttons.bind(this.judge) };
    const of = (/** @type {any} */ panel) => ({ list: panel.list, do: panel.do.bind(panel), buttons: panel.buttons.bind(panel) });
    return {
      messages: { list: this.messages.incoming, ...judged },
      held: { list: /** @type {any} */ (lists.held), ...judged },
      removed: { list: /** @type {any} */ (lists.removed), ...judged },
      questions: of(this.questions),
      people: of(this.people),
      polls: of(this.polls),
    };
  }

  /** The lists one can move in now; the first is where keys go when nothing has the focus. */
  #inSight() {
    const { messages, held, removed, questions, people, polls } = this.places;
    /** @type {Record<string, any[]>} */
    const first = { review: [held, removed], questions: [questions], people: [people], polls: [polls] };
    const mine = first[this.views.last] ?? [messages];
    return [...mine, messages, held, removed, questions, people, polls];
  }

  /** @returns {Record<string, () => void>} */
  #commands() {
    /** @type {Record<string, () => void>} */
    const commands = {
      u: () => void this.acts.undo(),
      c: () => this.#write(),
      "/": () => this.#search(),
      "?": () => showKeys(),
      end: () => this.messages.toEnd(),
      escape: () => void this.questions.cancel(),
    };
    this.views.names.forEach((name, index) => {
      commands[String(index + 1)] = () => this.#go(name);
    });
    return commands;
  }

  /** @param {string} name shows a panel, and puts the focus into it */
  #go(name) {
    this.views.show(name);
    if (name === "notes") this.notes.field.focus();
    else if (name === "settings") need("[data-desk=settings] input", HTMLInputElement).focus();
    else this.keys.place?.list.items.length ? this.keys.place.list.move(0) : this.keys.place?.list.scroll.focus();
  }

  /** @param {number} more unread notes from behind the scenes; those in sight are read */
  #noted(more) {
    this.unread = this.views?.root.dataset.side === "notes" ? 0 : this.unread + more;
    badge("notes", this.unread);
  }

  #write() {
    this.views.show("messages");
    this.compose.field.focus();
  }

  /** @param {import("./desk.js").Item} item */
  #reply(item) {
    this.views.show("messages");
    this.compose.reply(item);
  }

  #search() {
    const people = this.views.last === "people";
    if (!people) this.views.show("messages");
    need(`[data-find=${people ? "people" : "messages"}]`, HTMLInputElement).focus();
  }

  #listen() {
    const { client } = this;
    const on = (/** @type {string} */ type, /** @type {(detail: any) => void} */ heard) =>
      client.addEventListener(type, (event) => heard(/** @type {CustomEvent} */ (event).detail));
    on("events", (events) => this.#events(events));
    on("history", (events) => this.#history(events));
    on("clear", () => this.#clear());
    on("frame", (frame) => this.#frame(frame));
    on("room", (parts) => this.#room(parts));
    on("count", (people) => this.#count(people));
    on("state", () => this.#state());
    on("closed", (code) => this.#closed(code));
    window.addEventListener("online", () => client.retry());
    document.addEventListener("click", (event) => this.#clicked(event));
  }

  #buttons() {
    need("[data-do=keys]", HTMLButtonElement).addEventListener("click", () => showKeys());
    need("[data-do=unpin]", HTMLButtonElement).addEventListener("click", () => void this.judge.unpin());
  }

  /** A row's button. @param {MouseEvent} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    const row = button?.closest("[data-seq]");
    if (!(button instanceof HTMLElement) || !(row instanceof HTMLElement)) return;
    const place = Object.values(this.places).find(({ list }) => list.list.contains(row));
    const item = place?.list.items.find((/** @type {any} */ one) => one.seq === Number(row.dataset.seq));
    if (place && item) void place.do(button.dataset.act ?? "", item);
  }

  /** @param {import("../chat/log.js").ChatEvent[]} events */
  #events(events) {
    this.lowest = Math.min(this.lowest, events[0]?.seq ?? Infinity);
    const touched = this.desk.take(events);
    this.lowest = Math.max(this.lowest, this.desk.trim(!this.messages.incoming.following));
    this.#more();
    if (events.some(({ type }) => type === "mute" || type === "unmute" || type === "ban" || type === "unban")) this.messages.refresh();
    if (events.some(({ type }) => type === "settings")) this.rules.update();
    const mine = this.client.you?.id;
    const fresh = [...touched].filter((item) => !item.held && !item.deleted && item.from?.id !== mine).length;
    if (touched.size) this.messages.update(touched, fresh);
    this.#tellHeld();
  }

  /** How many wait is said aloud when it grows from none; each one would be too much. */
  #tellHeld() {
    const held = this.desk.held.length;
    if (held && !this.held) need("[data-desk=spoken]", HTMLElement).textContent = this.texts.say("held_waits");
    this.held = held;
  }

  /** @param {import("../chat/log.js").ChatEvent[]} events */
  #history(events) {
    this.lowest = Math.min(this.lowest, events[0]?.seq ?? 1);
    this.desk.before(events);
    this.messages.paint();
    this.#more();
  }

  #more() {
    this.messages.more.hidden = this.lowest <= 1;
  }

  #clear() {
    this.lowest = Infinity;
    this.desk.clear();
    this.messages.paint();
  }

  /** @param {any} frame */
  #frame(frame) {
    if (frame.type === "state") {
      this.desk.begin(frame);
      this.messages.paint();
      this.messages.refresh();
      this.rules.update();
    } else if (frame.type === "people") {
      this.people.take(frame);
    } else if (frame.type === "locks") {
      this.locks.take(frame.locks);
      this.messages.refresh();
      this.questions.update();
    }
  }

  /** @param {import("../chat/state.js").Part[]} parts */
  #room(parts) {
    const { pinned } = this.client.room;
    if (parts.includes("settings")) {
      this.rules.update();
      if (this.client.room.settings.ended) this.#over();
    }
    if (parts.includes("questions")) this.questions.update();
    if (parts.includes("polls")) this.polls.update();
    if (parts.includes("hands")) this.people.paintHands();
    if (!parts.includes("pinned")) return;
    need("[data-desk=pinned]", HTMLElement).hidden = pinned === null;
    need("[data-pinned=text]", HTMLElement).textContent = pinned ? `${pinned.from?.name ?? ""}: ${pinned.body ?? ""}` : "";
    this.messages.refresh();
  }

  /** @param {boolean} live */
  #onAir(live) {
    need("[data-desk=live]", HTMLElement).hidden = !live;
    this.picture.show(live);
    this.watching.show(live);
  }

  #over() {
    this.air.end();
    this.door.close();
  }

  /** @param {number} people */
  #count(people) {
    const chip = need("[data-desk=count]", HTMLElement);
    chip.textContent = this.texts.say("people", { n: people });
    chip.hidden = false;
  }

  #state() {
    const { state } = this.client;
    need("[data-desk=root]", HTMLElement).dataset.state = state;
    const link = need("[data-desk=link]", HTMLElement);
    link.hidden = state === "open";
    need("span:last-child", HTMLElement, link).textContent = this.texts.say(state === "down" ? "reconnecting" : "connecting");
    if (state === "open") this.people.look();
  }

  /** @param {string} code */
  #closed(code) {
    this.people.leave();
    this.compose.reply(null);
    this.#noted(-this.unread);
    const link = need("[data-desk=link]", HTMLElement);
    const known = `bye_${code}`;
    link.hidden = false;
    link.classList.add("desk__link--bad");
    link.replaceChildren(this.texts.say(known in this.texts.table ? known : "bye_other"));
  }
}

new Console();
