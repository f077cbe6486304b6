/** Polls and quizzes: to answer, and to read, in bars that need no colour to be understood. */

import { need } from "../common/boot.js";
import { closed } from "./gate.js";
import { drawing, element } from "./message.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("./state.js").Poll} Poll */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Parts of the room that are to be seen here. */
const OURS = ["polls", "you", "settings"];
const PAINT_MS = 150;
const MARKS = ["1", "2", "3", "4", "5"];

export class PollPanel {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Texts} texts
   */
  constructor(root, client, texts) {
    this.client = client;
    this.texts = texts;
    this.list = need("[data-poll=list]", HTMLElement, root);
    /** Read out, whatever tab is open. */
    this.said = need("[data-poll=said]", HTMLElement);
    /** @type {Map<number, string>} the state each was last seen in */
    this.states = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.cards = new Map();
    /** What a card shows: it is made anew only when that is another, so that a choice being made stays. @type {Map<number, string>} */
    this.looks = new Map();
    /** @type {Set<number>} polls whose own answer is being changed */
    this.changing = new Set();
    this.timer = 0;
    client.addEventListener("room", (event) => {
      const { detail } = /** @type {CustomEvent<string[]>} */ (event);
      if (OURS.some((part) => detail.includes(part))) this.#later();
    });
    client.addEventListener("state", () => this.#later());
  }

  #later() {
    if (!this.timer) this.timer = window.setTimeout(() => this.paint(), PAINT_MS);
  }

  paint() {
    clearTimeout(this.timer);
    this.timer = 0;
    const polls = this.client.room.openPolls;
    const gone = new Set(this.cards.keys());
    polls.forEach((poll, index) => {
      gone.delete(poll.poll);
      const card = this.#card(poll);
      if (this.list.children[index] !== card) this.list.insertBefore(card, this.list.children[index] ?? null);
    });
    for (const poll of gone) {
      this.cards.get(poll)?.remove();
      this.cards.delete(poll);
      this.looks.delete(poll);
    }
    this.#say(polls);
  }

  /** One that opens, closes or shows its results is told of; figures that change each second are not. @param {Poll[]} polls */
  #say(polls) {
    const news = polls.filter(({ poll, state }) => this.states.get(poll) !== state && (this.states.has(poll) || state === "open"));
    this.states = new Map(polls.map(({ poll, state }) => [poll, state]));
    const [poll] = news;
    if (poll) this.said.textContent = `${poll.question} – ${this.texts.say(`poll_${poll.state}`)}`;
  }

  /** @param {Poll} poll */
  #card(poll) {
    const { room } = this.client;
    const mine = room.answers.get(poll.poll) ?? null;
    const shut = this.client.state !== "open" || Boolean(closed(room, this.client.you, Date.now(), "vote"));
    const asks = poll.state === "open" && (mine === null || this.changing.has(poll.poll));
    // While somebody chooses, results that come in must not take the choice away; and bars grow where they stand.
    const figures = { counts: Boolean(poll.counts), answers: Boolean(poll.answers) };
    const parts = asks ? [poll.state, poll.question, poll.options] : [{ ...poll, ...figures }, mine];
    const look = JSON.stringify([asks, shut, ...parts]);
    const known = this.cards.get(poll.poll);
    if (known && this.looks.get(poll.poll) === look) {
      if (!asks) this.#count(known, poll);
      return known;
    }
    const card = element("article", `poll poll--${poll.state}`);
    card.dataset.poll = String(poll.poll);
    card.append(this.#head(poll));
    if (asks) card.append(this.#form(poll, mine, shut));
    else card.append(...this.#results(poll, mine, shut));
    if (!asks) this.#count(card, poll);
    this.looks.set(poll.poll, look);
    this.cards.set(poll.poll, card);
    const focused = known?.contains(document.activeElement);
    known?.replaceWith(card);
    if (focused) this.#focusFirst(card);
    return card;
  }

  /** @param {HTMLElement} card */
  #focusFirst(card) {
    const first = card.querySelector("input:checked, input, button, h3");
    if (first instanceof HTMLElement) first.focus();
  }

  /** @param {Poll} poll */
  #head(poll) {
    const head = element("header", "poll__head");
    const quiz = Boolean(poll.correct?.length);
    const state = element("span", `badge poll__state poll__state--${poll.state}`, this.texts.say(`poll_${poll.state}`));
    const title = element("h3", "poll__question", poll.question);
    title.id = `poll-${poll.poll}`;
    title.tabIndex = -1;
    const line = element("p", "poll__kind", this.texts.say(quiz ? "quiz" : `kind_${poll.kind}`));
    if (poll.anonymous) line.append(" · ", this.texts.say("poll_anonymous"));
    head.append(state, title, line);
    return head;
  }

  /**
   * @param {Poll} poll
   * @param {number[] | null} mine
   * @param {boolean} shut
   */
  #form(poll, mine, shut) {
    const form = element("form", "poll__form");
    const set = element("fieldset", `poll__options poll__options--${poll.kind}`);
    set.setAttribute("aria-labelledby", `poll-${poll.poll}`);
    const names = poll.kind === "rating" ? MARKS : poll.options;
    names.forEach((name, index) => {
      const label = element("label", "choice");
      const input = element("input");
      input.type = poll.kind === "multiple" ? "checkbox" : "radio";
      input.name = `poll-${poll.poll}`;
      input.value = String(poll.kind === "rating" ? index + 1 : index);
      input.checked = mine?.includes(Number(input.value)) ?? false;
      label.append(input, element("span", "choice__name", name));
      set.append(label);
    });
    const send = element("button", "button button--primary button--wide", this.texts.say("poll_answer"));
    send.type = "submit";
    send.disabled = shut;
    form.append(set);
    if (poll.kind === "rating") {
      const ends = element("p", "poll__ends");
      ends.append(element("span", "", this.texts.say("rating_least")), element("span", "", this.texts.say("rating_most")));
      form.append(ends);
    }
    form.append(send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = [...set.querySelectorAll("input")].filter((one) => one.checked).map((one) => Number(one.value));
      if (chosen.length) void this.#answer(poll.poll, chosen);
      else set.querySelector("input")?.focus();
    });
    return form;
  }

  /**
   * @param {number} poll
   * @param {number[]} choices
   */
  async #answer(poll, choices) {
    const button = this.cards.get(poll)?.querySelector("button");
    button?.setAttribute("aria-busy", "true");
    if (await this.client.wishes.answer(poll, choices)) this.changing.delete(poll);
    button?.removeAttribute("aria-busy");
    this.paint();
  }

  /**
   * @param {Poll} poll
   * @param {number[] | null} mine
   * @param {boolean} shut
   * @returns {HTMLElement[]}
   */
  #results(poll, mine, shut) {
    const parts = [];
    if (poll.counts) parts.push(this.#bars(poll, mine));
    else parts.push(this.#chosen(poll, mine));
    const foot = element("p", "poll__foot figures");
    if (poll.counts) foot.append(element("span", "poll__all"));
    else if (poll.state === "open") foot.append(this.texts.say("poll_counted"));
    else foot.append(this.texts.say("poll_waits"));
    if (poll.state === "open" && mine && !poll.anonymous) {
      const change = element("button", "textlink", this.texts.say("poll_change"));
      change.type = "button";
      change.disabled = shut;
      change.addEventListener("click", () => {
        this.changing.add(poll.poll);
        this.paint();
      });
      foot.append(" ", change);
    }
    return [...parts, foot];
  }

  /**
   * Without counts: what was chosen.
   * @param {Poll} poll
   * @param {number[] | null} mine
   */
  #chosen(poll, mine) {
    const list = element("ul", "poll__bars");
    for (const [index, name] of this.#names(poll)) {
      if (!mine?.includes(index)) continue;
      const line = element("li", "bar-line mine");
      line.append(this.#name(name, true, false));
      list.append(line);
    }
    return list;
  }

  /** @param {Poll} poll @returns {[number, string][]} what is chosen, and how it is called */
  #names(poll) {
    return poll.kind === "rating" ? MARKS.map((mark) => [Number(mark), mark]) : poll.options.map((name, index) => [index, name]);
  }

  /**
   * @param {Poll} poll
   * @param {number[] | null} mine
   */
  #bars(poll, mine) {
    const list = element("ul", "poll__bars");
    for (const [choice, name] of this.#names(poll)) {
      const right = poll.correct?.includes(choice) ?? false;
      const line = element("li", `bar-line${mine?.includes(choice) ? " mine" : ""}${right ? " right" : ""}`);
      const figure = element("span", "bar-line__figure figures");
      const bar = element("span", "bar-line__bar");
      bar.setAttribute("aria-hidden", "true");
      line.append(this.#name(name, mine?.includes(choice) ?? false, right), figure, bar);
      list.append(line);
    }
    if (poll.kind === "rating" && poll.answers) list.prepend(element("li", "poll__mean figures"));
    return list;
  }

  /**
   * The figures of the bars that stand there.
   * @param {HTMLElement} card
   * @param {Poll} poll
   */
  #count(card, { counts, answers = 0 }) {
    if (!counts) return;
    const write = (/** @type {Element | null} */ place, /** @type {string} */ text) => {
      if (place) place.textContent = text;
    };
    const bars = /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll(".bar-line__bar"));
    card.querySelectorAll(".bar-line__figure").forEach((figure, index) => {
      const count = counts[index] ?? 0;
      const percent = Math.round((100 * count) / Math.max(1, answers));
      write(figure, `${percent}% · ${count}`);
      bars[index]?.style.setProperty("--share", `${percent}%`);
    });
    const sum = counts.reduce((total, count, index) => total + count * (index + 1), 0);
    write(card.querySelector(".poll__mean"), this.texts.say("poll_mean", { n: (sum / Math.max(1, answers)).toFixed(1) }));
    write(card.querySelector(".poll__all"), this.texts.say("poll_answers", { n: answers }));
  }

  /**
   * @param {string} name
   * @param {boolean} mine
   * @param {boolean} right
   */
  #name(name, mine, right) {
    const line = element("span", "bar-line__name", name);
    for (const [yes, icon, word] of /** @type {const} */ ([[mine, "user", "yours"], [right, "check", "right_answer"]])) {
      if (!yes) continue;
      const badge = element("span", "bar-line__mark");
      badge.append(drawing(icon), this.texts.say(word));
      line.append(" ", badge);
    }
    return line;
  }
}
