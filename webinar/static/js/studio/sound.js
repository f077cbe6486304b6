/**
 * The sound that goes out: the microphone and the sound of a shared tab, each as loud as it was set, and their levels.
 */

/** @typedef {"microphone" | "screen"} Voice */

const FLOOR_DB = -60;
/** A volume or a silence that comes at once clicks. */
const SOFT_S = 0.03;

/** @type {readonly Voice[]} */
export const VOICES = ["microphone", "screen"];

export class Sound {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {Record<Voice, Channel | null>} */
    this.channels = { microphone: null, screen: null };
    /** Of each, 1 is as it comes. @type {Record<Voice, number>} */
    this.volumes = { microphone: 1, screen: 1 };
    /** @type {MediaStreamAudioDestinationNode | null} */
    this.out = null;
    this.silent = false;
  }

  /**
   * @param {Record<Voice, MediaStreamTrack | null>} tracks
   * @param {boolean} silent nothing is heard, whatever comes in
   * @returns {MediaStreamTrack | null} what is to be sent; the same as before where it can be
   */
  connect(tracks, silent) {
    this.silent = silent;
    for (const voice of VOICES) this.#channel(voice, tracks[voice]);
    const there = VOICES.filter((voice) => this.channels[voice]);
    const [only] = there;
    if (!only) return null;
    // One source as it comes needs no mixing: the track itself goes out, without the mixer's delay.
    if (there.length === 1 && !silent && this.volumes[only] === 1) return tracks[only];
    return this.#mixed();
  }

  /**
   * @param {Voice} voice
   * @param {number} volume 0 nothing … 1 as it comes … 2 twice as much
   */
  turn(voice, volume) {
    this.volumes[voice] = volume;
    this.#loud();
  }

  /**
   * @param {Voice} voice
   * @returns {number} 0 silence … 1 full, on a scale of decibels as ears have it; after its volume
   */
  level(voice) {
    return this.channels[voice]?.level ?? 0;
  }

  close() {
    for (const voice of VOICES) this.#channel(voice, null);
    void this.context?.close();
    this.context = null;
    this.out = null;
  }

  /**
   * @param {Voice} voice
   * @param {MediaStreamTrack | null} track
   */
  #channel(voice, track) {
    const before = this.channels[voice];
    if ((before?.track ?? null) === track) return;
    before?.close();
    this.channels[voice] = null;
    if (!track) return;
    this.context ??= new AudioContext();
    void this.context.resume();
    const channel = new Channel(this.context, track, this.volumes[voice]);
    if (this.out) channel.analyser.connect(this.out);
    this.channels[voice] = channel;
  }

  #mixed() {
    if (!this.context) return null;
    if (!this.out) {
      this.out = new MediaStreamAudioDestinationNode(this.context, { channelCount: 2 });
      for (const voice of VOICES) this.channels[voice]?.analyser.connect(this.out);
    }
    this.#loud();
    return this.out.stream.getAudioTracks()[0] ?? null;
  }

  #loud() {
    const now = this.context?.currentTime ?? 0;
    for (const voice of VOICES) {
      const volume = this.silent ? 0 : this.volumes[voice];
      this.channels[voice]?.gain.gain.setTargetAtTime(volume, now, SOFT_S);
    }
  }
}

/** One source on its way to the mixer. */
class Channel {
  /**
   * @param {AudioContext} context
   * @param {MediaStreamTrack} track
   * @param {number} volume
   */
  constructor(context, track, volume) {
    this.track = track;
    this.samples = new Float32Array(1024);
    this.source = context.createMediaStreamSource(new MediaStream([track]));
    this.gain = new GainNode(context, { gain: volume });
    this.analyser = new AnalyserNode(context, { fftSize: this.samples.length });
    this.source.connect(this.gain).connect(this.analyser);
  }

  get level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    const db = 10 * Math.log10(sum / this.samples.length + 1e-12);
    return Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));
  }

  close() {
    for (const node of [this.source, this.gain, this.analyser]) node.disconnect();
  }
}
