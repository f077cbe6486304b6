/** A host's menu while an event runs: the doors, and an announcement to everybody. */

import { need } from "../common/boot.js";
import { toast } from "../common/toast.js";
import { Refused, Unreachable } from "../media/signalling.js";
import { Door } from "./door.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("../common/boot.js").Texts} Texts */

export class Audience {
  /**
   * @param {HTMLDetailsElement} root
   * @param {Api} api
   * @param {Texts} texts
   */
  constructor(root, api, texts) {
    this.root = root;
    this.api = api;
    this.texts = texts;
    this.field = need("textarea", HTMLTextAreaElement, root);
    this.problem = need("[data-audience=problem]", HTMLElement, root);
    this.send = need("button[type=submit]", HTMLButtonElement, root);
    const waiting = need("[data-audience=waiting]", HTMLElement, root);
    this.door = new Door(api, texts, toast, (people) => {
      waiting.textContent = String(people);
      waiting.hidden = people === 0;
    });
    need("[data-audience=form]", HTMLFormElement, root).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#announce();
    });
  }

  /** The event is over: there is no audience any more. */
  close() {
    this.door.close();
    this.root.hidden = true;
  }

  async #announce() {
    const body = this.field.value.trim();
    if (!body || this.send.disabled) return;
    this.send.disabled = true; // once, however often it is pressed
    this.problem.hidden = true;
    try {
      await this.api.announce(body);
      this.field.value = "";
      this.root.open = false;
      toast(this.texts.say("did_announce"));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      this.problem.hidden = false; // before the text: it is said aloud
      this.problem.textContent = this.texts.say("announce_failed");
    } finally {
      this.send.disabled = false;
    }
  }
}
