/** Polls: prepared, opened, closed, shown; with bars that grow while people answer. */

import { element } from "../chat/message.js";
import { need } from "../common/boot.js";
import { LongList } from "./list.js";
import { badge } from "./messages.js";
import { PollForm } from "./poll_form.js";
import { act } from "./rows.js";

/** @typedef {import("../chat/state.js").Poll} Poll */
/** @typedef {import("../chat/state.js").RoomState} RoomState */
/** @typedef {import("./acts.js").Acts} Acts */
/** @typedef {import("./rows.js").Rows} Rows */
/** @typedef {import("./rows.js").Button} Button */
/** @typedef {Poll & {seq: number}} Line */

/** What follows each state; draft, then open, then closed or shown. */
const NEXT = {
  draft: [["edit", "edit", "poll_edit", "e", ""], ["open", "live", "poll_open", "o", "good"], ["removed", "trash", "poll_remove", "d", "bad"]],
  open: [["closed", "end", "poll_close", "o", ""], ["shared", "eye", "poll_share", "s", "good"]],
  closed: [["shared", "eye", "poll_share", "s", "good"], ["open", "live", "poll_again", "o", ""], ["removed", "trash", "poll_remove", "d", "bad"]],
  shared: [["closed", "eye-off", "poll_hide", "s", ""], ["removed", "trash", "poll_remove", "d", "bad"]],
};
/** What nobody can do any more when the event is over. */
const LIVE = ["open", "edit"];
const BACK = { open: "closed", closed: "open", shared: "closed", draft: "", removed: "" };

export class PollPanel {
  /**
   * @param {RoomState} state
   * @param {Acts} acts
   * @param {Rows} rows
   */
  constructor(state, acts, rows) {
    this.state = state;
    this.acts = acts;
    this.rows = rows;
    this.texts = rows.texts;
    this.form = new PollForm(acts, this.texts);
    this.list = new LongList(
      need("[data-scroll=polls]", HTMLElement),
      need("[data-list=polls]", HTMLElement),
      (/** @type {Line} */ poll, row) => this.#fill(poll, row),
    );
    need("[data-do=new-poll]", HTMLButtonElement).addEventListener("click", () => this.form.open(null));
  }

  update() {
    const rank = (/** @type {Poll} */ poll) => ["open", "draft", "closed", "shared"].indexOf(poll.state);
    const polls = [...this.state.polls.values()].sort((a, b) => rank(a) - rank(b) || b.poll - a.poll);
    this.list.show(polls.map((poll) => ({ ...poll, seq: poll.poll })));
    this.list.refresh();
    need("[data-empty=polls]", HTMLElement).hidden = polls.length > 0 || this.form.shown;
    badge("polls", polls.filter((poll) => poll.state === "open").length);
  }

  /** @param {Poll} poll @returns {Button[]} */
  buttons(poll) {
    const may = NEXT[poll.state].filter(([name]) => !this.state.settings.ended || !LIVE.includes(name ?? ""));
    return may.map(([name = "", icon = "", label = "", key = "", kind = ""]) => ({
      act: name, icon, label: this.texts.say(label), key, ...(kind ? { kind } : {}),
    }));
  }

  /**
   * @param {string} act
   * @param {Line} poll
   */
  async do(act, poll) {
    if (!this.buttons(poll).some((button) => button.act === act)) return;
    if (act === "edit") {
      this.form.open(poll);
      return;
    }
    const back = poll.state === "draft" || act === "removed" ? "" : BACK[/** @type {keyof typeof BACK} */ (act)];
    const text = this.texts.say(`did_poll_${act}`);
    const undo = back ? { back: { op: "poll", poll: poll.poll, state: poll.state } } : {};
    await this.acts.run({ op: "poll", poll: poll.poll, state: act }, { text, ...undo });
  }

  /**
   * @param {Line} poll
   * @param {HTMLElement} row
   */
  #fill(poll, row) {
    row.className = `entry entry--poll entry--poll-${poll.state}`;
    const head = element("div", "entry__head");
    head.append(element("span", `badge${poll.state === "open" ? " badge--good" : ""}`, this.texts.say(`poll_is_${poll.state}`)));
    const facts = [poll.anonymous ? this.texts.say("poll_anonymous") : "", this.texts.say("poll_answers", { n: poll.answers ?? 0 })];
    head.append(element("span", "entry__time figures", facts.filter(Boolean).join(" · ")));
    row.append(head, element("p", "entry__body entry__asks", poll.question), this.#bars(poll));
    const acts = element("div", "entry__acts entry__acts--wide");
    for (const button of this.buttons(poll)) acts.append(act(button, true));
    row.append(acts);
  }

  /** @param {Poll} poll */
  #bars(poll) {
    const names = poll.kind === "rating" ? [1, 2, 3, 4, 5].map((mark) => "★".repeat(mark)) : poll.options;
    const counts = poll.counts ?? names.map(() => 0);
    const all = Math.max(1, poll.answers ?? 0);
    const bars = element("ol", "bars");
    names.forEach((name, index) => {
      const count = counts[index] ?? 0;
      const share = Math.round((100 * count) / all);
      const bar = element("li", "bar1");
      bar.classList.toggle("bar1--right", Boolean(poll.correct?.includes(index)));
      const fill = element("span", "bar1__fill");
      fill.style.inlineSize = `${Math.min(100, share)}%`;
      const said = element("span", "bar1__count figures", `${this.rows.number.format(count)} · ${share}%`);
      bar.append(fill, element("span", "bar1__name", name), said);
      bars.append(bar);
    });
    return bars;
  }
}
