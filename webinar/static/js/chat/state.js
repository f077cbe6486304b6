/**
 * What stands in a room beside its messages: settings, the pinned message, questions, polls, raised hands, and what is
 * one's own of these. A pure fold of the server's frames and of the log's events (docs/chat-protocol.md): no socket, no
 * page. An event that is older than the `state` frame is in it already and changes nothing.
 */

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("./log.js").Author} Author */
/**
 * @typedef {{mode: "open" | "hosts" | "questions" | "review", slow_s: number, links: boolean, frozen: boolean,
 *   questions: boolean, anonymous_questions: boolean, review_questions: boolean, reactions: boolean, hands: boolean, ended: boolean}} Settings
 * @typedef {"new" | "queue" | "screen" | "answered" | "dismissed"} QuestionState
 * @typedef {{seq: number, at: string, from: Author | null, body: string, state: QuestionState, votes: number,
 *   answer?: string, answered_at?: string, into?: number, held?: boolean, deleted?: boolean}} Question
 * @typedef {"draft" | "open" | "closed" | "shared"} PollState
 * @typedef {{poll: number, question: string, kind: "single" | "multiple" | "rating", options: string[],
 *   anonymous: boolean, live: boolean, state: PollState, counts?: number[], answers?: number, correct?: number[]}} Poll
 * @typedef {{hand: number, from?: Author, called?: boolean}} Hand
 * @typedef {"settings" | "pinned" | "questions" | "polls" | "hands" | "you"} Part
 */

/** @type {Settings} what holds until the server has said otherwise */
const USUAL = {
  mode: "open", slow_s: 0, links: true, frozen: false, questions: true, anonymous_questions: false,
  review_questions: false, reactions: true, hands: true, ended: false,
};
/** The server keeps as many; a room of a day's length must not grow in the page either. */
const QUESTIONS = 400;

export class RoomState {
  constructor() {
    /** Everything up to this event is in what stands here. */
    this.seq = 0;
    /** The server has told the state: an older one tells none, and has neither questions nor polls. */
    this.known = false;
    /** @type {Settings} */
    this.settings = { ...USUAL };
    /** @type {ChatEvent | null} */
    this.pinned = null;
    /** @type {Map<number, Question>} */
    this.questions = new Map();
    /** @type {Map<number, Poll>} */
    this.polls = new Map();
    /** @type {Map<number, Hand>} in the order of raising */
    this.hands = new Map();
    /** @type {Author[]} staff that can be mentioned */
    this.hosts = [];
    /** When one may write again, ms since 1970; 0: now. */
    this.mutedUntil = 0;
    /** @type {Set<number>} questions voted for */
    this.votes = new Set();
    /** @type {Map<number, number[]>} poll → choices; empty where it is anonymous */
    this.answers = new Map();
    /** @type {number | null} the own raised hand */
    this.hand = null;
  }

  /** @param {Partial<Settings> | undefined} settings of `welcome` or of an event */
  set(settings) {
    this.settings = { ...this.settings, ...settings };
    this.#over();
  }

  /** @param {any} frame `state` */
  begin(frame) {
    this.known = true;
    this.seq = frame.seq;
    this.settings = { ...USUAL, ...frame.settings };
    this.pinned = [frame.pinned ?? []].flat()[0] ?? null; // a list of none or one
    this.hosts = frame.hosts ?? [];
    this.questions = new Map((frame.questions ?? []).map((/** @type {any} */ q) => [q.seq, { ...q, ...judged(q) }]));
    this.polls = new Map((frame.polls ?? []).map((/** @type {Poll} */ p) => [p.poll, p]));
    this.hands = new Map((frame.hands ?? []).map((/** @type {Hand} */ h) => [h.hand, h]));
    this.#over();
  }

