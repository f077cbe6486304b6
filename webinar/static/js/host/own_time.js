// Below date, start and time zone of an event's form: when that is on the host's own clock, where it is another one.
import { idle } from "../common/idle.js";
import { ownTime, ownZone } from "../common/time.js";

const MINUTE_MS = 60_000;

/**
 * Minutes that a zone is ahead of UTC at a moment.
 * @param {Date} at @param {string} zone
 */
function ahead(at, zone) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const parts = format.formatToParts(at);
  /** @param {string} type */
  const part = (type) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  return Math.round((wall - Math.floor(at.valueOf() / MINUTE_MS) * MINUTE_MS) / MINUTE_MS);
}

/**
 * The moment of a wall clock in a zone; null for what is none.
 * @param {string} date YYYY-MM-DD @param {string} clock HH:MM @param {string} zone IANA
 */
export function moment(date, clock, zone) {
  const wall = Date.parse(`${date}T${clock}:00Z`);
  if (Number.isNaN(wall)) return null;
  try {
    // Twice: the first guess may lie on the other side of a change to or from summer time.
    const guess = wall - ahead(new Date(wall), zone) * MINUTE_MS;
    return new Date(wall - ahead(new Date(guess), zone) * MINUTE_MS);
  } catch {
    return null; // a zone that this browser does not know
  }
}

export function startOwnTime() {
  const note = document.querySelector("[data-owntime]");
  const form = note?.closest("form");
  if (!(note instanceof HTMLElement) || !(form instanceof HTMLFormElement)) return;
  const show = () => {
    const typed = new FormData(form);
    const zone = String(typed.get("timezone") ?? "");
    const at = moment(String(typed.get("date")), String(typed.get("start")), zone);
    const own = ownZone();
    const other = at !== null && own !== "" && own !== zone && ahead(at, own) !== ahead(at, zone);
    note.hidden = !other;
    const place = note.querySelector("span");
    if (at === null || !other || place === null) return;
    place.textContent = (note.dataset.words ?? "{time}").replace("{time}", ownTime(at, document.documentElement.lang));
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  idle(show);
}
