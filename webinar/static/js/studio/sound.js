/**
 * The sound that goes out: the microphone, with the sound of a shared tab mixed in when there is one; and its level.
 */

const FLOOR_DB = -60;

export class Sound {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AudioNode[]} */
    this.nodes = [];
    /** @type {AnalyserNode | null} */
    this.analyser = null;
    /** @type {MediaStreamTrack | null} */
    this.mixed = null;
    this.samples = new Float32Array(1024);
  }

  /**
   * @param {MediaStreamTrack | null} microphone
   * @param {MediaStreamTrack | null} screen
   * @returns {MediaStreamTrack | null} what is to be sent
   */
  connect(microphone, screen) {
    for (const node of this.nodes) node.disconnect();
    this.nodes = [];
    this.analyser = null;
    this.mixed?.stop();
    this.mixed = null;
    if (!microphone && !screen) return null;
    this.context ??= new AudioContext();
    void this.context.resume();
    const analyser = new AnalyserNode(this.context, { fftSize: this.samples.length });
    for (const track of [microphone, screen]) {
      if (!track) continue;
      const source = this.context.createMediaStreamSource(new MediaStream([track]));
      source.connect(analyser);
      this.nodes.push(source);
    }
    this.analyser = analyser;
    this.nodes.push(analyser);
    // One source needs no mixing: the track itself goes out, without the mixer's delay.
    if (!microphone || !screen) return microphone ?? screen;
    const out = new MediaStreamAudioDestinationNode(this.context);
    analyser.connect(out);
    this.nodes.push(out);
    this.mixed = out.stream.getAudioTracks()[0] ?? null;
    return this.mixed;
  }

  /** @returns {number} 0 silence … 1 full, on a scale of decibels as ears have it */
  get level() {
    if (!this.analyser) return 0;
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    const db = 10 * Math.log10(sum / this.samples.length + 1e-12);
    return Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));
  }

  close() {
    this.connect(null, null);
    void this.context?.close();
    this.context = null;
  }
}
