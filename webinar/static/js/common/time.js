// `<time datetime data-ahead>` shows the event's time, whose clock is so many minutes ahead of UTC; here the visitor's
// own is added where their clock differs.

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
  for (const element of root.querySelectorAll("time[data-ahead]")) {
    if (!(element instanceof HTMLTimeElement)) continue;
    const at = new Date(element.dateTime);
    const note = document.getElementById(element.dataset.own ?? "");
    if (note === null || Number.isNaN(at.valueOf()) || -at.getTimezoneOffset() === Number(element.dataset.ahead)) continue;
    const place = note.querySelector("[data-part=time]") ?? note;
    place.textContent = ownTime(at, document.documentElement.lang);
    note.hidden = false;
  }
}
