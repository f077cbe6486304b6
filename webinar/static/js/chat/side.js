/**
 * The column beside the picture: chat, questions, polls, files and agenda as tabs, with a mark where something is new; and what is the
 * matter with the connection, said once for all of them.
 */

import { need } from "../common/boot.js";
import { toast } from "../common/toast.js";
import { ChatPanel } from "./panel.js";
import { QuestionPanel } from "./questions.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */
/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {"chat" | "questions" | "polls" | "files" | "agenda"} Tab */

/** A blink of the network is not worth a sentence. */
const DOWN_MS = 2000;

export class Side {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Texts} texts
   * @param {string} language
   */
  constructor(root, client, texts, language) {
    this.root = root;
    this.client = client;
    this.texts = texts;
    this.note = need("[data-side=note]", HTMLElement, root);
    this.count = need("[data-side=count]", HTMLElement, root);
    this.chat = new ChatPanel(need("[data-chat=root]", HTMLElement, root), client, texts, language);
    this.questions = new QuestionPanel(need("[data-ask=root]", HTMLElement, root), client, this.chat.messages, texts);
    /** @type {Promise<unknown> | null} most rooms have no poll: its script is fetched with the first */
    this.polls = null;
    /** @type {import("./files.js").FilesPanel | null} neither do most have files */
    this.files = null;
    /** @type {string | null | undefined} which files stand in the list; undefined: not told yet */
    this.handed = undefined;
    /** @type {import("./agenda.js").AgendaPanel | null} */
    this.agenda = null;
    /** @type {string | null | undefined} which agenda there is; undefined: not told yet */
    this.planned = undefined;
    /** @type {import("./agenda.js").Source | null} */
    this.source = null;
    /** The viewer has said what they want to see. */
    this.chosen = false;
    /** @type {Tab} */
    this.tab = "chat";
    this.tabs = [...root.querySelectorAll("button[role=tab]")].filter((one) => one instanceof HTMLButtonElement);
    for (const tab of this.tabs) tab.addEventListener("click", () => this.#choose(/** @type {Tab} */ (tab.value)));
    need("[role=tablist]", HTMLElement, root).addEventListener("keydown", (event) => this.#key(event));
    need("[data-chat=ask]", HTMLButtonElement, root).addEventListener("click", () => {
      this.#choose("questions");
      this.questions.field.field.focus();
    });
    client.addEventListener("events", (event) => this.#arrived(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("room", () => this.#offer());
    client.addEventListener("state", () => this.#state());
    client.addEventListener("closed", (event) => {
      this.leave();
      this.#say(this.#word("bye", /** @type {CustomEvent} */ (event).detail));
    });
    client.addEventListener("refused", (event) => toast(this.#word("nak", /** @type {CustomEvent} */ (event).detail)));
    client.addEventListener("count", (event) => this.#counted(/** @type {CustomEvent} */ (event).detail));
    root.addEventListener("unread", (event) => {
      if (this.tab !== "chat") this.#mark("chat", /** @type {CustomEvent} */ (event).detail);
    });
    this.#offer();
  }

  /** Nobody writes here any more: no field, no invitation to. */
  leave() {
    this.root.classList.add("side--out");
  }

  /** @param {Tab} name */
  open(name) {
    this.tab = name;
    for (const tab of this.tabs) {
      const chosen = tab.value === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = this.root.querySelector(`#${tab.getAttribute("aria-controls")}`);
      if (panel instanceof HTMLElement) panel.hidden = !chosen;
    }
    this.#mark(name, 0);
    this.chat.show(name === "chat");
    if (name === "agenda") void this.#agenda();
    else this.agenda?.rest();
  }

  /** @param {Tab} name */
  #choose(name) {
    this.chosen = true;
    this.open(name);
  }

  /**
   * What stands in front until the viewer chooses, or is at something: in the lobby what is to come, then the chat.
   * @param {boolean} lobby
   */
  lead(lobby) {
    const name = lobby && this.tabs.some((tab) => tab.value === "agenda" && !tab.hidden) ? "agenda" : "chat";
    if (!this.chosen && this.tab !== name && !this.root.contains(document.activeElement)) this.open(name);
  }

  /** What is not there for this room has no tab. */
  #offer() {
    const { room } = this.client;
    this.#there("questions", room.known && room.settings.questions);
    this.#there("polls", room.openPolls.length > 0);
    if (room.openPolls.length) this.polls ??= this.#polls();
  }

  /**
   * @param {string} url of the files that the host hands out
   * @param {string | null} version of them; null: there are none, "unknown": the server cannot tell now
   * @returns {Promise<boolean>} whether it is known
   */
  async hand(url, version) {
    if (version === this.handed) return true;
    if (version === "unknown") return false;
    const before = this.handed;
    this.handed = version;
    if (version === null) {
      this.#there("files", false);
      return true;
    }
    try {
      const { FilesPanel } = await import("./files.js");
      this.files ??= new FilesPanel(need("[data-files=list]", HTMLElement, this.root), url);
      const { count, fresh } = await this.files.look();
      this.#there("files", count > 0);
      // Those that were there before this page are no news.
      if (this.tab !== "files" && fresh && before !== undefined) this.#more("files", fresh);
      return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      console.debug("the files are not known", error);
      this.handed = before;
      return false;
    }
  }

  /**
   * @param {import("./agenda.js").Source} source
   * @param {string | null} version of the agenda; null: there is none, "unknown": the server cannot tell now
   */
  plan(source, version) {
    if (version === this.planned || version === "unknown") return;
    const news = this.planned !== undefined;
    this.planned = version;
    this.source = source;
    this.#there("agenda", version !== null);
    if (version === null) return;
    if (this.tab === "agenda") void this.#agenda();
    else if (news) this.#more("agenda", 1);
  }

  /** Its script and the agenda itself are fetched for who looks at it. */
  async #agenda() {
    const { planned, source } = this;
    if (!source || !planned) return;
    try {
      const { AgendaPanel } = await import("./agenda.js");
      this.agenda ??= new AgendaPanel(need("#panel-agenda", HTMLElement, this.root), source);
      await this.agenda.show(planned);
      if (this.tab !== "agenda") this.agenda.rest();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      console.debug("the agenda is not known", error);
      this.planned = undefined; // the server's next answer asks again
    }
  }

  async #polls() {
    try {
      const { PollPanel } = await import("./polls.js");
      new PollPanel(need("[data-poll=root]", HTMLElement, this.root), this.client, this.texts).paint();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      console.debug("no script for polls", error); // the web service is away: the room's next news asks again
      this.polls = null;
    }
  }

  /**
   * @param {Tab} name
   * @param {boolean} yes
   */
  #there(name, yes) {
    const tab = this.tabs.find((one) => one.value === name);
    if (!tab || tab.hidden === !yes) return;
    tab.hidden = !yes;
    if (!yes && this.tab === name) this.open("chat");
    this.root.classList.toggle("side--alone", this.tabs.filter((one) => !one.hidden).length < 2);
  }

  /** @param {KeyboardEvent} event the arrow keys of a tab list (WAI-ARIA APG) */
  #key(event) {
    const there = this.tabs.filter((tab) => !tab.hidden);
    const at = there.findIndex((tab) => tab.value === this.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: there.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const tab = there[(to + there.length) % there.length];
    if (!tab) return;
    this.#choose(/** @type {Tab} */ (tab.value));
    tab.focus();
  }

  /** @param {ChatEvent[]} events */
  #arrived(events) {
    const { room, you, outbox } = this.client;
    const own = (/** @type {ChatEvent} */ event) => event.from?.id === you?.id || outbox.own.has(event.seq);
    const asked = events.filter((event) => event.type === "question" && event.body && !own(event));
    const answered = events.filter((event) => event.type === "question_state" && event.answer);
    if (this.tab !== "questions" && asked.length + answered.length) this.#more("questions", asked.length + answered.length);
    const polls = events.filter((event) => event.type === "poll" && (event.state === "open" || event.state === "shared"));
    const fresh = polls.filter((event) => room.polls.get(event.poll ?? 0)?.state === event.state);
    if (this.tab !== "polls" && fresh.length) this.#more("polls", fresh.length);
  }

  /**
   * @param {Tab} name
   * @param {number} by
   */
  #more(name, by) {
    const mark = this.#place(name);
    this.#mark(name, Number(mark?.dataset.count ?? 0) + by);
  }

  /** @param {Tab} name */
  #place(name) {
    const found = this.root.querySelector(`button[value=${name}] [data-side=mark]`);
    return found instanceof HTMLElement ? found : null;
  }

  /**
   * @param {Tab} name
   * @param {number} count
   */
  #mark(name, count) {
    const mark = this.#place(name);
    if (!mark) return;
    mark.dataset.count = String(count);
    mark.hidden = count === 0;
    const number = mark.firstElementChild;
    if (number) number.textContent = count > 99 ? "99+" : String(count);
  }

  /** @param {number} people */
  #counted(people) {
    this.count.textContent = this.texts.say("people", { n: people });
    this.count.hidden = false;
  }

  #state() {
    if (this.client.state !== "down") return this.#say("");
    window.setTimeout(() => {
      if (this.client.state === "down") this.#say(this.texts.say("chat_down"));
    }, DOWN_MS);
  }

  /**
   * @param {"bye" | "nak"} kind
   * @param {string} code
   */
  #word(kind, code) {
    return this.texts.say(`${kind}_${code}` in this.texts.table ? `${kind}_${code}` : `${kind}_other`);
  }

  /** @param {string} text */
  #say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }
}
