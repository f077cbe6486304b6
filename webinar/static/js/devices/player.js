/** What this browser can play of an event. */

/** @typedef {"live" | "delayed" | "none"} Plays live: at once; delayed: some seconds later */

const MP4 = 'video/mp4; codecs="avc1.42E01F,mp4a.40.2"';

/** @returns {Plays} */
export function plays() {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs ?? [];
  if (codecs.some((codec) => codec.mimeType.toLowerCase() === "video/h264")) return "live";
  const source = /** @type {any} */ (globalThis).ManagedMediaSource ?? globalThis.MediaSource;
  const hls = document.createElement("video").canPlayType("application/vnd.apple.mpegurl");
  return source?.isTypeSupported(MP4) || hls ? "delayed" : "none";
}

/** @returns {boolean} whether a page can keep the screen from sleeping */
export function staysAwake() {
  return "wakeLock" in navigator;
}
