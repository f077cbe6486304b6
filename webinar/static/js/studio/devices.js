/**
 * Camera, microphone and shared screen: asked for, chosen, changed, lost.
 */

/** @typedef {"insecure" | "denied" | "none" | "busy" | "cancelled" | "failed"} Trouble */

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
/** What the browser does to a voice unless it is told not to. Music wants none of it. */
const CARE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/** What is kept of a screen when bits are few, and how often it is looked at: letters that stand still, or a film. */
const SCREENS = /** @type {const} */ ({ text: { hint: "detail", fps: 15 }, film: { hint: "motion", fps: 30 } });

/** @typedef {keyof typeof CARE} Care */

/** What went wrong with a device, as the page explains it. */
export class DeviceError extends Error {
  /**
   * @param {Trouble} trouble
   * @param {unknown} [cause]
   */
  constructor(trouble, cause) {
    super(trouble, { cause });
    this.name = "DeviceError";
    this.trouble = trouble;
  }
}

/** Fires "change" whenever a track came, went or was replaced. */
export class Devices extends EventTarget {
  constructor() {
    super();
    /** @type {MediaStreamTrack | null} */
    this.camera = null;
    /** @type {MediaStreamTrack | null} */
    this.microphone = null;
    /** @type {MediaStreamTrack | null} */
    this.screen = null;
    /** @type {MediaStreamTrack | null} the sound of a shared tab or system */
    this.screenSound = null;
    this.care = { ...CARE };
    /** @type {keyof typeof SCREENS} */
    this.screenKind = "text";
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#changed());
  }

  /**
   * Both at once, so that the browser asks one question; a machine without a camera still gets its microphone.
   * @returns {Promise<{camera: Trouble | null, microphone: Trouble | null}>}
   */
  async open() {
    try {
      const stream = await ask({ video: PICTURE, audio: this.#voice });
      this.#take("camera", stream.getVideoTracks()[0] ?? null);
      this.#take("microphone", stream.getAudioTracks()[0] ?? null);
      return { camera: null, microphone: null };
    } catch (error) {
      if (!(error instanceof DeviceError) || error.trouble === "insecure") throw error;
      const [camera, microphone] = await Promise.all([this.#try("camera"), this.#try("microphone")]);
      return { camera, microphone };
    }
  }

  /**
   * @param {"camera" | "microphone"} kind
   * @param {string} [id] of a device; without it the browser chooses
   * @throws {DeviceError}
   */
  async choose(kind, id) {
    const exact = id ? { deviceId: { exact: id } } : {};
    const wish = kind === "camera" ? { video: { ...PICTURE, ...exact } } : { audio: { ...this.#voice, ...exact } };
    const before = this[kind];
    const stream = await ask(wish);
    const track = stream.getTracks()[0] ?? null;
    // Who was muted stays muted on another microphone.
    if (track && before) track.enabled = before.enabled;
    this.#take(kind, track);
  }

  /**
   * Browsers take this when a microphone is opened, and not reliably later: it is opened again.
   * @param {Care} care
   * @param {boolean} on
   * @throws {DeviceError}
   */
  async treat(care, on) {
    this.care[care] = on;
    if (this.microphone) await this.choose("microphone", this.microphone.getSettings().deviceId);
  }

  get #voice() {
    return { ...this.care, channelCount: 1 };
  }

  /** @param {keyof typeof SCREENS} kind */
  async look(kind) {
    this.screenKind = kind;
    if (!this.screen) return;
    this.screen.contentHint = SCREENS[kind].hint;
    await this.screen.applyConstraints({ width: { max: 1920 }, height: { max: 1080 }, frameRate: { max: SCREENS[kind].fps } });
    this.#changed();
  }

  /** @param {"camera" | "microphone"} kind */
  close(kind) {
    this.#take(kind, null);
  }

  /** @throws {DeviceError} "cancelled" when the person thought better of it */
  async share() {
    if (!navigator.mediaDevices?.getDisplayMedia) throw new DeviceError(window.isSecureContext ? "none" : "insecure");
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({
        video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { max: SCREENS[this.screenKind].fps } },
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch (error) {
      // One name for "I pressed Cancel" and "the system forbids it": the first is by far the more common.
      const trouble = troubleOf(error);
      throw new DeviceError(trouble === "denied" ? "cancelled" : trouble, error);
    }
    this.screenSound?.stop();
    this.screenSound = stream.getAudioTracks()[0] ?? null;
    this.#take("screen", stream.getVideoTracks()[0] ?? null);
  }

  unshare() {
    this.screenSound?.stop();
    this.screenSound = null;
    this.#take("screen", null);
  }

  closeAll() {
    this.unshare();
    this.close("camera");
    this.close("microphone");
  }

  /**
   * @param {"camera" | "microphone"} kind
   * @returns {Promise<MediaDeviceInfo[]>}
   */
  async list(kind) {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const wanted = kind === "camera" ? "videoinput" : "audioinput";
    return all.filter((device) => device.kind === wanted && device.deviceId !== "");
  }

  /**
   * @param {"camera" | "microphone"} kind
   * @returns {Promise<Trouble | null>}
   */
  async #try(kind) {
    try {
      await this.choose(kind);
      return null;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      return error.trouble;
    }
  }

  /**
   * @param {"camera" | "microphone" | "screen"} kind
   * @param {MediaStreamTrack | null} track
   */
  #take(kind, track) {
    const before = this[kind];
    this[kind] = track;
    before?.stop();
    if (track) {
      if (kind !== "microphone") track.contentHint = kind === "screen" ? SCREENS[this.screenKind].hint : "motion";
      // Unplugged, or "Stop sharing" in the browser's own bar. Not fired for our own stop().
      track.addEventListener("ended", () => {
        if (this[kind] !== track) return;
        if (kind === "screen") this.unshare();
        else this.#take(kind, null);
        void this.#instead(kind);
      });
    }
    this.#changed();
  }

  /**
   * Another camera or microphone takes the place of one that was unplugged, if there is one.
   * @param {"camera" | "microphone" | "screen"} kind
   */
  async #instead(kind) {
    const other = kind !== "screen" && (await this.list(kind)).length > 0 && (await this.#try(kind)) === null;
    this.dispatchEvent(new CustomEvent("lost", { detail: { kind, other: other ? this[kind]?.label ?? "" : "" } }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {MediaStreamConstraints} wish
 * @returns {Promise<MediaStream>}
 */
async function ask(wish) {
  // Browsers give cameras to https and localhost only.
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError(window.isSecureContext ? "none" : "insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(wish);
  } catch (error) {
    throw new DeviceError(troubleOf(error), error);
  }
}

/**
 * @param {unknown} error
 * @returns {Trouble}
 */
function troubleOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "failed";
}
