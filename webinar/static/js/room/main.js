/**
 * The page behind a personal link: lobby, room, end. One page that changes by itself.
 */

import { Texts, boot, need } from "../common/boot.js";
import { reload } from "../common/reload.js";
import { ChatClient } from "../chat/client.js";
import { Outbox, tabStorage } from "../chat/outbox.js";
import { Side } from "../chat/side.js";
import { Player } from "../media/player.js";
import { Since } from "../media/since.js";
import { RaisedHand } from "./hand.js";
import { keepAboveKeyboard } from "./keyboard.js";
import { Lobby } from "./lobby.js";
import { OnScreen } from "./on_screen.js";
import { Playback, ahead } from "./playback.js";
import { Reactions } from "./reactions.js";
import { Stage } from "./stage.js";

/**
 * @typedef {{viewer_token: string, playback_url: string, files_url: string, agenda_url: string, public_origin: string, you: {id: string, name: string},
 *   attendance: {url: string, visit: string, now: number}, event: {id: string, title: string, starts_at: string},
 *   texts: Record<string, string>}} Boot
 */

/** The chat follows a picture of another moment in steps of a second. */
const STEP_MS = 1000;
/** Attendance is loaded behind the first picture, or so long after a page without one. */
const ATTEND_MS = 2000;
const ATTEND_AGAIN_MS = 20_000;

