/**
 * What goes out to viewers: the scene that was chosen, made of devices and slides, as one picture and one sound.
 */

import { START, changed, plan, possible, showsSlides, silenced } from "./scene.js";

/**
 * @typedef {import("./compositor.js").Compositor} Compositor
 * @typedef {import("./compositor.js").Wish} Wish
 * @typedef {import("./devices.js").Devices} Devices
 * @typedef {import("./scene.js").Layout} Layout
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {import("./slides.js").Slide} Slide
 * @typedef {import("./sound.js").Sound} Sound
 * @typedef {(video: MediaStreamTrack | null, voice: MediaStreamTrack | null) => Promise<void>} Out
 */

/** Fires "scene" when something else was chosen or became possible, "slide" when viewers see another slide. */
export class Program extends EventTarget {
  /**
   * @param {Devices} devices
   * @param {Sound} sound
   * @param {Wish & {holding: string}} wish holding: address of the host's own holding picture, or ""
   * @param {Out} out called with what goes out from now on
   */
  constructor(devices, sound, wish, out) {
    super();
    this.devices = devices;
    this.sound = sound;
    this.wish = wish;
    this.out = out;
    /** @type {Scene} */
    this.scene = START;
    /** @type {Slide | null} */
    this.slide = null;
    /** @type {Promise<Compositor> | null} made when it is first needed, and kept */
    this.composing = null;
    this.composed = false;
    this.turn = 0;
    devices.addEventListener("change", () => this.sources());
  }

  /** @param {Partial<Pick<Scene, "layout" | "content" | "corner" | "silent">>} choice */
  choose(choice) {
    const scene = { ...this.scene, ...choice };
    if (!possible(scene, scene.layout)) return;
    this.#become(scene);
  }

  /** @param {Slide | null} slide null: the slides were closed */
  async turnTo(slide) {
    this.slide = slide;
    if (slide || this.composing) (await this.#compositor()).slide(slide?.picture ?? null);
    this.sources();
    // Whoever opens a file beside a shared screen wants the file seen.
    if (slide?.fresh) this.choose({ content: "slides" });
  }

  /** Something came or went, or is louder than before. */
  sources() {
    const { camera, screen } = this.devices;
    this.#become(changed(this.scene, { camera: camera !== null, screen: screen !== null, slides: this.slide !== null }));
  }

  /** @returns {Slide | null} the slide that viewers see */
  get seen() {
    return showsSlides(this.scene) ? this.slide : null;
  }

  async close() {
    this.turn += 1;
    (await this.composing)?.close();
    this.composing = null;
  }

  /** @param {Scene} scene */
  #become(scene) {
    this.scene = scene;
    this.dispatchEvent(new Event("scene"));
    void this.#apply();
  }

  /** The newest choice counts: whoever was overtaken by it leaves everything as it is. */
  async #apply() {
    this.turn += 1;
    const { turn, scene, devices } = this;
    const how = plan(scene);
    const tracks = { microphone: devices.microphone, screen: devices.screenSound };
    const voice = this.sound.connect(tracks, silenced(scene));
    /** @type {MediaStreamTrack | null} */
    let video = null;
    if (how.way === "direct") video = devices[how.source];
    if (how.way === "composed") {
      const compositor = await this.#compositor();
      if (turn !== this.turn) return;
      await compositor.show(scene, devices.camera, devices.screen);
      if (turn !== this.turn) return;
      video = compositor.track;
    }
    this.composed = how.way === "composed";
    await this.out(video, voice);
    if (turn !== this.turn) return;
    if (!this.composed) (await this.composing)?.rest();
    this.dispatchEvent(new Event("slide"));
  }

  #compositor() {
    this.composing ??= this.#compose().catch((error) => {
      this.composing = null; // the next choice tries again
      throw error;
    });
    return this.composing;
  }

  async #compose() {
    const { Compositor } = await import("./compositor.js");
    const { width, height, look, holding } = this.wish;
    const made = new Compositor({ width, height, look });
    if (holding) void this.#hold(made, holding);
    return made;
  }

  /**
   * @param {Compositor} compositor
   * @param {string} address
   */
  async #hold(compositor, address) {
    const picture = Object.assign(new Image(), { src: address });
    try {
      await picture.decode();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return; // it was replaced meanwhile: the plain one says the same
    }
    compositor.holding(await createImageBitmap(picture));
  }
}
