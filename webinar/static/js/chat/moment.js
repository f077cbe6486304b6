/**
 * The messages of the moment that the picture shows, when it is behind: a list of its own, and a bar that leads from it
 * to the chat of now and back.
 */

import { need } from "../common/boot.js";
import { MessageList } from "./list.js";
import { Replay } from "./replay.js";

/** @typedef {import("./client.js").ChatClient} ChatClient */

export class Moment {
  /**
   * @param {HTMLElement} root
   * @param {ChatClient} client
   * @param {import("./message.js").Messages} messages
   * @param {(on: boolean) => void} turned
   */
  constructor(root, client, messages, turned) {
    this.client = client;
    this.messages = messages;
    this.turned = turned;
    this.scroll = need("[data-chat=scroll]", HTMLElement, root);
    this.place = need("[data-chat=then]", HTMLOListElement, root);
    this.bar = need("[data-chat=moment]", HTMLElement, root);
    this.text = need("[data-chat=moment-text]", HTMLElement, root);
    this.button = need("[data-chat=moment-turn]", HTMLButtonElement, root);
    this.empty = need("[data-chat=then-empty]", HTMLElement, root);
    this.replay = new Replay();
    this.list = new MessageList(this.scroll, this.place, this.replay.thread, messages);
    /** Its messages are shown. */
    this.on = false;
    /** The reader wants those of now although the picture is behind. */
    this.wantsNow = false;
    /** @type {number | null} ms since 1970 */
    this.at = null;
    /** What stands in the page is not what is to stand there any more. */
    this.stale = false;
    this.button.addEventListener("click", () => {
      this.wantsNow = !this.wantsNow;
      this.show(this.at);
    });
    this.scroll.addEventListener("scroll", () => this.on && this.list.scrolled(), { passive: true });
    client.addEventListener("then", (event) => {
      this.replay.take(/** @type {CustomEvent} */ (event).detail, performance.now());
      if (this.at !== null) this.show(this.at);
    });
    client.addEventListener("events", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      if (this.replay.moderated(detail)) {
        this.stale = true;
        this.#paint();
      }
      this.list.thread = this.replay.thread;
      this.list.requote(detail);
    });
  }

  /** @param {number | null} at what the picture shows, ms since 1970 on the server's clock; null: it is live */
  show(at) {
    this.at = at;
    if (at === null) this.wantsNow = false;
    this.bar.hidden = at === null;
    this.#turn(at !== null && !this.wantsNow);
    if (at === null) return;
    this.text.textContent = this.messages.texts.say(this.on ? "moment" : "moment_now", { t: this.messages.time.format(at) });
    this.button.textContent = this.messages.texts.say(this.on ? "moment_to_now" : "moment_to_then");
    if (!this.on) return;
    const wish = this.replay.want(at, performance.now());
    if (wish && !this.client.then(wish)) this.replay.take(null, performance.now());
    this.#paint();
  }

  clear() {
    this.replay.clear();
    this.list.thread = this.replay.thread;
    this.list.clear();
  }

  /** @param {boolean} on */
  #turn(on) {
    if (on === this.on) return;
    this.on = on;
    this.place.hidden = !on;
    this.empty.hidden = true;
    this.turned(on);
    if (on) this.list.toEnd();
  }

  #paint() {
    if (this.at === null) return;
    const { fresh, again } = this.replay.at(this.at);
    this.list.thread = this.replay.thread;
    if (again || this.stale) {
      this.stale = false;
      this.list.clear();
      this.list.append(this.replay.thread.lines);
    } else if (fresh.length) this.list.append(fresh);
    this.empty.hidden = !this.on || !this.replay.begun || this.replay.thread.lines.length > 0;
    if (this.on && this.list.following && (fresh.length || again)) this.list.toEnd();
  }
}