class Room {
  /** @param {Boot} page */
  constructor(page) {
    this.page = page;
    this.root = need("[data-room=root]", HTMLElement);
    /** @type {import("../attendance/main.js").Attendance | null} */
    this.attendance = null;
    this.attending = false;
    this.texts = new Texts(page.texts);
    this.title = document.title;
    this.playback = new Playback(page.playback_url, page.viewer_token, page.public_origin);
    this.playback.aheadMs = ahead(page.attendance.now, arrived());
    this.player = new Player(need("video", HTMLVideoElement), page.viewer_token, wished());
    this.since = new Since(this.player);
    this.stage = new Stage(need("[data-stage=root]", HTMLElement), this.player, this.texts);
    this.lobby = new Lobby(need("[data-scene=lobby]", HTMLElement), new Date(page.event.starts_at), this.playback, this.texts);
    this.live = need("[data-room=live]", HTMLElement);
    /** Where a rule asks for live: said to who looks back. */
    const uncounted = document.querySelector("[data-room=uncounted]");
    this.uncounted = uncounted instanceof HTMLElement ? uncounted : null;
    this.people = need("[data-room=people]", HTMLElement);
    this.paused = need("[data-room=paused]", HTMLElement);
    this.replay = need("[data-room=replay]", HTMLAnchorElement);
    this.noReplay = need("[data-room=no-replay]", HTMLElement);
    this.chat = new ChatClient(() => this.playback.ticket(), new Outbox(page.event.id, tabStorage()));
    this.side = new Side(need("[data-side=root]", HTMLElement), this.chat, this.texts, document.documentElement.lang);
    this.agenda = { url: page.agenda_url, now: () => this.playback.serverNow, state: () => this.root.dataset.state ?? "" };
    this.acts = need("[data-room=acts]", HTMLElement);
    this.kinds = need("[data-react=kinds]", HTMLElement);
    new Reactions(this.kinds, need("[data-react=floats]", HTMLElement), this.chat);
    new RaisedHand(need("[data-hand=root]", HTMLElement), this.chat, this.texts);
    this.onScreen = new OnScreen(need("[data-onscreen=root]", HTMLElement), this.chat, this.texts);
    keepAboveKeyboard(this.root);
    this.#listen();
    if (document.hidden) this.playback.first.hidden();
    if (this.root.dataset.state === "live") this.playback.first.wanted(0);
    this.#scene(this.root.dataset.state ?? "scheduled");
    this.playback.start();
    this.attendTimer = window.setTimeout(() => void this.#attend(), this.root.dataset.state === "live" ? ATTEND_AGAIN_MS : ATTEND_MS);
  }

  #listen() {
    this.playback.addEventListener("change", () => this.#changed());
    this.playback.behindS = () => (this.player.past === null ? this.player.session?.figures.behindS ?? null : null);
    this.playback.addEventListener("denied", (event) => this.#denied(/** @type {CustomEvent} */ (event).detail));
    this.playback.addEventListener("elsewhere", () => this.#elsewhere());
    need("[data-room=here]", HTMLButtonElement).addEventListener("click", () => location.reload());
    this.player.addEventListener("state", () => this.#plays());
    for (const type of ["room", "state"]) this.chat.addEventListener(type, () => this.#offer());
    this.chat.addEventListener("events", (event) => void this.#announced(/** @type {CustomEvent} */ (event).detail));
    window.setInterval(() => this.#inStep(), STEP_MS);
    // The server does not answer: the picture, if it stops too, has probably gone with it.
    this.playback.addEventListener("away", () => this.player.session?.hurry());
    this.playback.addEventListener("back", () => this.player.retry());
    this.player.addEventListener("trouble", () => this.playback.hurry());
    this.player.addEventListener("finished", () => {
      this.#scene(this.playback.now?.state ?? "ended");
      this.playback.refresh();
    });
    this.player.addEventListener("denied", () => this.playback.refresh());
    this.playback.addEventListener("told", () => {
      const watching = this.playback.now?.watching;
      this.people.textContent = watching ? this.texts.say("watching", { n: watching }) : "";
      void this.side.hand(this.page.files_url, this.playback.now?.files ?? null);
      this.side.plan(this.agenda, this.playback.now?.agenda ?? null);
      this.side.lead(this.root.dataset.state === "scheduled");
    });
    document.addEventListener("unread", (event) => {
      const count = /** @type {CustomEvent} */ (event).detail;
      document.title = count && document.hidden ? `(${count}) ${this.title}` : this.title;
    });
    window.addEventListener("online", () => this.#wake());
    document.addEventListener("resume", () => this.#wake()); // a frozen tab thaws
    document.addEventListener("visibilitychange", () => (document.hidden ? this.playback.first.hidden() : this.#wake()));
    /** @type {any} */ (navigator).connection?.addEventListener("change", () => this.player.session?.hurry());
    // The seat is given back at once; a page that comes out of the browser's cache begins anew.
    window.addEventListener("pagehide", () => this.player.stop());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** Says at once how it plays: the host counts viewers by it. */
  #plays() {
    if (this.player.state === "playing") {
      this.playback.first.came(performance.now());
      void this.#attend();
    }
    const transport = this.player.session?.kind;
    if (!transport || transport === this.playback.transport) return;
    this.playback.transport = transport;
    this.playback.hurry();
  }

  /** Its scripts come by themselves: what does not come, or fails, costs nothing of the picture. */
  async #attend() {
    if (this.attendance || this.attending) return;
    this.attending = true;
    window.clearTimeout(this.attendTimer);
    try {
      const { attend } = await import("../attendance/main.js");
      const { attendance, event, you, viewer_token } = this.page;
      this.attendance = attend({
        ...attendance,
        since: this.since.at,
        token: viewer_token,
        owner: `${event.id}.${you.id}`,
        texts: this.texts,
        player: this.player,
        root: need("[data-attendance=root]", HTMLElement),
        stage: this.stage.root,
      });
    } catch (error) {
      console.warn("attendance is not loaded yet", error);
      this.attendTimer = window.setTimeout(() => void this.#attend(), ATTEND_AGAIN_MS);
    } finally {
      this.attending = false;
    }
  }

  /** Another page of this person has the place: this one lets go of picture, sound and chat. */
  #elsewhere() {
    this.attendance?.stop();
    this.player.stop();
    this.chat.stop();
    this.side.leave();
    need("[data-attendance=root]", HTMLElement).hidden = true;
    this.lobby.show(false);
    for (const scene of this.root.querySelectorAll("[data-scene]")) {
      /** @type {HTMLElement} */ (scene).hidden = /** @type {HTMLElement} */ (scene).dataset.scene !== "elsewhere";
    }
  }

  /** Reactions and hands belong to a live event, where the host has them on; who was sent out of the chat has none. */
  #offer() {
    const { known, settings } = this.chat.room;
    const live = known && this.root.dataset.state === "live" && !settings.ended && this.chat.state !== "closed";
    this.kinds.hidden = !settings.reactions;
    this.acts.hidden = !live || !(settings.reactions || settings.hands);
  }

  /** @param {import("../chat/log.js").ChatEvent[]} events */
  async #announced(events) {
    const last = events.findLast((one) => one.type === "announcement" && one.body);
    if (last && this.player.past === null) (await import("./announced.js")).announce(last);
  }

  /** While the picture is of another moment, so can be the chat. */
  #inStep() {
    const past = this.player.past !== null;
    if (this.uncounted) this.uncounted.hidden = !past || this.playback.now?.state !== "live";
    if (this.onScreen.past !== past) {
      this.onScreen.past = past;
      this.onScreen.look();
    }
    void this.side.chat.follow(past ? this.#moment() : null);
  }

  /** @returns {number | null} of the picture, ms since 1970 on the server's clock */
  #moment() {
    const { session } = this.player;
    const date = session?.kind === "hls" ? session.hls?.playingDate : null;
    if (date) return date.getTime();
    const started = this.playback.now?.event.started_at;
    return started ? Date.parse(started) + this.player.timeline.at * 1000 : null;
  }

  #wake() {
    this.player.session?.hurry();
    this.player.retry();
    this.chat.retry();
    if (this.playback.away || this.playback.stale) this.playback.refresh();
  }

  #changed() {
    const now = this.playback.now;
    if (!now) return;
    this.chat.start(); // with the ticket of the first answer; later this changes nothing
    if (now.state === "live") {
      if (this.root.dataset.state !== "live") this.stage.begin();
      this.playback.first.wanted(performance.now());
      if (now.whep_url || now.hls_url) this.player.play(now);
    } else if (now.state === "ended" && this.player.past !== null) {
      // Who is still behind watches on to the end: what has been so far is now all of it.
      this.player.play({ ...now, replay_url: now.replay_url ?? this.player.source.rewind_url });
    } else if (this.player.state !== "idle") {
      this.player.stop();
    }
    this.#scene(now.state);
  }

  /** @param {string} state */
  #scene(state) {
    this.root.dataset.state = state;
    this.live.hidden = state !== "live";
    this.paused.hidden = state !== "live" || !this.playback.now?.paused;
    this.people.hidden = state !== "live";
    this.lobby.show(state === "scheduled");
    this.side.agenda?.mark();
    this.replay.hidden = !this.playback.now?.replay_url;
    this.noReplay.hidden = !this.replay.hidden;
    this.#offer();
    for (const scene of this.root.querySelectorAll("[data-scene]")) {
      const element = /** @type {HTMLElement} */ (scene);
      const watching = state === "ended" && this.player.past !== null;
      element.hidden = watching || element.dataset.scene !== { scheduled: "lobby", ended: "ended" }[state];
    }
  }

  /** The token has run out (12 hours) or the link was revoked: the server's page knows which, and what to do. */
  #denied(/** @type {string} */ code) {
    this.player.stop();
    this.chat.stop();
    this.playback.stop();
    console.info("access ended", code);
    if (!reload(tabStorage())) this.stage.say("access_ended");
  }
}

/** @returns {number} when the page's first byte came, ms since 1970 on this machine's clock */
function arrived() {
  const [loaded] = performance.getEntriesByType("navigation");
  return performance.timeOrigin + (loaded instanceof PerformanceNavigationTiming ? loaded.responseStart : 0);
}

/** @returns {"whep" | "hls" | null} a transport wished for in the address, for support and tests */
function wished() {
  const wish = new URLSearchParams(location.search).get("transport");
  return wish === "whep" || wish === "hls" ? wish : null;
}

new Room(boot());
