/**
 * One message as an element. Everything a person wrote becomes text, never markup.
 */

/** @typedef {import("./log.js").ChatEvent} ChatEvent */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** Messages of one person within this time stand together under one name. */
const TOGETHER_MS = 3 * 60_000;
const HUES = 8;

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

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/u);
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
   */
  constructor(texts, language) {
    this.texts = texts;
    this.time = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
    this.day = new Intl.DateTimeFormat(language, { weekday: "long", month: "long", day: "numeric" });
  }

  /**
   * @param {ChatEvent} event
   * @param {ChatEvent | null} before the message above it
   * @param {boolean} own
   */
  item(event, before, own) {
    const item = element("li", "msg");
    item.dataset.seq = String(event.seq);
    const author = event.from ?? { id: "", name: "", role: "attendee" };
    const at = new Date(event.at);
    item.classList.toggle("own", own);
    item.classList.toggle("staff", author.role !== "attendee");
    if (before && follows(event, before)) item.classList.add("joined");
    else item.append(this.#head(author, at, own));
    item.append(element("p", "msg__body", event.body ?? ""));
    return item;
  }

  /**
   * A message on its way.
   * @param {import("./outbox.js").Draft} draft
   */
  draft(draft) {
    const item = element("li", `msg own draft ${draft.state}`);
    item.dataset.cid = draft.cid;
    item.append(element("p", "msg__body", draft.body));
    if (draft.state !== "refused") {
      item.append(element("p", "msg__note", this.texts.say("sending")));
      return item;
    }
    const note = element("p", "msg__note msg__note--bad");
    const known = `nak_${draft.code}` in this.texts.table ? `nak_${draft.code}` : "nak_other";
    note.append(this.texts.say(known), " ");
    for (const action of ["resend", "discard"]) {
      const button = element("button", "textlink", this.texts.say(action));
      button.type = "button";
      button.dataset.action = action;
      note.append(button, " ");
    }
    item.append(note);
    return item;
  }

  /**
   * A line between days.
   * @param {ChatEvent} event
   * @param {ChatEvent | null} before
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
   * @param {import("./log.js").Author} author
   * @param {Date} at
   * @param {boolean} own
   */
  #head(author, at, own) {
    const head = element("div", "msg__head");
    const role = author.role === "attendee" ? "" : this.texts.say(`role_${author.role}`);
    // Who speaks as "Speaker" has no name of their own to take letters from, and needs no badge that repeats it.
    const nameless = author.name === role;
    const letters = nameless ? [...author.name][0] : initials(author.name);
    const avatar = element("span", `avatar hue-${hue(author.id)}`, letters);
    avatar.setAttribute("aria-hidden", "true");
    head.append(avatar, element("span", "msg__name", author.name));
    if (role && !nameless) head.append(element("span", "badge", role));
    if (own) head.append(element("span", "msg__you", this.texts.say("you")));
    const time = element("time", "msg__time", this.time.format(at));
    time.dateTime = at.toISOString();
    head.append(time);
    return head;
  }
}

/**
 * @param {ChatEvent} event
 * @param {ChatEvent} before
 */
function follows(event, before) {
  const apart = Date.parse(event.at) - Date.parse(before.at);
  const sameDay = new Date(event.at).toDateString() === new Date(before.at).toDateString();
  return event.from?.id === before.from?.id && apart < TOGETHER_MS && sameDay;
}
