/**
 * The studio: check, rehearse, go live, end. What is chosen here is the program everybody sees.
 */

import { Texts, boot, need } from "../common/boot.js";
import { reload } from "../common/reload.js";
import { ChatClient } from "../chat/client.js";
import { Outbox, tabStorage } from "../chat/outbox.js";
import { Side } from "../chat/side.js";
import { sleep } from "../media/backoff.js";
import { Refused, Unreachable } from "../media/signalling.js";
import { Publisher } from "../media/whip.js";
import { Air } from "./air.js";
import { Api } from "./api.js";
import { Audience } from "./audience.js";
import { Bar } from "./bar.js";
import { Check } from "./check.js";
import { Devices } from "./devices.js";
import { Finish } from "./finish.js";
import { Health } from "./health.js";
import { Levels } from "./levels.js";
import { Marks } from "./marks.js";
import { Program } from "./program.js";
import { Scenes } from "./scenes.js";
import { Slides } from "./slides.js";
import { Sound } from "./sound.js";
import { Sources } from "./sources.js";

/**
 * @typedef {{event: {id: string, title: string, state: string}, studio_token: string, whip_url: string,
 *   stream_key: string, api_base: string, texts: Record<string, string>,
 *   program: {width: number, height: number, accent: string, words: string, holding: string}}} Boot
 */

const LOOK_MS = 1000;
const IDLE_LOOK_MS = 4000;
/** So many looks in a row that find nothing arriving mean a new connection. */
const DOUBT_LOOKS = 3;

class Studio {
  /** @param {Boot} page */
  constructor(page) {
    this.root = need("[data-studio=root]", HTMLElement);
    this.texts = new Texts(page.texts);
    this.state = page.event.state;
    this.store = tabStorage();
    this.sendingKey = `sending.${page.event.id}`;
    this.api = new Api(page.api_base, page.event.id, page.studio_token);
    this.devices = new Devices();
    this.sound = new Sound();
    this.publisher = new Publisher(page.whip_url, page.stream_key);
    this.preview = need("[data-studio=preview]", HTMLVideoElement);
    this.notice = need("[data-studio=notice]", HTMLElement);
    this.bar = new Bar(this.root, this.publisher, this.texts);
    this.health = new Health(this.texts);
    /** Viewers see the holding picture and hear nothing. */
    this.paused = false;
    this.sources = new Sources(this.root, this.devices, this.texts);
    const { width, height, holding, ...look } = page.program;
    const fonts = getComputedStyle(document.body).fontFamily;
    const wish = { width, height, holding, look: { ...look, title: page.event.title, fonts } };
    this.program = new Program(this.devices, this.sound, wish, (video, voice) => this.#send(video, voice));
    const slides = new Slides(need("[data-slides=root]", HTMLElement), this.texts, { width, height });
    new Scenes(need("[data-scenes=root]", HTMLElement), this.program, slides, this.texts);
    new Levels(this.root, this.devices, this.sound).addEventListener("change", () => this.program.sources());
    this.marks = new Marks(this.api);
    this.air = new Air(this.api, this.texts, () => this.bar.receiving || this.#isSending());
    this.finish = new Finish(need("[data-studio=finish]", HTMLElement), this.api, this.texts);
    this.chat = new ChatClient(() => this.api.ticket(), new Outbox(page.event.id, this.store));
    const column = need("[data-side=root]", HTMLElement);
    const side = new Side(column, this.chat, this.texts, document.documentElement.lang);
    // Notes and the guests' full names come behind what is needed to go on air; where they do not come, their tab and
    // their places stay hidden.
    const notes = () => void import("./backstage.js").then(({ backstage }) => backstage(column, side, this.api), () => {});
    if (document.readyState === "complete") notes();
    else window.addEventListener("load", notes, { once: true });
    const audience = document.querySelector("[data-audience=root]"); // a host's; a speaker has none
    this.audience = audience instanceof HTMLDetailsElement ? new Audience(audience, this.api, this.texts) : null;
    const { devices, sound, publisher, bar, texts } = this;
    this.check = new Check(need("[data-check=root]", HTMLElement), { devices, slides, sound, publisher, bar, texts });
    bar.ready = () => this.check.ready;
    /** @type {WakeLockSentinel | null} */
    this.awake = null;
    /** @type {AbortController | null} */
    this.pause = null;
    this.unheard = 0;
    this.#listen();
    this.#scene();
    this.chat.start();
    void this.#look();
  }

  #listen() {
    this.program.addEventListener("slide", () => this.marks.show(this.program.seen));
    this.publisher.addEventListener("state", () => this.#publishing());
    this.air.addEventListener("changed", () => this.pause?.abort());
    need("[data-studio=take]", HTMLButtonElement).addEventListener("click", () => this.publisher.start(true));
    window.addEventListener("online", () => {
      this.publisher.retry();
      this.chat.retry();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.state === "live" && this.publisher.state !== "off") event.preventDefault();
    });
    window.addEventListener("pagehide", () => {
      const sending = this.publisher.state === "sending";
      this.publisher.stop();
      if (sending) this.store?.setItem(this.sendingKey, "1"); // for the page that comes after a reload
    });
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    document.addEventListener("visibilitychange", () => document.hidden || void this.#stayAwake());
  }

  /**
   * What goes out from now on: shown here, and sent.
   * @param {MediaStreamTrack | null} video
   * @param {MediaStreamTrack | null} voice
   */
  async #send(video, voice) {
    this.#preview(video);
    await this.publisher.send(video, voice);
    const something = video !== null || voice !== null;
    if (something && this.publisher.state === "off" && this.state !== "ended") this.#publish();
    if (!something && this.state !== "live") this.publisher.stop();
  }

  /** A tab that was sending before it was reloaded takes its own place back without asking. */
  #publish() {
    this.publisher.start(this.store?.getItem(this.sendingKey) === "1");
  }

