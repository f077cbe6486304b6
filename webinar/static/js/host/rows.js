// Lists edited row by row: the buttons of a row send the form and get the page back with the list rearranged. Here only
// the list is exchanged, so that nothing jumps, and the keys Alt+↑ and Alt+↓ press the same buttons.

/** @param {HTMLFormElement} form @param {HTMLButtonElement} button */
async function rearrange(form, button) {
  const place = form.querySelector("[data-part=rows]");
  if (place === null || form.dataset.busy !== undefined) return;
  form.dataset.busy = "";
  button.setAttribute("aria-busy", "true");
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  body.append("do", button.value);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("form[data-rows] [data-part=rows]");
    if (!answer.ok || answer.redirected || fresh === null) throw new Error(`rows: ${answer.status}`);
    place.replaceWith(document.adoptNode(fresh));
    focus(form, fresh);
    form.dispatchEvent(new Event("rearranged"));
  } catch {
    // The server says itself what is the matter: signed out, or away.
    form.requestSubmit(button);
  } finally {
    delete form.dataset.busy;
    button.removeAttribute("aria-busy");
  }
}

/** Where the hand was: the same button of the row at its new place, or the first field of a new one. */
/** @param {HTMLFormElement} form @param {Element} fresh */
function focus(form, fresh) {
  const { verb = "", focus: row = "" } = fresh instanceof HTMLElement ? fresh.dataset : {};
  if (verb === "add" || verb === "paste") {
    const last = [...fresh.querySelectorAll("[data-row]")].pop();
    const field = last?.querySelector("input[name$='-title'], input[name$='-name']");
    if (field instanceof HTMLElement) field.focus();
    return;
  }
  const near = [`up:${row}`, `down:${row}`, `remove:${row}`].map((value) => form.querySelector(`button[value="${value}"]`));
  const wanted = [form.querySelector(`button[value="${verb}:${row}"]`), ...near, form.querySelector("button[value=add]")];
  for (const button of wanted) {
    if (button instanceof HTMLButtonElement && !button.disabled) {
      button.focus();
      return;
    }
  }
}

export function startRows() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("form[data-rows] button[name=do]") : null;
    if (!(button instanceof HTMLButtonElement) || button.form === null) return;
    event.preventDefault();
    rearrange(button.form, button);
  });
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const row = event.target instanceof Element ? event.target.closest("form[data-rows] [data-row]") : null;
    const verb = event.key === "ArrowUp" ? "up" : "down";
    const button = row?.querySelector(`button[value^="${verb}:"]`);
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    if (!button.disabled) button.click();
  });
}
