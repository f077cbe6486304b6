/** The question that the host has put on screen, over the lower part of the picture, for everybody. */

import { need } from "../common/boot.js";

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */
/** @typedef {import("../common/boot.js").Texts} Texts */

export class OnScreen {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Texts} texts
   */
  constructor(root, client, texts) {
    this.root = root;
    this.client = client;
    this.texts = texts;
    this.who = need("[data-onscreen=who]", HTMLElement, root);
    this.body = need("[data-onscreen=body]", HTMLElement, root);
    /** Put away by the viewer. */
    this.hidden = 0;
    /** The picture is of another moment: what is on screen now does not belong to it. */
    this.past = false;
    need("[data-onscreen=hide]", HTMLButtonElement, root).addEventListener("click", () => {
      this.hidden = this.client.room.onScreen?.seq ?? 0;
      this.look();
    });
    client.addEventListener("room", () => this.look());
  }

  look() {
    const question = this.client.room.onScreen;
    this.root.hidden = !question || question.seq === this.hidden || this.past || this.client.room.settings.ended;
    if (!question) return;
    const who = this.texts.say("question_of", { name: question.from?.name ?? this.texts.say("anonymous") });
    if (this.who.textContent !== who) this.who.textContent = who;
    if (this.body.textContent !== question.body) this.body.textContent = question.body;
  }
}
