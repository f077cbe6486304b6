// `<time datetime data-zone>` shows the event's time; here the visitor's own is added where their clock differs.

/** @param {Date} at @param {string} zone */
function wall(at, zone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(at);
}

/** @param {string} zone */
function known(zone) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== null;
  } catch {
    return false;
  }
}

/** @returns {string} the browser's IANA zone, "" when it does not tell */
export function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

/**
 * The text of a moment in the reader's language and zone, as the server writes the event's.
 * @param {Date} at
 * @param {string} language
 */
export function ownTime(at, language) {
  /** @param {Intl.DateTimeFormatOptions} options */
  const say = (options) => new Intl.DateTimeFormat(language === "ko" ? "ko-KR" : "en-US", options).format(at);
  const clock = say({ hour: "numeric", minute: "2-digit", timeZoneName: "short" });
  if (language !== "ko") return `${say({ weekday: "short", year: "numeric", month: "short", day: "numeric" })} ${clock}`;
  return `${say({ year: "numeric", month: "long", day: "numeric" })} (${say({ weekday: "short" })}) ${clock}`;
}

/** @param {ParentNode} root */
export function startTimes(root) {
  const zone = ownZone();
  if (zone === "") return;
  for (const element of root.querySelectorAll("time[data-zone]")) {
    if (!(element instanceof HTMLTimeElement)) continue;
    const at = new Date(element.dateTime);
    const theirs = element.dataset.zone ?? "";
    const note = document.getElementById(element.dataset.own ?? "");
    if (note === null || Number.isNaN(at.valueOf()) || !known(theirs) || wall(at, zone) === wall(at, theirs)) continue;
    const place = note.querySelector("[data-part=time]") ?? note;
    place.textContent = ownTime(at, document.documentElement.lang);
    note.hidden = false;
  }
}
