/**
 * Attendance of one page: looks at the player each second, keeps and tells what was watched, shows how the viewer stands.
 * Loaded after the picture; whatever goes wrong here changes nothing of it.
 */

import { uuid } from "../chat/outbox.js";
import { Chip } from "./chip.js";
import { ServerClock } from "./clock.js";
import { Kept, browserStorage, device } from "./kept.js";
import { Meter } from "./meter.js";
import { PromptBar } from "./prompt.js";
import { Reporter } from "./reporter.js";
import { due } from "./words.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("../media/player.js").Player} Player */
/** @typedef {import("./reporter.js").Standing} Standing */
/**
 * `now`: the server's time in ms as it made the page. `since`: when it began to play, on the page's own clock, if it
 * does. `root`: the place of the chip. `stage`: the picture.
 * @typedef {{url: string, token: string, owner: string, visit: string, now: number, since: number | null, texts: Texts,
 *   player: Player, root: HTMLElement, stage: HTMLElement}} Page
 */

const LOOK_MS = 1000;
const SAVE_EVERY = 5;
/** A page that crashed is known as such a while later. */
const ADOPT_EVERY = 60;

export class Attendance {
  /** @param {Page} page */
  constructor(page) {
    const storage = browserStorage();
    this.player = page.player;
    this.clock = clockOf(page.now);
    this.meter = new Meter();
    this.kept = new Kept(storage, page.owner, page.visit);
    this.kept.adopt(Date.now());
    this.reporter = new Reporter(page.url, page.token, device(storage, name), this.kept, this.clock);
    this.reporter.gather = () => this.#gather();
    this.chip = new Chip(page.root, page.texts);
    this.prompt = new PromptBar(page.stage, page.texts);
    /** @type {Standing | null} */
    this.standing = null;
    /** @type {Set<number>} prompts */
    this.answered = new Set();
    this.looks = 0;
    if (page.since !== null) this.meter.begin(this.#seen(performance.now(), "playing"), page.since);
    this.#listen();
    this.timer = window.setInterval(() => this.#look(), LOOK_MS);
    this.reporter.start();
  }

  #listen() {
    const { video } = this.player;
    for (const type of ["play", "pause", "ended"]) video.addEventListener(type, () => this.#look());
    for (const type of ["state", "choice"]) this.player.addEventListener(type, () => this.#look());
    this.reporter.addEventListener("standing", (event) => {
      this.standing = /** @type {CustomEvent} */ (event).detail;
      this.#paint();
    });
    this.reporter.addEventListener("waiting", () => this.#paint());
    this.reporter.addEventListener("over", () => this.stop());
    this.chip.addEventListener("press", (event) => this.#press(/** @type {CustomEvent} */ (event).detail));
    this.prompt.addEventListener("answer", (event) => this.#answer(/** @type {CustomEvent} */ (event).detail));
    window.addEventListener("online", () => this.reporter.hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#save();
      else this.#look();
    });
    window.addEventListener("pagehide", () => {
      this.#look();
      this.reporter.leave();
      this.#save(true);
    });
  }

  /** No more from this page: another one of theirs watches, or the seat is gone. */
  stop() {
    window.clearInterval(this.timer);
    this.#look("stopped");
    this.reporter.leave();
    this.reporter.stop();
    this.#save(true);
  }

  /** @param {"stopped"} [state] */
  #look(state) {
    const mono = performance.now();
    if (this.clock.jumped(mono, Date.now())) {
      this.#keep(this.meter.end(), -1);
      this.reporter.hurry();
    }
    this.#keep(this.meter.look(this.#seen(mono, state ?? played(this.player))));
    this.looks += 1;
    if (this.looks % SAVE_EVERY === 0) this.#save();
    if (this.looks % ADOPT_EVERY === 0) this.kept.adopt(Date.now());
    this.#paint();
  }

  /**
   * @param {number} mono
   * @param {import("./meter.js").Look["state"]} state
   * @returns {import("./meter.js").Look}
   */
  #seen(mono, state) {
    const { past, video } = this.player;
    const ranges = video.srcObject ? null : video.played; // a stream is never ahead of what was seen of it
    return { mono, state, kind: past === null ? "live" : "replay", media: video.currentTime, played: ranges, rate: video.playbackRate };
  }

  /**
   * @param {import("./meter.js").Span[]} spans
   * @param {number} [sign] -1: by the clock as it was before it jumped
   */
  #keep(spans, sign = 1) {
    const jump = sign < 0 ? this.clock.jump : 0;
    for (const { kind, from, to } of spans) this.kept.add({ kind, from: this.clock.at(from) - jump, to: this.clock.at(to) - jump });
  }

  #gather() {
    this.#keep(this.meter.cut());
  }

  /** @param {boolean} [left] */
  #save(left = false) {
    const { open } = this.meter;
    const beat = open && open.to > open.from ? [{ kind: open.kind, from: this.clock.at(open.from), to: this.clock.at(open.to) }] : [];
    this.kept.save(Date.now(), beat, left);
  }

  #now() {
    return this.clock.at(performance.now());
  }

  /** @param {"enter" | "leave"} kind */
  #press(kind) {
    const at = this.#now();
    this.chip.pressed.set(kind, at);
    this.kept.press({ kind, at, prompt: 0 });
    this.#sendNow();
  }

  /** @param {number} prompt */
  #answer(prompt) {
    this.answered.add(prompt);
    this.kept.press({ kind: "confirm", at: this.#now(), prompt });
    this.#sendNow();
  }

  #sendNow() {
    this.#save();
    this.reporter.hurry();
    this.#paint();
  }

  #paint() {
    if (!this.standing) return;
    const now = this.#now();
    this.chip.show(this.standing, now, this.reporter.waiting);
    this.prompt.show(due(this.standing.prompts, this.answered, now), now);
  }
}

/**
 * @param {Player} player
 * @returns {"playing" | "trouble" | "stopped"}
 */
function played({ state, video }) {
  if (state === "playing") return video.paused ? "stopped" : "playing";
  return state === "stalled" || state === "reconnecting" || state === "connecting" ? "trouble" : "stopped";
}

/** @param {number} server ms, as the page was made */
function clockOf(server) {
  const [loaded] = performance.getEntriesByType("navigation");
  const arrived = loaded instanceof PerformanceNavigationTiming ? loaded.responseStart : performance.now();
  const asked = loaded instanceof PerformanceNavigationTiming ? loaded.requestStart : 0;
  return new ServerClock(server, arrived, arrived - asked);
}

function name() {
  return uuid().replaceAll("-", "").slice(0, 16);
}

/**
 * @param {Page} page
 * @returns {Attendance}
 */
export function attend(page) {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("../../css/attendance.css", import.meta.url).href;
  document.head.append(style);
  return new Attendance(page);
}
