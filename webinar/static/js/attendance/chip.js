/** How the viewer stands: a chip under the picture, what counts behind it, and the buttons of the doors while they are open. */

import { drawing } from "../chat/message.js";
import { clockFormat } from "../common/format.js";
import { make, put } from "./parts.js";
import { door, steps, summary } from "./words.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./reporter.js").Standing} Standing */
/** @typedef {import("./words.js").Door} Door */

const SIGNS = { passed: "check", failed: "alert", open: "clock" };

/** Fires "press" with the door's name. */
export class Chip extends EventTarget {
  /**
   * @param {HTMLElement} root
   * @param {Texts} texts
   */
  constructor(root, texts) {
    super();
    this.texts = texts;
    /** Pressed here, perhaps not yet known to the server. @type {Map<Door, number>} */
    this.pressed = new Map();
    this.time = clockFormat(document.documentElement.lang);
    this.word = make("span", "figures", texts.say("attend_counting"));
    this.sign = make("span", "attend__sign", drawing("clock"));
    const more = make("summary", "attend__chip", this.sign, this.word);
    this.list = make("ul", "attend__rules");
    this.note = make("p", "attend__note");
    this.note.setAttribute("role", "status");
    const panel = make("div", "menu__list menu__list--up attend__panel", make("h2", "attend__head", texts.say("attend_head")), this.list);
    panel.append(make("p", "attend__small", texts.say("attend_honest")));
    this.menu = make("details", "menu attend__menu", more, panel);
    this.menu.dataset.menu = "";
    this.doors = make("div", "attend__doors");
    /** @type {Record<Door, HTMLButtonElement>} */
    this.buttons = { enter: this.#button("enter"), leave: this.#button("leave") };
    root.append(this.menu, this.doors, this.note);
    root.hidden = false;
  }

  /** @param {Door} name */
  #button(name) {
    const made = make("button", "button button--primary button--small", drawing(name === "enter" ? "ticket" : "out"), this.texts.say(`attend_${name}`));
    made.type = "button";
    made.dataset.door = name;
    made.hidden = true;
    made.addEventListener("click", () => this.dispatchEvent(new CustomEvent("press", { detail: name })));
    this.doors.append(made);
    return made;
  }

  /**
   * @param {Standing} standing
   * @param {number} now ms, the server's
   * @param {boolean} waiting whether something is not with the server yet
   */
  show(standing, now, waiting) {
    put(this.word, summary(standing, this.texts));
    const outcome = standing.outcome === "passed" || standing.outcome === "failed" ? standing.outcome : "open";
    this.sign.dataset.outcome = outcome;
    this.sign.querySelector("use")?.setAttribute("href", `#i-${SIGNS[outcome]}`);
    this.#rules(standing);
    put(this.note, [...this.#doors(standing, now), waiting ? this.texts.say("attend_kept") : ""].filter(Boolean).join(" · "));
  }

  /** @param {Standing} standing */
  #rules(standing) {
    const lines = standing.rules.map((rule) => [rule.title ?? this.texts.say("attend_whole"), ...steps(rule, standing, this.texts)].join("\n"));
    if (!lines.length) lines.push(this.texts.say("attend_no_rules"));
    if (standing.replay_s >= 60) lines.push(this.texts.say("attend_replay", { n: Math.floor(standing.replay_s / 60) }));
    const shown = JSON.stringify(lines);
    if (this.list.dataset.shown === shown) return;
    this.list.dataset.shown = shown;
    this.list.replaceChildren(
      ...lines.map((line, place) => {
        const [title, ...rest] = line.split("\n");
        const item = make("li", "attend__rule", make("span", "attend__title", title ?? ""), ...rest.map((text) => make("span", "figures", text)));
        item.dataset.outcome = standing.rules[place]?.outcome ?? "open";
        return item;
      }),
    );
  }

  /**
   * @param {Standing} standing
   * @param {number} now
   * @returns {string[]} what is to be said of the doors
   */
  #doors(standing, now) {
    const said = [];
    for (const name of /** @type {Door[]} */ (["enter", "leave"])) {
      const known = standing[name === "enter" ? "entered_at" : "left_at"];
      const here = this.pressed.get(name);
      const at = known ? Date.parse(known) : here;
      const state = door(standing[name], at ? new Date(at).toISOString() : null, now);
      this.buttons[name].hidden = state !== "open";
      const window = standing[name];
      if (state === "done" && at) said.push(this.texts.say(`attend_${name}_done`, { t: this.#clock(at) }));
      if (state === "open" && window) said.push(this.texts.say(`attend_${name}_open`, { t: this.#clock(Date.parse(window.closes_at)) }));
      if (state === "later" && window && name === "enter") said.push(this.texts.say("attend_enter_later", { t: this.#clock(Date.parse(window.opens_at)) }));
    }
    return said;
  }

  /** @param {number} ms the server's; shown on this machine's wall */
  #clock(ms) {
    return this.time.format(new Date(ms));
  }
}