  /** The end closes what is open: the server says so in an event that may come later, or to nobody who is still here. */
  #over() {
    if (!this.settings.ended) return;
    for (const poll of this.polls.values()) if (poll.state === "open") poll.state = "closed";
  }

  /** Back to what one knows who has not been let in. */
  leave() {
    Object.assign(this, new RoomState());
  }

  /** @param {any} frame `you`: replaces what was there */
  yours(frame) {
    this.mutedUntil = frame.muted_until ? Date.parse(frame.muted_until) : 0;
    this.votes = new Set(frame.votes ?? []);
    this.answers = new Map(Object.entries(frame.answers ?? {}).map(([poll, choices]) => [Number(poll), choices]));
    this.hand = frame.hand ?? null;
  }

  /**
   * @param {ChatEvent} event in order, without gaps
   * @returns {Part | null} what changed
   */
  apply(event) {
    if (event.seq <= this.seq) return null;
    this.seq = event.seq;
    switch (event.type) {
      case "settings":
        this.set(event.settings);
        return "settings";
      case "pin":
        this.pinned = event.message ?? null;
        return "pinned";
      case "unpin":
        this.pinned = null;
        return "pinned";
      case "poll":
        return this.#poll(event);
      case "hand":
        return this.#hand(event);
      case "question":
      case "question_state":
      case "tally":
        return this.#question(event);
      case "approve":
      case "restore":
        return event.message?.type === "question" ? this.#ask(event.message) : null;
      case "delete":
      case "reject":
        return this.#removed((one) => one.seq === event.target);
      case "delete_person":
        return this.#removed((one) => one.from?.id === event.person && one.seq <= (event.upto ?? 0));
      default:
        return null;
    }
  }

  /** @param {ChatEvent} event @returns {Part | null} */
  #question(event) {
    if (event.type === "question") return this.#ask(event);
    if (event.type === "tally") {
      for (const [seq, votes] of Object.entries(event.votes ?? {})) {
        const question = this.questions.get(Number(seq));
        if (question) question.votes = votes;
      }
      return "questions";
    }
    const { whole } = /** @type {{whole?: any}} */ (event); // it was dismissed, and not told to who came then
    if (whole) this.questions.set(whole.seq, { ...whole, ...judged(whole) });
    const question = this.questions.get(event.question ?? 0);
    if (!question) return null;
    if (event.state === "screen") {
      for (const other of this.questions.values()) if (other.state === "screen") other.state = "queue";
    }
    this.#move(question, event);
    return "questions";
  }

  /**
   * Every move forgets what the one before left, as the server does.
   * @param {Question} question
   * @param {ChatEvent} event
   */
  #move(question, { state, into, answer = question.answer, at }) {
    question.state = /** @type {QuestionState} */ (state);
    delete question.into;
    delete question.answer;
    delete question.answered_at;
    if (state === "dismissed" && into && this.#root(into) !== question.seq) question.into = into;
    if (state !== "answered") return;
    question.answered_at = at;
    if (answer) question.answer = answer;
  }

  /** The question that this one's votes count for. @param {number} seq */
  #root(seq) {
    for (let into = this.questions.get(seq)?.into; into; into = this.questions.get(seq)?.into) seq = into;
    return seq;
  }

  /** @param {ChatEvent} event @returns {Part} */
  #ask(event) {
    const before = this.questions.get(event.seq);
    if (before) {
      Object.assign(before, { body: event.body ?? before.body, ...judged(event) });
      return "questions";
    }
    this.questions.set(event.seq, {
      seq: event.seq, at: event.at, from: event.from ?? null, body: event.body ?? "", state: "new", votes: 0,
      ...judged(event),
    });
    if (this.questions.size > QUESTIONS) this.#dropOldest();
    return "questions";
  }

  #dropOldest() {
    const over = [...this.questions.values()].find((one) => one.state !== "screen" && one.state !== "queue");
    if (over) this.questions.delete(over.seq);
  }

  /** @param {(question: Question) => boolean} which @returns {Part | null} */
  #removed(which) {
    const { pinned } = this;
    let changed = false;
    for (const question of this.questions.values()) {
      if (question.deleted || !which(question)) continue;
      question.deleted = changed = true;
    }
    const asQuestion = pinned && { seq: pinned.seq, from: pinned.from ?? null };
    const unpins = Boolean(asQuestion && which(/** @type {Question} */ (asQuestion)));
    if (unpins) this.pinned = null;
    return changed ? "questions" : unpins ? "pinned" : null;
  }

  /** @param {ChatEvent} event @returns {Part | null} */
  #poll(event) {
    if (event.poll === undefined) return null; // a stub: a draft is nobody's business
    if (event.state === "removed") this.polls.delete(event.poll);
    else this.polls.set(event.poll, /** @type {Poll} */ ({ ...this.polls.get(event.poll), ...pollOf(event) }));
    this.#over();
    return "polls";
  }

  /**
   * @param {any} frame `poll_results`
   * @returns {boolean} whether anything changed
   */
  results({ poll, counts, answers }) {
    const known = this.polls.get(poll);
    if (!known) return false;
    Object.assign(known, { counts, answers });
    return true;
  }

  /** @param {ChatEvent} event @returns {Part | null} */
  #hand(event) {
    const hand = event.of ?? event.seq;
    if (!event.up) {
      this.hands.delete(hand);
      if (this.hand === hand) this.hand = null;
    } else if (event.state === "called") {
      const known = this.hands.get(hand);
      if (known) known.called = true;
    } else {
      this.hands.set(hand, { hand, ...(event.from ? { from: event.from } : {}) });
    }
    return "hands";
  }

  /** Those shown to everybody; of merged ones only the one they went into. @returns {Question[]} */
  get openQuestions() {
    return [...this.questions.values()].filter((one) => !one.deleted && one.state !== "dismissed" && !one.into);
  }

  /** @returns {Question | null} what lies over the picture */
  get onScreen() {
    return this.openQuestions.find((one) => one.state === "screen") ?? null;
  }

  /** Open ones first, then the newest. @returns {Poll[]} */
  get openPolls() {
    const open = (/** @type {Poll} */ poll) => (poll.state === "open" ? 1 : 0);
    const shown = [...this.polls.values()].filter((poll) => poll.state !== "draft");
    return shown.sort((one, other) => open(other) - open(one) || other.poll - one.poll);
  }

  /** The place of the own hand among those that wait; 0: called, or not raised. */
  get place() {
    const mine = this.hand === null ? undefined : this.hands.get(this.hand);
    if (!mine || mine.called) return 0;
    return [...this.hands.values()].filter((one) => !one.called && one.hand <= mine.hand).length;
  }

  get called() {
    return this.hand !== null && Boolean(this.hands.get(this.hand)?.called);
  }
}

/**
 * Staff hears of a question for good that it was held, and how that was decided.
 * @param {{held?: boolean, deleted?: boolean, decided?: string}} told
 * @returns {{held: boolean, deleted: boolean}} what that means now
 */
function judged({ held, deleted, decided }) {
  return { held: Boolean(held) && decided !== "approved", deleted: Boolean(deleted) || decided === "rejected" };
}

/** @param {ChatEvent} event of type poll */
function pollOf(event) {
  const { poll, question, kind, options, anonymous, live, state, counts, answers, correct } = /** @type {any} */ (event);
  const all = { poll, question, kind, options, anonymous, live, state, counts, answers, correct };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/**
 * @param {Question[]} questions
 * @param {"votes" | "newest"} order
 * @returns {Question[]} on screen first, then what waits for an answer, then what has one
 */
export function sorted(questions, order) {
  const rank = (/** @type {Question} */ { state }) => (state === "screen" ? 0 : state === "answered" ? 2 : 1);
  return [...questions].sort(
    (a, b) => rank(a) - rank(b) || (order === "votes" ? b.votes - a.votes || a.seq - b.seq : b.seq - a.seq),
  );
}