  /** @param {MediaStreamTrack | null} video */
  #preview(video) {
    const shown = /** @type {MediaStream | null} */ (this.preview.srcObject)?.getVideoTracks()[0] ?? null;
    if (shown !== video) this.preview.srcObject = video ? new MediaStream([video]) : null;
    this.root.classList.toggle("has-picture", video !== null);
    this.#scene();
  }

  #publishing() {
    const { state } = this.publisher;
    if (state === "sending") {
      this.store?.setItem(this.sendingKey, "1");
      void this.#stayAwake();
    }
    if (state === "off" || state === "taken") this.store?.removeItem(this.sendingKey);
    this.#scene();
  }

  /** Or about to: the countdown lasts longer than connecting does. */
  #isSending() {
    return ["connecting", "sending", "reconnecting"].includes(this.publisher.state);
  }

  /** What lies over the preview. */
  #scene() {
    const { state } = this.publisher;
    const ended = this.state === "ended";
    const picture = this.root.classList.contains("has-picture");
    const opened = picture || this.devices.microphone !== null;
    const elsewhere = !opened && this.bar.receiving;
    this.root.dataset.state = this.state;
    this.root.dataset.sending = state;
    show("check", !ended && !opened && !elsewhere);
    show("elsewhere", !ended && elsewhere);
    show("sound-only", !ended && opened && !picture);
    show("taken", !ended && state === "taken");
    const text = { connecting: "send_connecting", reconnecting: "send_reconnecting", refused: "send_refused" }[
      /** @type {string} */ (state)
    ];
    const notice = text ?? (this.paused ? "paused_notice" : "");
    this.notice.textContent = notice && !ended ? this.texts.say(notice) : "";
    this.notice.hidden = !this.notice.textContent;
    this.root.classList.toggle("is-paused", this.paused);
    this.check.show(this.state !== "live" && !ended && opened);
    this.marks.air(this.state === "live");
    this.air.show(this.state, this.paused);
  }

  /** Asks for the figures, for ever: once a second, more slowly while nobody looks and nothing is on air. */
  async #look() {
    for (;;) {
      try {
        const figures = await this.api.live();
        this.bar.show(figures);
        this.health.show(figures);
        this.paused = figures.state === "live" && figures.paused;
        this.#doubt(figures);
        if (figures.state !== this.state) this.#became(figures.state);
        this.#scene();
      } catch (error) {
        if (error instanceof Refused && (error.status === 401 || error.status === 410)) return this.#denied();
        // A mistake of ours is told, and does not take the studio out of the presenter's hands.
        if (!(error instanceof Refused || error instanceof Unreachable)) reportError(error);
      }
      if (this.state === "ended") return this.#over();
      this.pause = new AbortController();
      const idle = document.hidden && this.state !== "live";
      await sleep(idle ? IDLE_LOOK_MS : LOOK_MS, this.pause.signal).catch(() => {});
    }
  }

  /**
   * ICE takes long to notice that ingest was replaced; its figures tell sooner.
   * @param {import("./api.js").LiveFigures} figures
   */
  #doubt(figures) {
    const sends = this.publisher.state === "sending" && (this.publisher.video !== null || this.publisher.audio !== null);
    const arrives = figures.publisher?.connected === true && (figures.ingest_silent_s ?? 0) < DOUBT_LOOKS;
    this.unheard = sends && !arrives ? this.unheard + 1 : 0;
    if (this.unheard < DOUBT_LOOKS) return;
    this.unheard = 0;
    this.publisher.renew();
  }

  /** @param {string} state */
  #became(state) {
    this.state = state;
    if (state === "live" && this.publisher.state === "off") this.program.sources();
  }

  #over() {
    this.publisher.stop();
    this.devices.closeAll();
    void this.program.close();
    this.sound.close();
    this.audience?.close();
    void this.awake?.release();
    this.#scene();
    this.finish.show();
  }

  /** The link was replaced, or its twelve hours are over: the server's page says which. */
  #denied() {
    this.publisher.stop();
    if (reload(this.store)) return;
    this.notice.textContent = this.texts.say("send_refused");
    this.notice.hidden = false;
  }

  /** A sleeping screen would take the camera with it. */
  async #stayAwake() {
    if (this.publisher.state !== "sending" || !("wakeLock" in navigator)) return;
    try {
      this.awake = await navigator.wakeLock.request("screen");
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // low battery: the browser's choice
    }
  }
}

/**
 * @param {string} scene
 * @param {boolean} yes
 */
function show(scene, yes) {
  need(`[data-scene=${scene}]`, HTMLElement).hidden = !yes;
}

new Studio(boot());
