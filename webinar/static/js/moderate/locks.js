/** Who looks at what: moderators see one another's, so that no two decide about the same thing. */

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */

/** A lock lasts 30 s unless it is renewed. */
const RENEW_MS = 20_000;
/** What two could decide about at once. */
const DECIDED = "[data-list=held] [data-seq], [data-list=questions] [data-seq]";

export class Locks {
  /** @param {ChatClient} client */
  constructor(client) {
    this.client = client;
    /** @type {Map<number, string>} names, by what they look at */
    this.others = new Map();
    /** @type {number | null} */
    this.mine = null;
    this.timer = window.setInterval(() => this.#renew(), RENEW_MS);
    document.addEventListener("focusin", (event) => this.#focused(event.target));
    document.addEventListener("focusout", (event) => event.relatedTarget ?? this.#focused(null));
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    const element = target instanceof Element ? target : null;
    if (element?.closest("dialog")) return; // asks about what is looked at
    const row = element?.closest(DECIDED);
    this.look(row instanceof HTMLElement ? Number(row.dataset.seq) : null);
  }

  /** @param {{target: number, by: {id: string, name: string}}[]} locks the whole list */
  take(locks) {
    const { you } = this.client;
    this.others = new Map(locks.filter(({ by }) => by.id !== you?.id).map(({ target, by }) => [target, by.name]));
  }

  /** @param {number} target @returns {string} the name of who looks at it; "" when nobody does */
  of(target) {
    return this.others.get(target) ?? "";
  }

  /** @param {number | null} target what is looked at now */
  look(target) {
    if (target === this.mine) return;
    if (this.mine !== null) this.client.line.send({ type: "mod", op: "unlock", target: this.mine });
    this.mine = target;
    this.#renew();
  }

  #renew() {
    if (this.mine !== null && !document.hidden) this.client.line.send({ type: "mod", op: "lock", target: this.mine });
  }
}
