/** Rows of the lists as elements. Everything that people wrote becomes text, never markup. */

import { beside, element, initials } from "../chat/message.js";
import { need } from "../common/boot.js";
import { clockFormat, numberFormat } from "../common/format.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("../chat/log.js").Author} Author */
/** @typedef {import("./desk.js").Item} Item */
/** @typedef {{act: string, icon: string, label: string, key?: string, kind?: string}} Button */

/** A picture of the sprite, beside its text. @param {string} name */
export function icon(name) {
  const made = document.importNode(need("#icon-shape", HTMLTemplateElement).content, true);
  made.querySelector("use")?.setAttribute("href", `#i-${name}`);
  return made;
}

/** A button of a row, with its key. @param {Button} button @param {boolean} [wide] with its label beside the picture */
export function act({ act: name, icon: picture, label, key, kind }, wide = false) {
  const made = element("button", "act" + (kind ? ` act--${kind}` : "") + (wide ? " act--wide" : ""));
  made.type = "button";
  made.dataset.act = name;
  made.append(icon(picture));
  if (wide) made.append(element("span", "", label));
  else made.setAttribute("aria-label", label);
  made.title = key ? `${label} (${key.toUpperCase()})` : label;
  if (key) made.setAttribute("aria-keyshortcuts", key);
  return made;
}

/**
 * Puts what was made anew into a row. What is the same stays the same element: somebody may just be pressing it.
 * @param {Element} row
 * @param {Element} made
 */
export function exchange(row, made) {
  const [old, fresh] = [[...row.childNodes], [...made.childNodes]];
  const least = Math.min(old.length, fresh.length);
  let before = 0;
  while (before < least && old[before]?.isEqualNode(fresh[before] ?? null)) before += 1;
  let after = 0;
  while (after < least - before && old.at(-1 - after)?.isEqualNode(fresh.at(-1 - after) ?? null)) after += 1;
  for (const node of old.slice(before, old.length - after)) node.remove();
  const next = old[old.length - after] ?? null;
  for (const node of fresh.slice(before, fresh.length - after)) row.insertBefore(node, next);
}

export class Rows {
  /**
   * @param {Texts} texts
   * @param {string} language
   * @param {import("../chat/roll.js").Roll} roll
   */
  constructor(texts, language, roll) {
    this.texts = texts;
    this.roll = roll;
    this.time = clockFormat(language);
    this.number = numberFormat(language);
  }

  /** @param {Author | null} from @param {string} at */
  head(from, at) {
    const head = element("div", "entry__head");
    const name = from?.name || this.texts.say(from ? "deleted_person" : "anonymous");
    const avatar = element("span", "avatar entry__face", from ? initials(from.name) : "?");
    avatar.setAttribute("aria-hidden", "true");
    head.append(avatar, element("strong", "entry__name", name));
    if (from?.role === "attendee") head.append(beside(from, this.roll));
    if (from && from.role !== "attendee") head.append(element("span", "badge badge--accent", this.texts.say(`role_${from.role}`)));
    const time = element("time", "entry__time", this.time.format(new Date(at)));
    time.dateTime = at;
    head.append(time);
    return head;
  }

  /**
   * @param {HTMLElement} row
   * @param {Item} item
   * @param {{notes: string[], buttons: Button[], lock?: string, quote?: string}} more
   */
  message(row, item, { notes, buttons, lock = "", quote = "" }) {
    row.className = "entry";
    row.classList.toggle("entry--gone", item.deleted);
    row.classList.toggle("entry--announced", item.type === "announcement");
    row.classList.toggle("entry--locked", Boolean(lock));
    row.append(this.head(item.from, item.at));
    if (quote) row.append(element("p", "entry__quote", quote));
    row.append(element("p", "entry__body", item.body || this.texts.say("no_text")));
    this.foot(row, notes, lock);
    row.append(this.acts(buttons));
  }

  /** @param {HTMLElement} row @param {string[]} notes @param {string} lock who looks at it */
  foot(row, notes, lock) {
    const said = notes.filter(Boolean);
    if (!said.length && !lock) return;
    const foot = element("p", "entry__notes");
    for (const note of said) foot.append(element("span", "entry__note", note));
    if (lock) foot.append(element("span", "entry__note entry__lock", this.texts.say("looks_at_this", { name: lock })));
    row.append(foot);
  }

  /** @param {Button[]} buttons */
  acts(buttons) {
    const place = element("div", "entry__acts");
    for (const button of buttons) place.append(act(button));
    return place;
  }
}
