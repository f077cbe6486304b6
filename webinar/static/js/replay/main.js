/**
 * The replay of an event: the room's player over all that was sent, chapters, captions, search, and the chat in step.
 * An address may name a moment: `#t=125`.
 */

import { Texts, boot, need } from "../common/boot.js";
import { ChatClient } from "../chat/client.js";
import { Outbox, tabStorage } from "../chat/outbox.js";
import { Side } from "../chat/side.js";
import { reload } from "../common/reload.js";
import { Backoff, sleep, within } from "../media/backoff.js";
import { Player } from "../media/player.js";
import { Since } from "../media/since.js";
import { Playback } from "../room/playback.js";
import { Stage } from "../room/stage.js";
import { Captions } from "./captions.js";
import { Chapters } from "./chapters.js";
import { reloadIfOther } from "./newer.js";
import { Search } from "./search.js";

/**
 * `begins_s`: where the part that is shown begins in the recording. Without a token somebody watches by the event's page.
 * @typedef {{replay_url: string, begins_s: number, chapters: import("./chapters.js").Chapter[], viewer_token: string | null,
 *   attendance: {url: string, visit: string, now: number}, playback_url: string, search_url: string, files_url: string | null, files: string | null, public_origin: string, event: {id: string, started_at: string | null},
 *   you: {id: string, name: string} | null, texts: Record<string, string>}} Boot
 */

const STEP_MS = 1000;
const ATTEND_AGAIN_MS = 20_000;
/** Minutes are loaded ahead: whether they may still be shown is asked so often. */
const STILL_SHOWN_MS = 15_000;
const ANSWER_MS = 5000;

class Replay {
  /** @param {Boot} page */
  constructor(page) {
    this.page = page;
    this.root = need("[data-replay=root]", HTMLElement);
    this.texts = new Texts(page.texts);
    this.player = new Player(need("video", HTMLVideoElement), page.viewer_token ?? "");
    this.since = new Since(this.player);
    this.stage = new Stage(need("[data-stage=root]", HTMLElement), this.player, this.texts);
    this.over = need("[data-replay=over]", HTMLElement);
    need("[data-replay=over-text]", HTMLElement).textContent = this.texts.say("replay_over");
    const go = (/** @type {number} */ at) => this.#go(at);
    this.chapters = new Chapters(this.root, this.player, page.chapters, this.texts, go);
    new Captions(this.root, this.player.video);
    new Search(this.root, page, this.texts, go);
    this.side = page.viewer_token ? this.#chat(page, page.viewer_token) : null;
    need("[data-replay=again]", HTMLButtonElement).addEventListener("click", () => this.#watch(0));
    this.player.addEventListener("finished", () => (this.over.hidden = false));
    this.player.addEventListener("trouble", () => {
      if (this.player.state === "reconnecting") void reloadIfOther(page.replay_url);
    });
    window.addEventListener("hashchange", () => this.#go(moment() ?? 0));
    window.addEventListener("pagehide", () => this.player.stop());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    window.setInterval(() => this.#inStep(), STEP_MS);
    window.setInterval(() => void this.#stillShown(), STILL_SHOWN_MS);
    /** @type {import("../attendance/main.js").Attendance | null} */
    this.attendance = null;
    this.attending = false;
    this.player.addEventListener("state", () => this.player.state === "playing" && void this.#attend());
    this.#watch(moment() ?? 0);
  }

  /**
   * @param {Boot} page
   * @param {string} token
   */
  #chat(page, token) {
    const playback = new Playback(page.playback_url, token, page.public_origin);
    playback.transport = "hls";
    const client = new ChatClient(() => playback.ticket(), new Outbox(page.event.id, tabStorage()));
    const side = new Side(need("[data-side=root]", HTMLElement), client, this.texts, document.documentElement.lang);
    client.start();
    void this.#files(side);
    window.addEventListener("online", () => client.retry());
    return side;
  }

  /** Here no answer of the server comes by itself: what was not known, or not to be had, is asked for again. @param {Side} side */
  async #files(side) {
    const { files, files_url: url } = this.page;
    const backoff = new Backoff(1000, 30_000);
    for (let tries = 0; tries < 8; tries++) {
      if (await side.hand(url ?? "", files === "unknown" ? "asked for" : files)) return;
      await sleep(backoff.next());
    }
  }

  /** Minutes of the replay are told apart from those live. Loaded behind the first picture, which it never delays. */
  async #attend() {
    const { viewer_token: token, attendance, event, you } = this.page;
    if (this.attending || !token || !you) return;
    this.attending = true;
    try {
      const { attend } = await import("../attendance/main.js");
      const root = need("[data-attendance=root]", HTMLElement);
      const owner = `${event.id}.${you.id}`;
      const { player, texts } = this;
      this.attendance = attend({ ...attendance, since: this.since.at, token, owner, texts, player, root, stage: this.stage.root });
      // 401: nobody is known by this token any more. Who has no seat (403, 410) may still watch what is open to anybody.
      this.attendance.reporter.addEventListener("over", (event) => {
        if (/** @type {CustomEvent} */ (event).detail === 401) this.#denied();
      });
    } catch (error) {
      console.warn("attendance is not loaded yet", error);
      window.setTimeout(() => {
        this.attending = false;
        void this.#attend();
      }, ATTEND_AGAIN_MS);
    }
  }

  /** Its event may be deleted, its gate shut: who has loaded all of it would go on. */
  async #stillShown() {
    if (this.player.state === "idle") return;
    const { replay_url: url } = this.page;
    try {
      const { status } = await fetch(url, { method: "HEAD", cache: "no-store", signal: within(ANSWER_MS) });
      if (status === 410) this.#denied();
      else if (status === 404) await reloadIfOther(url);
    } catch (error) {
      console.debug("whether the replay is still shown is not known", error);
    }
  }

  /** The event was deleted, or the token is too old: what is loaded already does not play on. The server's page says which. */
  #denied() {
    this.player.stop();
    if (!reload(tabStorage())) this.stage.say("access_ended");
  }

  /** @param {number} at s of what is shown */
  #watch(at) {
    this.over.hidden = true;
    this.stage.begin();
    this.player.watch({ whep_url: null, hls_url: null, replay_url: this.page.replay_url, startedMs: 0 }, at);
  }

  /** @param {number} at */
  #go(at) {
    if (this.player.state === "idle") return this.#watch(at);
    this.player.seek(at);
    this.player.video.autoplay = true;
    this.player.video.play().catch(() => {});
  }

  #inStep() {
    if (this.player.state === "idle") return;
    this.chapters.look();
    void this.side?.chat.follow(this.#moment());
  }

  /** @returns {number | null} of the picture, ms since 1970 on the server's clock */
  #moment() {
    const { session } = this.player;
    const date = session?.kind === "hls" ? session.hls?.playingDate : null;
    if (date) return date.getTime();
    const started = this.page.event.started_at;
    return started ? Date.parse(started) + (this.page.begins_s + this.player.timeline.at) * 1000 : null;
  }
}

/** @returns {number | null} the moment that the address names, s */
function moment() {
  const match = /^#t=(\d{1,6}(?:\.\d+)?)$/.exec(location.hash);
  return match ? Number(match[1]) : null;
}

new Replay(boot());
