/** While somebody watches, the host may leave some of the recording out, or shut the replay. */

import { tabStorage } from "../chat/outbox.js";
import { reload } from "../common/reload.js";
import { within } from "../media/backoff.js";

const ANSWER_MS = 5000;

/**
 * For when the picture was lost: loads the page again if it would show something else than `url` by now.
 * @param {string} url
 */
export async function reloadIfOther(url) {
  try {
    const wish = { headers: { Accept: "text/html" }, cache: /** @type {const} */ ("no-store"), signal: within(ANSWER_MS) };
    const answer = await fetch(location.pathname, wish);
    if (answer.status >= 500) return; // the player tries again by itself
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("boot");
    if (!fresh?.textContent || JSON.parse(fresh.textContent).replay_url !== url) reload(tabStorage());
  } catch (error) {
    console.debug("whether the replay is another by now is not known", error);
  }
}
