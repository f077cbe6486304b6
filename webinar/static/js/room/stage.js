/**
 * The picture and what lies on it: controls, the button that turns the sound on, notices, the held last frame.
 */

import { need } from "../common/boot.js";
import { HlsSession } from "../media/hls.js";
import { Controls } from "./controls.js";

/** @typedef {import("../media/player.js").Player} Player */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** A short stutter is not announced. */
const PATIENCE_MS = 700;

export class Stage {
  /**
   * @param {HTMLElement} root
   * @param {Player} player
   * @param {Texts} texts
   */
  constructor(root, player, texts) {
    this.root = root;
    this.player = player;
    this.texts = texts;
    this.video = player.video;
    this.held = need("[data-stage=held]", HTMLCanvasElement, root);
    this.notice = need("[data-stage=notice]", HTMLElement, root);
    this.noticeText = need("[data-stage=notice-text]", HTMLElement, root);
    this.sound = need("[data-stage=sound]", HTMLButtonElement, root);
    this.controls = new Controls(root, player, texts);
    this.timer = 0;
    player.addEventListener("state", () => this.#state());
    this.sound.addEventListener("click", () => this.controls.unmute());
    this.video.addEventListener("volumechange", () => this.#offerSound());
    this.video.addEventListener("playing", () => this.#moving());
    this.video.addEventListener("pause", () => this.#resumeUnlessAsked());
    this.video.addEventListener("waiting", () => this.#standing());
  }

  /** A visitor who has already clicked on this page (the sound test, say) may hear from the first moment. */
  begin() {
    const active = navigator.userActivation?.hasBeenActive ?? false;
    this.video.muted = !active || this.controls.wantsSilence;
    this.#offerSound();
  }

  #state() {
    const { state } = this.player;
    this.root.dataset.play = state;
    this.root.dataset.transport = this.player.session?.kind ?? "";
    clearTimeout(this.timer);
    if (state === "connecting") this.timer = window.setTimeout(() => this.say("connecting"), PATIENCE_MS);
    if (state === "reconnecting") {
      this.#hold();
      this.timer = window.setTimeout(() => this.say("reconnecting"), PATIENCE_MS);
    }
    if (state === "playing") this.#moving();
    if (state === "idle") this.#clear();
    this.#offerSound();
  }

  /** Still connected, but nothing to show: said when it lasts. */
  #standing() {
    if (this.player.state !== "playing" || this.controls.pausedByViewer) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.say("reconnecting"), PATIENCE_MS);
  }

  #moving() {
    clearTimeout(this.timer);
    if (this.player.state === "playing") this.#clear();
  }

  #clear() {
    this.notice.hidden = true;
    this.held.hidden = true;
  }

  /** @param {string} key */
  say(key) {
    this.noticeText.textContent = this.texts.say(key);
    this.notice.hidden = false;
  }

  /** The last picture stays while a new connection is made: no black in between. */
  #hold() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth || !this.held.hidden) return;
    this.held.width = videoWidth;
    this.held.height = videoHeight;
    this.held.getContext("2d")?.drawImage(this.video, 0, 0);
    this.held.hidden = false;
  }

  #offerSound() {
    this.sound.hidden = !this.video.muted || this.player.state === "idle" || this.controls.wantsSilence;
  }

  /** Browsers pause a muted video that leaves the screen, and a lost source: only the viewer's own pause stays. */
  #resumeUnlessAsked() {
    if (this.controls.pausedByViewer || this.player.state !== "playing") return;
    this.video.play().catch(() => {});
  }

  /**
   * After the end: the whole program with the browser's own controls.
   * @param {string} url
   * @param {AbortSignal} signal
   */
  async replay(url, signal) {
    this.root.dataset.play = "replay";
    this.video.controls = true;
    this.video.muted = false;
    this.sound.hidden = true;
    const session = new HlsSession(this.video, url, { live: false });
    signal.addEventListener("abort", () => session.close(), { once: true });
    await session.start(signal);
  }
}
