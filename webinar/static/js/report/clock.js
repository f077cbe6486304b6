/** Times of a recording as they are typed: `12:03`, `1:02:03.5`. Pure. */

/**
 * @param {string} text
 * @returns {number | null} seconds
 */
export function seconds(text) {
  const match = /^(?:(\d{1,2}):)?(\d{1,3}):([0-5]?\d)(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!match) return null;
  const [, h = "0", m = "0", s = "0", parts = ""] = match;
  return Number(h) * 3600 + Number(m) * 60 + Number(s) + Number(parts.padEnd(3, "0")) / 1000;
}

/**
 * @param {number} at s
 * @returns {string} with tenths where there are any
 */
export function written(at) {
  const tenths = Math.round(Math.max(0, at) * 10);
  const whole = Math.floor(tenths / 10);
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, "0");
  const text = h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
  return tenths % 10 ? `${text}.${tenths % 10}` : text;
}

/** @typedef {{at: number, title: string}} Chapter */

/**
 * @param {string} text a chapter a line: a time and a title
 * @returns {Chapter[] | null} null when a line is neither
 */
export function chapters(text) {
  const found = [];
  for (const line of text.split("\n")) {
    if (!line.trim()) continue;
    const match = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(line);
    const at = match ? seconds(match[1] ?? "") : null;
    if (!match || at === null) return null;
    found.push({ at, title: match[2] ?? "" });
  }
  return found;
}

/**
 * @param {Chapter[]} listed
 * @returns {string}
 */
export function lines(listed) {
  return [...listed].sort((a, b) => a.at - b.at).map(({ at, title }) => `${written(at)} ${title.trim()}`).join("\n");
}
