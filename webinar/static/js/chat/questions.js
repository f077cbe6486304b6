/**
 * Questions: to ask, to vote for, to read the answers of. For staff a feed of three: what waits, what is on screen, what
 * is answered, with what leads from one to the next.
 */

import { need } from "../common/boot.js";
import { Field, tellClosed } from "./field.js";
import { closed, isStaff } from "./gate.js";
import { beside, drawing, element, prose, renew } from "./message.js";
import { sorted } from "./state.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("./message.js").Messages} Messages */
/** @typedef {import("./outbox.js").Draft} Draft */
/** @typedef {import("./state.js").Question} Question */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Parts of the room that are to be seen here. */
const OURS = ["questions", "you", "settings"];
/** A storm of votes is painted a few times a second. */
const PAINT_MS = 150;
/** What a presenter does with a question that stands there. @type {Record<string, [string, string][]>} */
const STEPS = {
  new: [["screen", "show"], ["queue", "queue"], ["dismissed", "dismiss"]],
  queue: [["screen", "show"], ["answered", "done"], ["dismissed", "dismiss"]],
  screen: [["answered", "done"], ["queue", "hide"]],
  answered: [["queue", "reopen"]],
};

export class QuestionPanel {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Messages} messages
   * @param {Texts} texts
   */
  constructor(root, client, messages, texts) {
    this.root = root;
    this.client = client;
    this.messages = messages;
    this.texts = texts;
    this.list = need("[data-ask=list]", HTMLOListElement, root);
    this.empty = need("[data-ask=empty]", HTMLElement, root);
    this.orders = need("[data-ask=orders]", HTMLElement, root);
    this.filters = need("[data-ask=filters]", HTMLElement, root);
    this.form = need("[data-ask=form]", HTMLFormElement, root);
    this.gate = need("[data-ask=gate]", HTMLElement, root);
    this.gateText = need("[data-ask=gate-text]", HTMLElement, root);
    this.anonymous = need("[data-ask=anonymous]", HTMLInputElement, root);
    this.anonymousLine = need("[data-ask=anonymous-line]", HTMLElement, root);
    const hint = need("[data-ask=hint]", HTMLElement, root);
    const input = need("textarea", HTMLTextAreaElement, this.form);
    this.field = new Field(this.form, input, hint, client.outbox, "ask", (text) => this.#ask(text));
    /** @type {"votes" | "newest"} */
    this.order = "votes";
    /** What staff look at. */
    this.stand = "waiting";
    this.timer = 0;
    this.clock = 0;
    client.addEventListener("room", (event) => {
      const { detail } = /** @type {CustomEvent<string[]>} */ (event);
      if (OURS.some((part) => detail.includes(part))) this.#later();
    });
    client.addEventListener("outbox", () => this.#later());
    client.addEventListener("state", () => this.#later());
    this.anonymous.addEventListener("change", () => this.#gate());
    this.list.addEventListener("click", (event) => void this.#act(event));
    for (const [place, turn] of /** @type {const} */ ([[this.orders, "order"], [this.filters, "stand"]])) {
      place.addEventListener("click", (event) => {
        const value = event.target instanceof Element ? event.target.closest("button")?.value : undefined;
        if (!value) return;
        if (turn === "order") this.order = value === "newest" ? "newest" : "votes";
        else this.stand = value;
        this.#paint();
      });
    }
    this.#paint();
  }

  /** @param {string} body @returns {boolean} */
  #ask(body) {
    const anonymous = this.anonymous.checked && this.client.room.settings.anonymous_questions;
    return this.client.ask(body, anonymous);
  }

  #later() {
    if (!this.timer) this.timer = window.setTimeout(() => this.#paint(), PAINT_MS);
  }

  #paint() {
    clearTimeout(this.timer);
    this.timer = 0;
    const { room, you, outbox } = this.client;
    const staff = isStaff(you);
    this.#gate();
    this.anonymousLine.hidden = !room.settings.anonymous_questions || staff;
    this.filters.hidden = !staff;
    for (const [place, value] of /** @type {const} */ ([[this.orders, this.order], [this.filters, this.stand]])) {
      for (const button of place.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(button.value === value));
      }
    }
    const all = staff ? room.openQuestions.filter((one) => this.#stands(one)) : room.openQuestions;
    this.#counts();
    const drafts = outbox.drafts.filter((draft) => draft.kind === "ask" && !room.questions.has(draft.seq));
    this.empty.hidden = all.length + drafts.length > 0;
    this.orders.hidden = all.length < 2;
    const questions = sorted(all, this.order);
    const focus = this.#focused();
    renew(this.list, [
      ...drafts.map((draft) => /** @type {[string, () => HTMLElement]} */ ([JSON.stringify(draft), () => this.#draft(draft)])),
      ...questions.map((one) => /** @type {[string, () => HTMLElement]} */ ([this.#look(one), () => this.#item(one)])),
    ]);
    questions.forEach((one, at) => this.#count(this.list.children[drafts.length + at], one));
    if (focus && !this.list.contains(document.activeElement)) this.#focus(focus);
  }

  #gate() {
    const { room, you } = this.client;
    const now = Date.now();
    const shut = closed(room, you, now, "question");
    this.form.hidden = Boolean(shut);
    this.gate.hidden = !shut;
    clearTimeout(this.clock);
    if (!shut) return this.field.say(this.#hint());
    tellClosed(this.gateText, shut, this.texts);
    if (shut.until) this.clock = window.setTimeout(() => this.#gate(), 500);
  }

  /** How others see who asks, and what becomes of the question first. */
  #hint() {
    const { room, you } = this.client;
    if (!you || isStaff(you)) return "";
    const anonymous = this.anonymous.checked && room.settings.anonymous_questions;
    const seen = anonymous ? "" : this.texts.say("seen_as", { name: you.name });
    return [seen, room.settings.review_questions ? this.texts.say("review_questions") : ""].filter(Boolean).join(" ");
  }

  /** @param {Question} question */
  #stands(question) {
    const { state } = question;
    return this.stand === (state === "screen" || state === "answered" ? state : "waiting");
  }

  #counts() {
    for (const button of this.filters.querySelectorAll("button")) {
      const count = this.client.room.openQuestions.filter(({ state }) =>
        button.value === (state === "screen" || state === "answered" ? state : "waiting")).length;
      const place = button.querySelector("[data-count]");
      if (place) place.textContent = count ? String(count) : "";
    }
  }

  /** What moved or looks otherwise is made anew: whoever stood on a button of it stands there again. */
  #focused() {
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLElement) || !this.list.contains(activeElement)) return null;
    return { seq: activeElement.closest("li")?.dataset.seq ?? "", act: activeElement.dataset.act ?? "" };
  }

  /** @param {{seq: string, act: string}} focus */
  #focus({ seq, act }) {
    const item = this.list.querySelector(`[data-seq="${Number(seq)}"]`);
    const again = item?.querySelector(`[data-act="${CSS.escape(act)}"]`) ?? item?.querySelector("button");
    if (again instanceof HTMLElement) again.focus();
  }

  /** @param {Question} question */
  #own(question) {
    return this.messages.isOwn(question) || this.client.outbox.own.has(question.seq);
  }

  /** All but the votes, which are counted where they stand. @param {Question} question */
  #look(question) {
    return JSON.stringify([{ ...question, votes: 0 }, this.#own(question), isStaff(this.client.you)]);
  }

  /** @param {Question} question */
  #item(question) {
    const item = element("li", `ask ask--${question.state}`);
    item.dataset.seq = String(question.seq);
    const text = element("div", "ask__text");
    text.append(this.#head(question, this.#own(question)), prose("ask__body", question.body));
    if (question.answer) {
      const answer = element("div", "ask__answer");
      answer.append(element("span", "ask__label", this.texts.say("answer")), prose("", question.answer));
      text.append(answer);
    }
    const votes = element("button", "ask__vote figures");
    votes.type = "button";
    votes.dataset.act = "vote";
    item.append(votes, text);
    if (isStaff(this.client.you)) item.append(this.#steps(question));
    return item;
  }

  /**
   * @param {Question} question
   * @param {boolean} own
   */
  #head(question, own) {
    const head = element("p", "ask__head");
    const name = question.from?.name ?? this.texts.say("anonymous");
    head.append(element("span", "ask__name", name));
    if (question.from?.role === "attendee" && isStaff(this.client.you)) head.append(beside(question.from, this.client.roll));
    if (own) head.append(element("span", "msg__you", this.texts.say("your_question")));
    if (question.held) head.append(element("span", "badge badge--warn", this.texts.say("held")));
    if (question.state === "queue" || question.state === "screen" || question.state === "answered") {
      head.append(element("span", `badge ask__state ask__state--${question.state}`, this.texts.say(`stand_${question.state}`)));
    }
    const time = element("time", "msg__time", this.messages.time.format(new Date(question.at)));
    time.dateTime = question.at;
    head.append(time);
    return head;
  }

  /**
   * @param {Element | undefined} item
   * @param {Question} question
   */
  #count(item, question) {
    const button = item?.querySelector("button");
    if (!button) return;
    const voted = this.client.room.votes.has(question.seq);
    const drawn = button.getAttribute("aria-pressed") === String(voted);
    button.setAttribute("aria-pressed", String(voted));
    button.setAttribute("aria-label", this.texts.say("vote", { n: question.votes }));
    button.title = this.texts.say(voted ? "voted" : "vote_title");
    if (!drawn) button.replaceChildren(drawing(voted ? "check" : "up"), element("span"));
    if (button.lastElementChild) button.lastElementChild.textContent = String(question.votes);
    const shut = closed(this.client.room, this.client.you, Date.now(), "vote");
    button.disabled = this.client.state !== "open" || Boolean(shut) || question.state === "answered";
  }

  /** @param {Question} question */
  #steps(question) {
    const row = element("div", "ask__steps");
    for (const [state, word] of STEPS[question.state] ?? []) {
      const button = element("button", `button button--small${state === "screen" ? " button--primary" : ""}`, this.texts.say(`step_${word}`));
      button.type = "button";
      button.dataset.act = state;
      row.append(button);
    }
    return row;
  }

  /** @param {Draft} draft */
  #draft(draft) {
    const item = element("li", `ask ask--draft ${draft.state}`);
    item.dataset.cid = draft.cid;
    const text = element("div", "ask__text");
    text.append(prose("ask__body", draft.body));
    const note = element("p", draft.state === "refused" ? "msg__note msg__note--bad" : "msg__note");
    const waits = draft.state === "held" ? "held" : "sending";
    note.append(draft.state === "refused" ? this.messages.refusal(draft.code) : this.texts.say(waits), " ");
    for (const action of draft.state !== "refused" ? [] : draft.code === "rejected" ? ["discard"] : ["resend", "discard"]) {
      const button = element("button", "textlink", this.texts.say(action));
      button.type = "button";
      button.dataset.act = action;
      note.append(button, " ");
    }
    text.append(note);
    item.append(text);
    return item;
  }

  /** @param {MouseEvent} event */
  async #act(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const item = button?.closest("li");
    const act = button?.dataset.act;
    if (!button || !item || !act) return;
    if (act === "resend") this.client.resend(item.dataset.cid ?? "");
    else if (act === "discard") this.client.discard(item.dataset.cid ?? "");
    else if (act === "vote") await this.client.wishes.vote(Number(item.dataset.seq), button.getAttribute("aria-pressed") !== "true");
    else await this.client.wishes.order("question", { target: Number(item.dataset.seq), state: act });
  }
}
