/**
 * One message as an element. Everything a person wrote becomes text, never markup.
 */

import { clockFormat, timeFormat } from "../common/format.js";
import { isStaff } from "./gate.js";
import { runs } from "./rich.js";

/** @typedef {import("./log.js").Author} Author */
/** @typedef {import("./outbox.js").Draft} Draft */
/** @typedef {import("./thread.js").Line} Line */
/** @typedef {import("./thread.js").Thread} Thread */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Messages of one person within this time stand together under one name. */
const TOGETHER_MS = 3 * 60_000;
const HUES = 8;
/** Characters of a quoted message. */
const QUOTED = 140;

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** @type {WeakMap<Element, string>} what an element of a list shows */
const LOOKS = new WeakMap();

/**
 * Puts these into a list in place of what stands there. What looks as before stays the element it is: it keeps the focus,
 * and a press that is under way.
 * @param {HTMLElement} list
 * @param {[look: string, make: () => HTMLElement][]} items of different looks
 */
export function renew(list, items) {
  const there = new Map([...list.children].map((one) => [LOOKS.get(one), one]));
  const wanted = items.map(([look, make]) => {
    const item = there.get(look) ?? make();
    LOOKS.set(item, look);
    return item;
  });
  for (const one of [...list.children]) if (!wanted.includes(one)) one.remove();
  wanted.forEach((item, at) => {
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  });
}

/**
 * A picture of the page's own sprite.
 * @param {string} name
 */
export function drawing(name) {
  const sprite = document.querySelector(".sprite")?.namespaceURI ?? null;
  const svg = /** @type {SVGElement} */ (document.createElementNS(sprite, "svg"));
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(sprite, "use"));
  svg.firstElementChild?.setAttribute("href", `#i-${name}`);
  return svg;
}

/**
 * What a person wrote, its addresses as links that tell nobody where the reader came from.
 * @param {string} className
 * @param {string} text
 * @param {string[]} [names] whom an @ may mean
 */
export function prose(className, text, names = []) {
  const made = element("p", className);
  for (const run of runs(text, names)) {
    if (run.kind === "text") {
      made.append(run.text);
    } else if (run.kind === "mention") {
      made.append(element("span", "mention", run.text));
    } else {
      const link = element("a", "", run.text);
      link.href = run.href ?? "";
      link.target = "_blank";
      link.rel = "noopener noreferrer nofollow ugc";
      made.append(link);
    }
  }
  return made;
}

/**
 * Where the full name of a guest stands for staff, empty until somebody knows it: as long as that takes, and after it.
 * @param {Author | null | undefined} author
 * @param {import("./roll.js").Roll | null} roll null: it comes later, and looks for such places
 */
export function beside(author, roll) {
  const place = element("span", "fullname", roll?.full(author) ?? "");
  if (author) Object.assign(place.dataset, { full: author.id, shown: author.name });
  return place;
}

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/u);
  // Of a short form the number: it is what tells one guest from another.
  const number = words.length > 1 ? (words[words.length - 1] ?? "") : "";
  if (/^\d+$/u.test(number)) return number.slice(-3);
  const first = [...(words[0] ?? "")];
  // A Korean name shows its given part's first syllables, as people there abbreviate it.
  if (/^\p{Script=Hangul}+$/u.test(words[0] ?? "")) return first.length > 2 ? first.slice(1, 3).join("") : first.join("");
  const last = words.length > 1 ? [...(words[words.length - 1] ?? "")][0] : "";
  return ((first[0] ?? "") + (last ?? "")).toUpperCase();
}

/** @param {string} id */
function hue(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum % HUES;
}

export class Messages {
  /**
   * @param {Texts} texts
   * @param {string} language
   * @param {{you: {id: string, role: string} | null, room: {hosts: Author[]}, roll?: import("./roll.js").Roll | null}} reader whose page it is
   */
  constructor(texts, language, reader) {
    this.texts = texts;
    this.reader = reader;
    this.time = clockFormat(language);
    this.day = timeFormat(language, { weekday: "long", month: "long", day: "numeric" });
  }

  /** @param {{from?: Author | null}} event */
  isOwn(event) {
    return Boolean(event.from) && event.from?.id === this.reader.you?.id;
  }

  /** The name of somebody; of one who had their data deleted, that. @param {Author} author */
  named(author) {
    return author.name || this.texts.say("deleted_person");
  }

