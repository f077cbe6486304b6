/** Files that the host hands out: a list of links that save them. */

import { within } from "../media/backoff.js";
import { drawing, element, renew } from "./message.js";

/** @typedef {{id: string, name: string, size: string, url: string}} File */

const ANSWER_MS = 8000;

export class FilesPanel {
  /**
   * @param {HTMLElement} list
   * @param {string} url of the list as JSON
   */
  constructor(list, url) {
    this.list = list;
    this.url = url;
    /** @type {Set<string>} */
    this.known = new Set();
  }

  /**
   * Looks again.
   * @returns {Promise<{count: number, fresh: number}>} `fresh`: how many were not there at the last look
   * @throws what `fetch` throws; or an error when it is refused
   */
  async look() {
    const answer = await fetch(this.url, { headers: { Accept: "application/json" }, cache: "no-store", signal: within(ANSWER_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    /** @type {File[]} */
    const items = (await answer.json()).items;
    const fresh = items.filter(({ id }) => !this.known.has(id)).length;
    this.known = new Set(items.map(({ id }) => id));
    renew(this.list, items.map((file) => [file.id, () => row(file)]));
    return { count: items.length, fresh };
  }
}

/** @param {File} file */
function row({ name, size, url }) {
  const item = element("li");
  const link = element("a", "files__one");
  link.href = url;
  link.download = name;
  const what = element("span", "files__what");
  what.append(element("strong", "", name), element("span", "muted small figures", size));
  link.append(drawing("file"), what, drawing("download"));
  item.append(link);
  return item;
}
