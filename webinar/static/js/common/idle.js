// What can wait until the page is there and has been drawn, a second at most.

const LATEST_MS = 1000;

/** @param {() => void} work */
export function idle(work) {
  if ("requestIdleCallback" in window) window.requestIdleCallback(work, { timeout: LATEST_MS });
  else setTimeout(work);
}
