/** Three notes, to hear whether there is sound. Fetched when somebody wants to hear them. */

/** C5, E5, G5: a chord that is heard on small speakers. */
const NOTES = [523.25, 659.25, 783.99];
const STEP_S = 0.28;

/** Called from a click: it also lets a picture start with sound later. Resolves when it has faded. */
export async function chime() {
  const audio = new AudioContext();
  await audio.resume();
  NOTES.forEach((frequency, index) => {
    const at = audio.currentTime + 0.05 + index * STEP_S;
    const tone = new OscillatorNode(audio, { frequency, type: "triangle" });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.linearRampToValueAtTime(0.25, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.65);
  });
  await new Promise((resolve) => setTimeout(resolve, (NOTES.length * STEP_S + 0.9) * 1000));
  await audio.close();
}
