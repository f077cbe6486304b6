/**
 * What a written text is made of: words, addresses and names of hosts. Pure; the page makes text nodes and links of it,
 * never markup.
 */

/** @typedef {{kind: "text" | "link" | "mention", text: string, href?: string}} Run */

/** Only these two schemes, and only when written out: what merely looks like a name of a host stays text. */
const ADDRESS = /https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]+/giu;
/** What usually ends a sentence, not an address. Korean particles follow an address without a space. */
const TAIL = /[.,;:!?…\p{Script=Hangul}]/u;
/** @type {[string, string][]} */
const BRACKETS = [["(", ")"], ["[", "]"], ["{", "}"]];

/**
 * @param {string} body
 * @param {string[]} [names] whom an @ may mean
 * @returns {Run[]} whose texts together are the body
 */
export function runs(body, names = []) {
  /** @type {Run[]} */
  const out = [];
  let at = 0;
  for (const match of body.matchAll(ADDRESS)) {
    const text = address(match[0]);
    const href = safe(text);
    if (!href || match.index < at) continue;
    out.push(...mentioned(body.slice(at, match.index), names), { kind: "link", text, href });
    at = match.index + text.length;
  }
  out.push(...mentioned(body.slice(at), names));
  return out;
}

/** @param {string} found the address without what only follows it */
function address(found) {
  let text = found;
  for (let before = ""; before !== text; ) {
    before = text;
    text = trimmed(text);
    // A bracket belongs to the address only when it was opened in it.
    for (const [open, close] of BRACKETS) {
      if (text.endsWith(close) && count(text, close) > count(text, open)) text = text.slice(0, -1);
    }
  }
  return text;
}

/**
 * From the end on: an expression over the whole text would begin anew at every syllable of it.
 * @param {string} text
 */
function trimmed(text) {
  let end = text.length;
  while (end && TAIL.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/**
 * @param {string} text
 * @param {string} character
 */
function count(text, character) {
  return text.split(character).length - 1;
}

/**
 * @param {string} text
 * @returns {string | null} the address as a browser reads it; null for what is none, or pretends with a user's name
 */
export function safe(text) {
  try {
    const url = new URL(text);
    const plain = (url.protocol === "https:" || url.protocol === "http:") && !url.username && !url.password;
    return plain && url.hostname ? url.href : null;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}

/**
 * @param {string} text
 * @param {string[]} names
 * @returns {Run[]}
 */
function mentioned(text, names) {
  /** @type {Run[]} */
  const out = [];
  // The longest first: "Kim Min" must not hide in "Kim Minji".
  const longest = [...names].sort((a, b) => b.length - a.length);
  let begun = 0;
  for (const { index } of text.matchAll(/@/gu)) {
    const name = index < begun ? undefined : longest.find((one) => one && text.startsWith(one, index + 1));
    if (!name) continue;
    if (index > begun) out.push({ kind: "text", text: text.slice(begun, index) });
    begun = index + 1 + name.length;
    out.push({ kind: "mention", text: text.slice(index, begun) });
  }
  if (begun < text.length) out.push({ kind: "text", text: text.slice(begun) });
  return out;
}

/**
 * The name being written after an at sign, for completion.
 * @param {string} text
 * @param {number} caret
 * @returns {{from: number, query: string} | null}
 */
export function mentionAt(text, caret) {
  const found = /(?:^|\s)@([^\s@]{0,30})$/u.exec(text.slice(0, caret));
  if (!found) return null;
  const query = found[1] ?? "";
  return { from: caret - query.length - 1, query };
}
