/** The people of the room, searched and paged by the server, and the raised hands in their order. */

import { Refused, Unreachable } from "../media/signalling.js";
import { askOut } from "./ask.js";
import { beside, element, initials } from "../chat/message.js";
import { need } from "../common/boot.js";
import { LongList } from "./list.js";
import { badge } from "./messages.js";
import { act } from "./rows.js";

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */
/** @typedef {import("../chat/state.js").RoomState} RoomState */
/** @typedef {import("../chat/state.js").Hand} Hand */
/** @typedef {import("./acts.js").Acts} Acts */
/** @typedef {import("./judge.js").Judge} Judge */
/** @typedef {import("./rows.js").Rows} Rows */
/** @typedef {{id: string, name: string, role: string, here: boolean, muted_until: string | null, banned: boolean, hand: number | null}} Person */
/** @typedef {Person & {seq: number}} Line */

const TYPED_MS = 250;
const AGAIN_MS = 10_000;
const PAGE = 100;

export class PeoplePanel {
  /**
   * @param {ChatClient} client
   * @param {RoomState} state
   * @param {Acts} acts
   * @param {Judge} judge
   * @param {Rows} rows
   * @param {import("../studio/api.js").Api} api
   */
  constructor(client, state, acts, judge, rows, api) {
    this.api = api;
    this.waiting = 0; // before the locked door
    this.client = client;
    this.state = state;
    this.acts = acts;
    this.judge = judge;
    this.rows = rows;
    this.texts = rows.texts;
    this.query = "";
    /** @type {Line[]} */
    this.people = [];
    /** @type {Map<string, number>} by person */
    this.numbers = new Map();
    /** @type {string | null} */
    this.next = null;
    this.shown = false;
    this.asked = 0;
    this.timer = 0;
    this.hands = need("[data-list=hands]", HTMLElement);
    this.more = need("[data-do=more-people]", HTMLButtonElement);
    this.list = new LongList(
      need("[data-scroll=people]", HTMLElement),
      need("[data-list=people]", HTMLElement),
      (/** @type {Line} */ person, row) => this.#fill(person, row),
    );
    const find = need("[data-find=people]", HTMLInputElement);
    find.addEventListener("input", () => this.#typed(find.value));
    this.more.addEventListener("click", () => this.#ask(this.next));
    this.hands.addEventListener("click", (event) => this.#hand(event));
    window.setInterval(() => this.look(), AGAIN_MS);
  }

  /** @param {boolean} shown whether the panel is in sight: only then the server is asked */
  show(shown) {
    this.shown = shown;
    this.look();
  }

  /** Asks for the first page again, unless somebody has paged on. */
  look() {
    if (this.shown && !document.hidden && this.people.length <= PAGE) this.#ask(null);
  }

  /** @param {string} query */
  #typed(query) {
    this.query = query.trim();
    this.people = [];
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#ask(null), TYPED_MS);
  }

  /** @param {string | null} after */
  #ask(after) {
    this.asked = after === null ? 0 : this.people.length;
    void this.#send(after);
  }

  /** Also those whose full name was typed: the room may know them by another. @param {string | null} after */
  async #send(after) {
    const { query } = this;
    const ids = query ? await this.#whose(query) : [];
    if (query !== this.query) return; // another one was typed meanwhile
    this.client.line.send({ type: "people", query, ids, limit: PAGE, ...(after === null ? {} : { after }) });
  }

