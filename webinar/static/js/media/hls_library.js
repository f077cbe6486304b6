/** hls.js itself: when it is fetched, and how long it keeps trying. */

import { within } from "./backoff.js";
import { NoMedia } from "./signalling.js";

const LOAD_MS = 10_000;

/** A server that restarts knows its live sessions again after a second: until then it answers 404. */
const RETRY = {
  maxNumRetry: 6,
  retryDelayMs: 300,
  maxRetryDelayMs: 1500,
  shouldRetry: (/** @type {any} */ config, /** @type {number} */ count, /** @type {boolean} */ _late,
    /** @type {{code?: number} | undefined} */ answer, /** @type {boolean} */ usual) =>
    usual || (answer?.code === 404 && count < config.maxNumRetry),
};

/** @returns {boolean} whether hls.js has anything to play with; it is not fetched for nothing */
export function hasMediaSource() {
  return "MediaSource" in globalThis || "ManagedMediaSource" in globalThis;
}

/**
 * hls.js is fetched when it is needed: who plays over WebRTC never loads it. The minified file is half the module's size,
 * and is no module: it leaves its class at the global object. By an element and not by `import()`, which some browsers do
 * not try again after the network was away.
 * @param {AbortSignal} [signal] rejects with its reason; the file goes on coming for who asks next
 * @throws {NoMedia} when it does not come
 * @returns {Promise<typeof import("../../vendor/hls.mjs").default>}
 */
export async function loadHls(signal) {
  const there = () => /** @type {any} */ (globalThis).Hls;
  if (there()) return there();
  const src = new URL("../../vendor/hls.min.js", import.meta.url).href;
  const asked = [...document.scripts].find((script) => script.src === src);
  const script = asked ?? Object.assign(document.createElement("script"), { src });
  const limit = within(LOAD_MS, signal);
  await new Promise((resolve, reject) => {
    // The element goes when it is of no use any more: the next who asks has a new one.
    const fail = () => {
      script.remove();
      reject(new NoMedia("hls.js could not be loaded"));
    };
    script.addEventListener("load", resolve, { once: true });
    script.addEventListener("error", fail, { once: true });
    limit.addEventListener("abort", () => (signal?.aborted ? reject(signal.reason) : fail()), { once: true });
    if (!asked) document.head.append(script);
  });
  script.remove();
  return there();
}

/**
 * @param {import("../../vendor/hls.mjs").LoadPolicy} usual
 * @returns {import("../../vendor/hls.mjs").LoadPolicy} the same, going on through a restart of the server
 */
export function patient(usual) {
  return { default: { ...usual.default, errorRetry: RETRY } };
}
