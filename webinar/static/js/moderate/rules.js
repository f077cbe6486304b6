/** The settings of the room: each choice holds at once, and can be undone. */

import { need } from "../common/boot.js";
import { fits } from "./acts.js";

/** @typedef {import("../chat/state.js").RoomState} RoomState */
/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./acts.js").Acts} Acts */
/** @typedef {import("./desk.js").Desk} Desk */

const WORDS = 200;

/**
 * How many of the words, taken from the end, are more than one order carries.
 * @param {string[]} words
 */
export function over(words) {
  let kept = Math.min(words.length, WORDS);
  while (kept && !fits({ op: "settings", words: words.slice(0, kept) })) kept -= 1;
  return words.length - kept;
}

export class Rules {
  /**
   * @param {RoomState} state
   * @param {Desk} desk
   * @param {Acts} acts
   * @param {Texts} texts
   */
  constructor(state, desk, acts, texts) {
    this.state = state;
    this.desk = desk;
    this.acts = acts;
    this.texts = texts;
    this.form = need("[data-desk=settings]", HTMLFormElement);
    this.words = need("#words", HTMLTextAreaElement);
    this.save = need("[data-do=save-words]", HTMLButtonElement);
    this.note = need("[data-words=note]", HTMLElement);
    this.mode = need("[data-desk=mode]", HTMLElement);
    this.form.addEventListener("change", (event) => void this.#changed(event.target));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.words.addEventListener("input", () => { this.save.hidden = this.#typed().join("\n") === this.desk.words.join("\n"); });
    this.save.addEventListener("click", () => void this.#saveWords());
  }

  update() {
    const { settings } = this.state;
    for (const field of this.form.elements) {
      if (field instanceof HTMLInputElement && field.type === "radio") field.checked = field.value === settings.mode;
      else if (field instanceof HTMLInputElement) field.checked = Boolean(settings[/** @type {keyof typeof settings} */ (field.name)]);
    }
    need("#slow", HTMLSelectElement).value = String(settings.slow_s);
    if (this.save.hidden && document.activeElement !== this.words) this.words.value = this.desk.words.join("\n");
    const said = this.#said();
    this.mode.textContent = said;
    this.mode.hidden = !said;
    for (const field of this.form.elements) /** @type {HTMLInputElement} */ (field).disabled = settings.ended;
  }

  /** What of the settings everybody at the desk must know. */
  #said() {
    const { settings } = this.state;
    if (settings.ended) return this.texts.say("mode_ended");
    if (settings.frozen) return this.texts.say("mode_frozen");
    if (settings.mode !== "open") return this.texts.say(`mode_${settings.mode}`);
    return settings.slow_s ? this.texts.say("mode_slow", { n: settings.slow_s }) : "";
  }

  /** @param {EventTarget | null} field */
  async #changed(field) {
    if (field === this.words || !(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) return;
    const name = /** @type {keyof RoomState["settings"]} */ (field.name);
    const value = field.type === "checkbox" ? /** @type {HTMLInputElement} */ (field).checked : field.name === "slow_s" ? Number(field.value) : field.value;
    await this.#set({ [name]: value }, { [name]: this.state.settings[name] });
  }

  async #saveWords() {
    const words = this.#typed();
    const more = over(words);
    this.note.textContent = more ? this.texts.say("words_over", { n: more }) : "";
    this.note.hidden = !more;
    if (!more && (await this.#set({ words }, { words: this.desk.words }))) this.save.hidden = true;
    this.words.focus();
  }

  /** @param {object} fields @param {object} before */
  async #set(fields, before) {
    const back = { op: "settings", ...before };
    const done = await this.acts.run({ op: "settings", ...fields }, { text: this.texts.say("did_settings"), back });
    if (done === null) this.update();
    return done !== null;
  }

  #typed() {
    return [...new Set(this.words.value.split("\n").map((word) => word.trim()).filter(Boolean))];
  }
}
