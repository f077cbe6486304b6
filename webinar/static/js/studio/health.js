/**
 * The panel that says how well the program comes in, is made and goes out, and in plain words what is wrong.
 */

import { clock, need } from "../common/boot.js";

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./api.js").LiveFigures} LiveFigures */

/** Ingest sends its figures every second. */
const SILENT_S = 4;
/** Of every rendition when nothing is lowered. */
const FRAME_RATE = 30;
const LOSSY = 0.03;
const UNSAVED_S = 5;
/** As `LOW_ROOM_S` of ingest/contract/notices.py. */
const LOW_ROOM_S = 1800;

export class Health {
  /**
   * @param {Texts} texts
   */
  constructor(texts) {
    this.texts = texts;
    const root = need("[data-health=root]", HTMLElement);
    this.state = need("[data-health=state]", HTMLElement, root);
    this.why = need("[data-health=why]", HTMLElement, root);
    this.coming = need("[data-health=in]", HTMLElement, root);
    this.loss = need("[data-health=loss]", HTMLElement, root);
    this.watching = need("[data-health=watching]", HTMLElement, root);
    this.server = need("[data-health=server]", HTMLElement, root);
    this.behind = need("[data-health=behind]", HTMLElement, root);
    this.first = need("[data-health=first]", HTMLElement, root);
    this.saved = need("[data-health=saved]", HTMLElement, root);
    this.savedRow = need("[data-health=saved-row]", HTMLElement, root);
    this.table = need("[data-health=table]", HTMLTableElement, root);
    this.rungs = need("[data-health=rungs]", HTMLTableSectionElement, root);
  }

  /** @param {LiveFigures} figures */
  show(figures) {
    const { publisher, viewers, delay } = figures;
    const sends = publisher?.connected === true;
    const live = figures.state === "live";
    put(this.coming, sends ? this.#coming(figures) : "–");
    put(this.loss, sends ? percent(publisher.loss) : "–");
    put(this.watching, this.texts.say("health_watching", { whep: viewers.whep, hls: viewers.hls, lobby: viewers.lobby }));
    const made = live ? delay.program_s + delay.encode_s + (delay.send_s ?? 0) : 0;
    put(this.server, made > 0 ? this.texts.say("health_server", { n: made.toFixed(2) }) : "–");
    put(this.behind, this.#behind(delay));
    const { first_median_s: usually, first_p95_s: most } = delay;
    const first = usually === null || most === null ? null : { median: usually.toFixed(1), most: most.toFixed(1) };
    put(this.first, first ? this.texts.say("health_first", first) : "–");
    this.savedRow.hidden = !live;
    put(this.saved, clock(figures.recorded_until_s));
    this.#ladder(figures);
    this.#judge(figures);
  }

  /** @param {LiveFigures} figures */
  #coming({ publisher }) {
    if (!publisher?.bitrate) return "–";
    const { width, height, fps, bitrate } = publisher;
    const picture = width ? `${width}×${height} · ${Math.round(fps)}\u00a0fps · ` : "";
    return `${picture}${(bitrate / 1e6).toFixed(1)}\u00a0Mbit/s`;
  }

  /** @param {LiveFigures["delay"]} delay */
  #behind(delay) {
    /** @param {string} key @param {number | null} median @param {number | null} most */
    const one = (key, median, most) =>
      median === null || most === null ? "" : this.texts.say(key, { median: median.toFixed(1), most: most.toFixed(1) });
    const fast = one("health_behind_fast", delay.whep_median_s, delay.whep_p95_s);
    const https = one("health_behind_https", delay.hls_median_s, delay.hls_p95_s);
    return [fast, https].filter(Boolean).join("\n").replaceAll(" ", "\u00a0") || "–";
  }

  /** @param {LiveFigures} figures */
  #ladder(figures) {
    const rungs = figures.state === "live" ? figures.renditions.filter((r) => r.wanted_fps > 0) : [];
    this.table.hidden = rungs.length === 0;
    while (this.rungs.rows.length > rungs.length) this.rungs.deleteRow(-1);
    for (const [n, rung] of rungs.entries()) {
      const row = this.rungs.rows[n] ?? this.rungs.insertRow();
      row.classList.toggle("health__lowered", rung.resting || rung.wanted_fps < FRAME_RATE);
      const watching = figures.viewers.by_rendition[rung.name] ?? 0;
      const cells = [rung.name, Math.round(rung.fps), (rung.bitrate / 1e6).toFixed(2), watching];
      for (const [m, text] of cells.entries()) put(row.cells[m] ?? row.insertCell(), String(text));
    }
  }

  /** The worst thing first: only one is said. @param {LiveFigures} figures */
  #judge(figures) {
    const [grade, why] = this.#grade(figures);
    this.state.className = `badge health__state ${{ none: "", good: "badge--good", fair: "badge--warn", bad: "badge--bad" }[grade]}`;
    put(this.state, this.texts.say(`health_${grade}`));
    put(this.why, why);
    this.why.hidden = !why;
  }

  /**
   * @param {LiveFigures} figures
   * @returns {["none" | "good" | "fair" | "bad", string]}
   */
  #grade(figures) {
    const { texts } = this;
    const live = figures.state === "live";
    if (live && (figures.ingest_silent_s ?? Infinity) > SILENT_S) return ["bad", texts.say("health_silent")];
    if (live && figures.recording_problem) {
      return ["bad", texts.say(figures.recording_problem === "disk_full" ? "health_disk_full" : "health_disk")];
    }
    const room = figures.recording_room_s ?? Infinity;
    if (room < LOW_ROOM_S) return ["fair", texts.say("health_room", { n: Math.floor(room / 60) })];
    if (figures.overload > 0) return ["fair", this.#overloaded(figures)];
    if (live && figures.program_time_s - figures.recorded_until_s > UNSAVED_S) return ["fair", texts.say("health_disk")];
    if ((figures.publisher?.loss ?? 0) > LOSSY) return ["fair", texts.say("health_lossy")];
    if (figures.publisher?.connected === true) return ["good", ""];
    return live ? ["fair", texts.say("health_nothing")] : ["none", ""];
  }

  /** @param {LiveFigures} figures */
  #overloaded(figures) {
    const lowered = figures.renditions.filter((r) => r.resting || (r.wanted_fps > 0 && r.wanted_fps < FRAME_RATE));
    if (lowered.length === 0) return this.texts.say("overload");
    return this.texts.say("overload_of", { names: lowered.map((r) => r.name).join(", ") });
  }
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(1)}%`;
}

/**
 * Only what changed: screen readers hear of nothing else.
 * @param {HTMLElement} element
 * @param {string} text
 */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
