/** What can be done about a message or its author: the buttons of its row, and each as an operation with its undoing. */

import { askBan, askMinutes } from "./ask.js";

/** @typedef {import("./acts.js").Acts} Acts */
/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Item} Item */
/** @typedef {import("./rows.js").Button} Button */
/** @typedef {import("../chat/log.js").Author} Author */
/** @typedef {import("../chat/state.js").RoomState} RoomState */
/** @typedef {import("../common/boot.js").Texts} Texts */

export class Judge {
  /**
   * @param {Acts} acts
   * @param {Desk} desk
   * @param {RoomState} state
   * @param {Texts} texts
   * @param {import("../chat/roll.js").Roll} roll
   * @param {(item: Item) => void} reply begins an answer to a message
   */
  constructor(acts, desk, state, texts, roll, reply) {
    this.roll = roll;
    this.acts = acts;
    this.desk = desk;
    this.state = state;
    this.texts = texts;
    this.reply = reply;
  }

  /** @param {Item} item @returns {Button[]} */
  buttons(item) {
    const say = (/** @type {string} */ key) => this.texts.say(key);
    /** @type {Button[]} */
    const found = [];
    if (item.held && !item.deleted) found.push({ act: "approve", icon: "check", label: say("approve"), key: "a", kind: "good" });
    if (item.deleted) found.push({ act: "approve", icon: "undo", label: say("bring_back"), key: "a" });
    else found.push({ act: "delete", icon: "trash", label: say(item.held ? "refuse" : "delete"), key: "d", kind: "bad" });
    found.push(...this.person(item.from));
    if (item.held || item.deleted) return found;
    const pinned = this.state.pinned?.seq === item.seq;
    found.push({ act: "pin", icon: "pin", label: say(pinned ? "unpin" : "pin"), key: "p" });
    found.push({ act: "reply", icon: "reply", label: say("reply"), key: "r" });
    return found;
  }

  /** @param {Author | null} from @returns {Button[]} what can be done about a person; nothing about staff */
  person(from) {
    if (!from || from.role !== "attendee") return [];
    const muted = this.desk.mutedUntil(from.id, Date.now()) > 0;
    const banned = this.desk.banned.has(from.id);
    return [
      { act: "mute", icon: muted ? "mic" : "mic-off", label: this.texts.say(muted ? "unmute" : "mute"), key: "m" },
      { act: "ban", icon: "ban", label: this.texts.say(banned ? "unban" : "ban"), key: "b", kind: "bad" },
    ];
  }

  /**
   * @param {string} act
   * @param {Item} item
   */
  async do(act, item) {
    if (!this.buttons(item).some((button) => button.act === act)) return;
    const name = item.from ? this.roll.both(item.from) : this.texts.say("anonymous");
    const target = item.seq;
    if (act === "approve" && item.deleted) {
      await this.#run({ op: "restore", target }, "did_restore", name, { op: "delete", target });
    } else if (act === "approve") {
      await this.#run({ op: "approve", target }, "did_approve", name, { op: "delete", target });
    } else if (act === "delete") {
      const op = item.held ? "reject" : "delete";
      await this.#run({ op, target }, `did_${op}`, name, { op: "restore", target });
    } else if (act === "pin") {
      await this.#pin(item);
    } else if (act === "reply") {
      this.reply(item);
    } else if (item.from) {
      await this.about(act, item.from);
    }
  }

  /**
   * @param {string} act "mute" or "ban"
   * @param {Author} who
   */
  async about(act, who) {
    if (act === "mute") await this.#mute(who);
    else await this.#ban(who);
  }

  /** @param {Author} who */
  async #mute(who) {
    const { id } = who;
    const name = this.roll.both(who);
    const until = this.desk.mutedUntil(id, Date.now());
    if (until) {
      const left = Math.max(1, Math.ceil((until - Date.now()) / 60_000));
      await this.#run({ op: "unmute", person: id }, "did_unmute", name, { op: "mute", person: id, minutes: left });
      return;
    }
    const minutes = await askMinutes(this.texts.say("mute_whom", { name }), this.texts.say("mute_what"));
    if (minutes) await this.#run({ op: "mute", person: id, minutes }, "did_mute", name, { op: "unmute", person: id });
  }

  /** @param {Author} who */
  async #ban(who) {
    const { id } = who;
    const name = this.roll.both(who);
    if (this.desk.banned.has(id)) {
      await this.#run({ op: "unban", person: id }, "did_unban", name, { op: "ban", person: id });
      return;
    }
    const { yes, messages } = await askBan(this.texts.say("ban_whom", { name }));
    if (!yes) return;
    const ops = [{ op: "ban", person: id }, ...(messages ? [{ op: "delete_person", person: id }] : [])];
    await this.#run(ops, "did_ban", name, { op: "unban", person: id });
  }

  /** @param {Item} item */
  async #pin(item) {
    const name = this.roll.both(item.from);
    const before = this.state.pinned?.seq;
    const again = before ? { op: "pin", target: before } : { op: "unpin" };
    if (before === item.seq) await this.#run({ op: "unpin" }, "did_unpin", name, again);
    else await this.#run({ op: "pin", target: item.seq }, "did_pin", name, again);
  }

  async unpin() {
    const before = this.state.pinned;
    if (before) await this.#run({ op: "unpin" }, "did_unpin", this.roll.both(before.from), { op: "pin", target: before.seq });
  }

  /**
   * @param {import("./acts.js").Op | import("./acts.js").Op[]} ops
   * @param {string} said
   * @param {string} name
   * @param {import("./acts.js").Op} back
   */
  #run(ops, said, name, back) {
    return this.acts.run(ops, { text: this.texts.say(said, { name }), back });
  }
}
