const KEY = "reloaded";
const ONCE_IN_MS = 60_000;

/**
 * Loads the page again, so that the server can say what is the matter. Once a minute at most: a server that gives out what
 * it does not take must not be asked in a loop.
 * @param {Storage | null} store of the tab
 * @returns {boolean} whether it does
 */
export function reload(store) {
  if (Date.now() - Number(store?.getItem(KEY) ?? 0) < ONCE_IN_MS) return false;
  store?.setItem(KEY, String(Date.now()));
  location.reload();
  return true;
}
