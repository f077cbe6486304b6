/** Questions of the audience: new, queued, on screen; answered, dismissed and merged ones apart. */

import { element } from "../chat/message.js";
import { need } from "../common/boot.js";
import { askAnswer, askMinutes } from "./ask.js";
import { LongList } from "./list.js";
import { badge } from "./messages.js";
import { act } from "./rows.js";

/** @typedef {import("../chat/state.js").Question} Question */
/** @typedef {import("../chat/state.js").RoomState} RoomState */
/** @typedef {import("./acts.js").Acts} Acts */
/** @typedef {import("./locks.js").Locks} Locks */
/** @typedef {import("./rows.js").Rows} Rows */
/** @typedef {import("./rows.js").Button} Button */

const ORDER = ["screen", "queue", "new", "answered", "dismissed"];

export class QuestionPanel {
  /**
   * @param {RoomState} state
   * @param {Acts} acts
   * @param {Rows} rows
   * @param {Locks} locks
   */
  constructor(state, acts, rows, locks) {
    this.state = state;
    this.acts = acts;
    this.rows = rows;
    this.locks = locks;
    this.texts = rows.texts;
    this.done = false;
    /** @type {number | null} the question that is to be merged into another */
    this.merging = null;
    this.note = need("[data-desk=merging]", HTMLElement);
    this.list = new LongList(
      need("[data-scroll=questions]", HTMLElement),
      need("[data-list=questions]", HTMLElement),
      (/** @type {Question} */ question, row) => this.#fill(question, row),
    );
    for (const button of document.querySelectorAll("[data-questions]")) {
      button.addEventListener("click", () => this.#show(/** @type {HTMLElement} */ (button).dataset.questions === "done"));
    }
  }

  update() {
    const all = [...this.state.questions.values()].filter((one) => !one.deleted && !one.held);
    const done = (/** @type {Question} */ one) => one.state === "answered" || one.state === "dismissed";
    const shown = all.filter((one) => done(one) === this.done);
    shown.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.votes - a.votes || a.seq - b.seq);
    this.list.show(shown);
    this.list.refresh();
    need("[data-empty=questions]", HTMLElement).hidden = shown.length > 0;
    badge("questions", all.filter((one) => one.state === "new").length);
  }

  /** @param {boolean} done */
  #show(done) {
    this.done = done;
    for (const button of document.querySelectorAll("[data-questions]")) {
      button.setAttribute("aria-pressed", String((/** @type {HTMLElement} */ (button).dataset.questions === "done") === done));
    }
    this.update();
  }

  /** @param {Question} question @returns {Button[]} */
  buttons(question) {
    const say = (/** @type {string} */ key) => this.texts.say(key);
    const { state } = question;
    if (this.merging !== null) {
      if (question.seq === this.merging) return [];
      return [{ act: "into", icon: "merge", label: say("merge_here"), key: "Enter", kind: "good" }];
    }
    const all = [
      { act: "queue", icon: "plus", label: say("to_queue"), key: "q", when: state !== "queue" },
      { act: "screen", icon: "screen", label: say("to_screen"), key: "s", kind: "good", when: state === "new" || state === "queue" },
      { act: "answered", icon: "check", label: say("to_answered"), key: "w", when: state !== "dismissed" },
      { act: "merge", icon: "merge", label: say("merge"), key: "g", when: state === "new" || state === "queue" },
      { act: "dismissed", icon: "close", label: say("dismiss"), key: "d", kind: "bad", when: state !== "dismissed" },
      { act: "new", icon: "undo", label: say("to_new"), key: "a", when: state !== "new" },
      // Whose name is known is muted by it.
      { act: "mute_asker", icon: "mic-off", label: say("mute_asker"), key: "m", when: question.from === null },
    ];
    return all.filter((one) => one.when);
  }

  /**
   * @param {string} act
   * @param {Question} question
   */
  async do(act, question) {
    if (!this.buttons(question).some((button) => button.act === act)) return;
    if (act === "merge") return this.#merge(question.seq);
    if (act === "into") return this.#into(question);
    if (act === "mute_asker") return this.#muteAsker(question.seq);
    if (act !== "answered") return this.#move(question, act);
    const answer = await askAnswer(question.body);
    if (answer !== null) await this.#move(question, "answered", answer ? { answer } : {});
  }

  /** Leaves the choosing of a question to merge into. @returns {boolean} whether there was any */
  cancel() {
    if (this.merging === null) return false;
    this.#merge(null);
    return true;
  }

  /** @param {number | null} seq */
  #merge(seq) {
    this.merging = seq;
    this.note.hidden = seq === null;
    this.list.refresh();
  }

  /** @param {number} target the question of somebody whom nobody knows */
  async #muteAsker(target) {
    const minutes = await askMinutes(this.texts.say("mute_asker_whom"), this.texts.say("mute_asker_what"));
    if (minutes) await this.acts.run({ op: "mute_asker", target, minutes }, { text: this.texts.say("did_mute_asker") });
  }

  /** @param {Question} into */
  async #into(into) {
    const question = this.state.questions.get(this.merging ?? 0);
    this.#merge(null);
    if (question) await this.#move(question, "dismissed", { into: into.seq });
  }

  /**
   * @param {Question} question
   * @param {string} state
   * @param {{answer?: string, into?: number}} [more]
   */
  async #move(question, state, more = {}) {
    const op = { op: "question", target: question.seq, state, ...more };
    const back = { op: "question", target: question.seq, state: question.state };
    const said = more.into ? "did_merge" : `did_question_${state}`;
    await this.acts.run(op, { text: this.texts.say(said), back });
  }

  /**
   * @param {Question} question
   * @param {HTMLElement} row
   */
  #fill(question, row) {
    row.className = `entry entry--question entry--${question.state}`;
    row.classList.toggle("entry--merging", this.merging === question.seq);
    const lock = this.locks.of(question.seq);
    row.classList.toggle("entry--locked", Boolean(lock));
    const head = this.rows.head(question.from, question.at);
    head.append(element("span", "badge figures entry__votes", `▲ ${this.rows.number.format(question.votes)}`));
    head.lastElementChild?.setAttribute("aria-label", this.texts.say("votes", { n: question.votes }));
    row.append(head, element("p", "entry__body", question.body));
    if (question.answer) row.append(element("p", "entry__quote", question.answer));
    this.rows.foot(row, [this.texts.say(question.into ? "question_merged" : `question_${question.state}`)], lock);
    const acts = element("div", "entry__acts");
    for (const button of this.buttons(question)) acts.append(act(button, button.act === "into"));
    row.append(acts);
  }
}
