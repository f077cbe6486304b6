// The overview stays true by itself: the server renders the changing parts (`[data-now]`) again, and those that
// differ are put in place. Often while on air or while the recording is being finished, seldom otherwise.
import { startTimes } from "../common/time.js";
import { startLate } from "./late.js";

const OFTEN_MS = 1000;
const SELDOM_MS = 4000;
const BROKEN_MS = 5000;

/** @param {Element} part */
function busyWithIt(part) {
  return part.contains(document.activeElement) || part.querySelector("details[open]") !== null;
}

/**
 * @param {Document} fresh
 * @returns {boolean} whether to look again soon
 */
function put(fresh) {
  for (const made of fresh.querySelectorAll("[data-now]")) {
    const old = document.getElementById(made.id);
    if (old === null || old.outerHTML === made.outerHTML) continue;
    // Keyboard focus inside is kept: only a change of state may take the part away under somebody's hands.
    const sameState = old.getAttribute("data-state") === made.getAttribute("data-state");
    if (sameState && busyWithIt(old)) continue;
    old.replaceWith(document.importNode(made, true));
  }
  startTimes(document);
  return document.querySelector("[data-now][data-busy]") !== null;
}

/** @param {string} address */
async function look(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (answer.redirected || answer.status === 401) {
    location.reload(); // signed out meanwhile
    return false;
  }
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return put(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

/** @param {string} address */
function follow(address) {
  let state = document.getElementById("on-air")?.getAttribute("data-state");
  const again = async () => {
    let wait = SELDOM_MS;
    if (!document.hidden) {
      try {
        wait = (await look(address)) ? OFTEN_MS : SELDOM_MS;
        const now = document.getElementById("on-air")?.getAttribute("data-state");
        // Another state changes the buttons and links of the whole page.
        if (now !== state && document.querySelector("dialog[open]") === null) location.reload();
        state = now;
      } catch {
        wait = BROKEN_MS;
      }
    }
    setTimeout(again, wait);
  };
  setTimeout(again, document.querySelector("[data-now][data-busy]") === null ? SELDOM_MS : OFTEN_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(address).catch(() => undefined); });
}

startLate();
const place = document.querySelector("[data-now-from]");
if (place instanceof HTMLElement) follow(place.dataset.nowFrom ?? "");