  /**
   * @param {Line} line
   * @param {Line | null} before the message above it
   * @param {Thread} thread where what it replies to is looked for
   */
  item(line, before, thread) {
    const item = element("li", "msg");
    item.dataset.seq = String(line.place);
    item.dataset.id = String(line.seq);
    item.tabIndex = -1;
    const author = line.from ?? { id: "", name: "", role: "attendee" };
    const own = this.isOwn(line);
    item.classList.toggle("own", own);
    item.classList.toggle("staff", author.role !== "attendee");
    item.classList.toggle("announcement", line.type === "announcement");
    item.classList.toggle("held", Boolean(line.held));
    item.classList.toggle("tome", line.mentions?.includes(this.reader.you?.id ?? "") ?? false);
    if (before && follows(line, before)) item.classList.add("joined");
    else item.append(this.#head(author, new Date(line.at), own, line.type));
    if (line.deleted) {
      item.classList.add("deleted");
      item.append(element("p", "msg__body", this.texts.say(author.name ? "removed" : "removed_with_person")));
      return item;
    }
    if (line.reply_to) item.append(this.quote(line.reply_to, thread));
    item.append(prose("msg__body", line.body ?? "", this.reader.room.hosts.map((host) => host.name)));
    if (line.held) item.append(element("p", "msg__note", this.texts.say("held")));
    else if (line.type === "message") item.append(this.#reply(author.name));
    return item;
  }

  /** @param {string} name whose message it is */
  #reply(name) {
    const button = element("button", "msg__act");
    button.type = "button";
    button.dataset.action = "reply";
    button.tabIndex = -1; // Enter on the message does the same: a list of 500 must not have 500 stops
    button.setAttribute("aria-label", this.texts.say("reply_to", { name }));
    button.title = this.texts.say("reply");
    button.append(drawing("reply"));
    return button;
  }

  /**
   * What a message answers; pressed, it leads there.
   * @param {number} seq
   * @param {Thread} thread
   */
  quote(seq, thread) {
    const line = thread.find(seq);
    const button = element("button", "msg__quote");
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.action = "jump";
    button.dataset.to = String(seq);
    button.dataset.of = line?.from?.id ?? "";
    button.append(element("span", "spoken", this.texts.say("in_reply_to")));
    if (line?.from) button.append(element("span", "msg__quoted", this.named(line.from)));
    button.append(element("span", "msg__cut", this.cut(line)));
    return button;
  }

  /** @param {Line | null} line @returns {string} in one line */
  cut(line) {
    if (!line) return this.texts.say("earlier_message");
    if (line.deleted) return this.texts.say("removed");
    return [...(line.body ?? "").replace(/\s+/gu, " ")].slice(0, QUOTED).join("");
  }

  /**
   * A message on its way.
   * @param {Draft} draft
   */
  draft(draft) {
    const item = element("li", `msg own draft ${draft.state}`);
    item.dataset.cid = draft.cid;
    item.append(element("p", "msg__body", draft.body));
    if (draft.state !== "refused") {
      item.append(element("p", "msg__note", this.texts.say(draft.state === "held" ? "held" : "sending")));
      return item;
    }
    const note = element("p", "msg__note msg__note--bad");
    note.append(this.refusal(draft.code), " ");
    for (const action of draft.code === "rejected" ? ["discard"] : ["resend", "discard"]) {
      const button = element("button", "textlink", this.texts.say(action));
      button.type = "button";
      button.dataset.action = action;
      note.append(button, " ");
    }
    item.append(note);
    return item;
  }

  /** @param {string} code of a `nak` */
  refusal(code) {
    return this.texts.say(`nak_${code}` in this.texts.table ? `nak_${code}` : "nak_other");
  }

  /**
   * A line between days.
   * @param {Line} event
   * @param {Line | null} before
   * @returns {HTMLLIElement | null}
   */
  dayLine(event, before) {
    const day = new Date(event.at).toDateString();
    const other = before ? new Date(before.at).toDateString() : new Date().toDateString();
    if (day === other) return null;
    const line = element("li", "day-line");
    line.append(element("span", "", this.day.format(new Date(event.at))));
    return line;
  }

  /**
   * @param {Author} author
   * @param {Date} at
   * @param {boolean} own
   * @param {string} type
   */
  #head(author, at, own, type) {
    const head = element("div", "msg__head");
    const role = author.role === "attendee" ? "" : this.texts.say(`role_${author.role}`);
    // Who speaks as "Speaker" has no name of their own to take letters from, and needs no badge that repeats it.
    const name = this.named(author);
    const nameless = name === role;
    const letters = nameless ? [...name][0] : initials(author.name);
    const avatar = element("span", `avatar hue-${hue(author.id)}`, letters);
    avatar.setAttribute("aria-hidden", "true");
    head.append(avatar, element("span", "msg__name", name));
    if (!role && isStaff(this.reader.you)) head.append(beside(author, this.reader.roll ?? null));
    if (type === "announcement") head.append(element("span", "badge", this.texts.say("announcement")));
    else if (role && !nameless) head.append(element("span", "badge", role));
    if (own) head.append(element("span", "msg__you", this.texts.say("you")));
    const time = element("time", "msg__time", this.time.format(at));
    time.dateTime = at.toISOString();
    head.append(time);
    return head;
  }
}

/**
 * @param {Line} line
 * @param {Line} before
 */
function follows(line, before) {
  if (line.type !== "message" || before.type !== "message") return false;
  const apart = Date.parse(line.at) - Date.parse(before.at);
  const sameDay = new Date(line.at).toDateString() === new Date(before.at).toDateString();
  return line.from?.id === before.from?.id && apart < TOGETHER_MS && sameDay;
}