  /** @param {string} search @returns {Promise<string[]>} ids */
  async #whose(search) {
    try {
      return (await this.api.names({ search })).map(({ id }) => id);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      return []; // away: by the room's names alone
    }
  }

  /** @param {{items: Person[], next: string | null, total: number}} page */
  take({ items, next, total }) {
    const before = this.people.slice(0, this.asked);
    this.people = [...before, ...items.map((person) => ({ ...person, seq: this.#number(person.id) }))];
    this.next = next;
    this.list.show(this.people);
    this.list.refresh();
    this.more.hidden = next === null;
    need("[data-empty=people]", HTMLElement).hidden = this.people.length > 0;
    need("[data-desk=people-total]", HTMLElement).textContent = this.texts.say("people_total", { n: total });
  }

  /** The room is left for good: nobody of it stays on the page. */
  leave() {
    clearTimeout(this.timer);
    this.asked = 0;
    this.take({ items: [], next: null, total: 0 });
    need("[data-empty=people]", HTMLElement).hidden = true;
    need("[data-desk=people-total]", HTMLElement).textContent = "";
  }

  /** A row stays the row of its person whoever comes and goes around it. @param {string} id */
  #number(id) {
    const number = this.numbers.get(id) ?? this.numbers.size + 1;
    this.numbers.set(id, number);
    return number;
  }

  /** @param {Line} person */
  buttons(person) {
    const found = this.judge.person(person);
    if (person.role === "attendee") found.push({ act: "out", icon: "out", label: this.texts.say("send_out"), key: "x", kind: "bad" });
    if (person.role === "attendee") found.push({ act: "clear", icon: "trash", label: this.texts.say("delete_all"), key: "d", kind: "bad" });
    return found;
  }

  /**
   * @param {string} act
   * @param {Line} person
   */
  async do(act, person) {
    if (!this.buttons(person).some((button) => button.act === act)) return;
    if (act === "out") {
      await this.#sendOut(person);
    } else if (act !== "clear") {
      await this.judge.about(act, person);
    } else {
      const text = this.texts.say("did_delete_person", { name: this.rows.roll.both(person) });
      await this.acts.run({ op: "delete_person", person: person.id }, { text });
    }
    this.look();
  }

  /** @param {Line} person */
  async #sendOut(person) {
    const { id } = person;
    const name = this.rows.roll.both(person);
    if (!(await askOut(this.texts.say("send_out_whom", { name })))) return;
    try {
      await this.api.sendOut(id);
      this.acts.say(this.texts.say("did_send_out", { name }));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      this.acts.say(this.texts.say("nak_other"));
    }
  }

  /** @param {number} count of people before the locked door */
  waits(count) {
    this.waiting = count;
    this.#badge();
  }

  #badge() {
    badge("people", this.waiting + [...this.state.hands.values()].filter((hand) => !hand.called).length);
  }

  paintHands() {
    const hands = [...this.state.hands.values()];
    need("[data-desk=hands]", HTMLElement).hidden = hands.length === 0;
    this.#badge();
    const had = document.activeElement instanceof HTMLElement ? document.activeElement.closest("[data-hand]") : null;
    const kept = had instanceof HTMLElement ? [had.dataset.hand, /** @type {HTMLElement} */ (document.activeElement).dataset.act] : null;
    this.hands.replaceChildren(...hands.map((hand) => this.#handRow(hand)));
    const again = kept ? this.hands.querySelector(`[data-hand="${kept[0]}"] [data-act="${kept[1]}"]`) : null;
    if (again instanceof HTMLElement) again.focus();
  }

  /** @param {Hand} hand */
  #handRow(hand) {
    const item = element("li", "hands__item");
    item.dataset.hand = String(hand.hand);
    item.classList.toggle("hands__item--called", Boolean(hand.called));
    item.append(element("strong", "", hand.from?.name ?? ""), beside(hand.from, this.rows.roll));
    if (hand.called) item.append(element("span", "badge badge--good", this.texts.say("called")));
    const acts = element("span", "hands__acts");
    if (!hand.called) acts.append(act({ act: "called", icon: "mic", label: this.texts.say("call"), kind: "good" }, true));
    acts.append(act({ act: "down", icon: "close", label: this.texts.say("hand_down") }));
    item.append(acts);
    return item;
  }

  /** @param {MouseEvent} event */
  #hand(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    const item = button?.closest("[data-hand]");
    if (!(button instanceof HTMLElement) || !(item instanceof HTMLElement)) return;
    const target = Number(item.dataset.hand);
    const name = this.rows.roll.both(this.state.hands.get(target)?.from);
    const state = button.dataset.act ?? "";
    void this.acts.run({ op: "hand", target, state }, { text: this.texts.say(`did_hand_${state}`, { name }) });
  }

  /**
   * @param {Line} person
   * @param {HTMLElement} row
   */
  #fill(person, row) {
    row.className = "entry entry--person";
    const head = element("div", "entry__head");
    const avatar = element("span", `avatar entry__face${person.here ? " entry__face--here" : ""}`, initials(person.name));
    avatar.setAttribute("aria-hidden", "true");
    head.append(avatar, element("strong", "entry__name", person.name));
    if (person.role === "attendee") head.append(beside(person, this.rows.roll));
    if (person.role !== "attendee") head.append(element("span", "badge badge--accent", this.texts.say(`role_${person.role}`)));
    row.append(head);
    const muted = Date.parse(person.muted_until ?? "") > Date.now();
    this.rows.foot(row, [
      this.texts.say(person.here ? "is_here" : "is_away"),
      person.hand ? this.texts.say("hand_is_up") : "",
      muted ? this.texts.say("muted_until", { time: this.rows.time.format(new Date(person.muted_until ?? "")) }) : "",
      person.banned ? this.texts.say("is_banned") : "",
    ], "");
    row.append(this.rows.acts(this.buttons(person)));
  }
}
