// Below date, start and time zone of an event's form: when that is on the host's own clock, where it is another one.
import { idle } from "../common/idle.js";
import { ownTime, ownZone } from "../common/time.js";

const MINUTE_MS = 60_000;

/**
 * Gives for a moment the minutes that a zone is ahead of UTC. Throws for a zone that this browser does not know.
 * @param {string} zone
 */
function ahead(zone) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  /** @param {number} at */
  return (at) => {
    const parts = format.formatToParts(at);
    /** @param {string} type */
    const part = (type) => Number(parts.find((one) => one.type === type)?.value ?? 0);
    const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
    return Math.round((wall - Math.floor(at / MINUTE_MS) * MINUTE_MS) / MINUTE_MS);
  };
}

/**
 * The moment of a wall clock in a zone, and the minutes that it is ahead of UTC then; null for what is none.
 * @param {string} date YYYY-MM-DD @param {string} clock HH:MM @param {string} zone IANA
 */
export function moment(date, clock, zone) {
  const wall = Date.parse(`${date}T${clock}:00Z`);
  if (Number.isNaN(wall)) return null;
  try {
    const theirs = ahead(zone);
    // Twice: the first guess may lie on the other side of a change to or from summer time.
    const at = new Date(wall - theirs(wall - theirs(wall) * MINUTE_MS) * MINUTE_MS);
    return { at, ahead: theirs(at.valueOf()) };
  } catch {
    return null; // a zone that this browser does not know
  }
}

export function startOwnTime() {
  const note = document.querySelector("[data-owntime]");
  const form = note?.closest("form");
  if (!(note instanceof HTMLElement) || !(form instanceof HTMLFormElement)) return;
  const show = () => {
    note.hidden = true;
    const typed = new FormData(form);
    const zone = String(typed.get("timezone") ?? "");
    if (zone === ownZone()) return;
    const start = moment(String(typed.get("date")), String(typed.get("start")), zone);
    const place = note.querySelector("span");
    if (start === null || place === null || -start.at.getTimezoneOffset() === start.ahead) return;
    place.textContent = (note.dataset.words ?? "{time}").replace("{time}", ownTime(start.at, document.documentElement.lang));
    note.hidden = false;
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  // The first zone that a page asks the browser for costs a slow machine a tenth of a second: not where clocks agree.
  const saved = new Date(note.dataset.at ?? NaN);
  if (-saved.getTimezoneOffset() !== Number(note.dataset.ahead)) idle(show);
}
