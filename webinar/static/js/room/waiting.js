// A personal link that waits for somebody else's decision. The page looks again by itself, and is loaded anew only when
// the answer is another page: a reload every few seconds would take whoever listens back to its beginning each time.

const waiting = document.querySelector("[data-again]");

/** @param {HTMLElement} shown */
async function look(shown) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
  if (answer.status >= 500) return; // the server is back soon
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-again]");
  if (now?.textContent !== shown.textContent) location.reload();
}

/** @param {HTMLElement} shown */
async function again(shown) {
  try {
    await look(shown);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // a network that is away: next time
  }
  setTimeout(again, Number(shown.dataset.again) * 1000, shown);
}

if (waiting instanceof HTMLElement) setTimeout(again, Number(waiting.dataset.again) * 1000, waiting);
