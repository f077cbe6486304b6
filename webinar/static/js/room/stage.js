/**
 * The picture and what lies on it: controls, the button that turns the sound on, notices, the held last frame.
 */

import { need } from "../common/boot.js";
import { begin } from "../media/begin.js";
import { AUDIO } from "../media/ladder.js";
import { Controls } from "./controls.js";

/** @typedef {import("../media/player.js").Player} Player */
/** @typedef {import("../common/boot.js").Texts} Texts */

/** A short stutter is not announced. */
const PATIENCE_MS = 700;
/** Who comes later than this may want to know what they missed; the offer goes by itself. */
const LATE_S = 90;
/** At this speed who begins at the start comes up to the present by and by; the button says it. */
const CATCH_UP = 1.5;
const OFFERED_MS = 20_000;

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
    this.late = need("[data-stage=late]", HTMLElement, root);
    this.offered = false;
    this.blind = need("[data-stage=blind]", HTMLElement, root);
    this.controls = new Controls(root, player, texts);
    this.timer = 0;
    player.addEventListener("state", () => this.#state());
    this.sound.addEventListener("click", () => this.controls.unmute());
    need("[data-stage=now]", HTMLButtonElement, root).addEventListener("click", () => (this.late.hidden = true));
    need("[data-stage=start]", HTMLButtonElement, root).addEventListener("click", () => {
      this.controls.unmute();
      player.seek(0);
      player.accelerate(CATCH_UP);
    });
    this.video.addEventListener("volumechange", () => this.#offerSound());
    this.video.addEventListener("pause", () => this.#resumeUnlessAsked());
    need("[data-stage=see]", HTMLButtonElement, root).addEventListener("click", () => void player.choose(""));
    player.addEventListener("choice", () => this.#covers());
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
    if (state === "connecting" || state === "reconnecting") {
      this.#hold();
      this.timer = window.setTimeout(() => this.say(state), PATIENCE_MS);
    }
    // Still connected, but nothing comes: whoever says so has waited a second already.
    if (state === "stalled") this.say(this.player.past === null ? "reconnecting" : "loading");
    if (state === "playing" || state === "idle") this.#clear();
    if (state === "playing") this.#resumeUnlessAsked();
    this.#covers();
    this.#offerSound();
    if (state === "playing") this.#offerStart();
    if (state === "idle") this.late.hidden = true;
  }

  /** Once, to who comes late: live now, or from the start. */
  #offerStart() {
    const { length, past } = this.player.timeline;
    if (past) this.late.hidden = true;
    if (this.offered) return;
    this.offered = true;
    if (past || length < LATE_S || !this.player.canRewind) return;
    this.late.hidden = false;
    window.setTimeout(() => (this.late.hidden = true), OFFERED_MS);
  }

  /** Only the sound was asked for: the dark is meant. */
  #covers() {
    this.blind.hidden = this.player.quality !== AUDIO || this.player.state === "idle";
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
    if (this.player.state === "playing") begin(this.video);
  }
}
