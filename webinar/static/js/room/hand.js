/** The raised hand: up or down, the place in the queue, and the word when it is one's turn. */

import { need } from "../common/boot.js";

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */
/** @typedef {import("../common/boot.js").Texts} Texts */

export class RaisedHand {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {Texts} texts
   */
  constructor(root, client, texts) {
    this.root = root;
    this.client = client;
    this.texts = texts;
    this.button = need("[data-hand=button]", HTMLButtonElement, root);
    this.word = need("[data-hand=word]", HTMLElement, root);
    this.said = need("[data-hand=said]", HTMLElement, root);
    this.button.addEventListener("click", () => void this.#press());
    client.addEventListener("room", () => this.look());
    client.addEventListener("state", () => this.look());
  }

  async #press() {
    this.button.disabled = true;
    await this.client.wishes.raise(this.client.room.hand === null);
    this.look();
  }

  look() {
    const { room } = this.client;
    const up = room.hand !== null;
    this.root.hidden = !room.settings.hands && !up;
    this.root.classList.toggle("is-called", room.called);
    this.button.disabled = this.client.state !== "open";
    this.button.setAttribute("aria-pressed", String(up));
    this.word.textContent = this.texts.say(up ? "lower_hand" : "raise_hand");
    const place = room.called ? this.texts.say("hand_called") : up && room.place ? this.texts.say("hand_place", { n: room.place }) : "";
    if (this.said.textContent !== place) this.said.textContent = place;
  }
}
