/** Who looks at what: moderators see one another's, so that no two decide about the same thing. */

/** @typedef {import("../chat/client.js").ChatClient} ChatClient */

/** A lock lasts 30 s unless it is renewed. */
const RENEW_MS = 20_000;
/** What one only passes by is not locked: rows fly past under a held key, and a row that is written again loses the focus for a moment. */
const REST_MS = 250;
/** What two could decide about at once. */
const DECIDED = "[data-list=held] [data-seq], [data-list=questions] [data-seq]";

export class Locks {
  /** @param {ChatClient} client */
  constructor(client) {
    this.client = client;
    /** @type {Map<number, string>} names, by what they look at */
    this.others = new Map();
    /** @type {number | null} what is looked at */
    this.mine = null;
    /** @type {number | null} what the others were told */
    this.told = null;
    this.rest = 0;
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
    this.mine = target;
    clearTimeout(this.rest);
    this.rest = window.setTimeout(() => this.#rested(), REST_MS);
  }

  #rested() {
    if (this.told === this.mine) return;
    if (this.told !== null) this.client.tell({ type: "mod", op: "unlock", target: this.told });
    this.told = null;
    this.#renew();
  }

  #renew() {
    if (this.mine === null || document.hidden) return;
    if (this.client.tell({ type: "mod", op: "lock", target: this.mine })) this.told = this.mine;
  }
}
