// Copy buttons: `data-copy="id"` copies the field with that id and says so in place.

const SAID_MS = 2000;

/** @param {HTMLInputElement} field */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // No permission, or plain http on another machine: the old way still works there.
    const kind = field.type;
    field.type = "text";
    field.focus();
    field.select();
    document.execCommand("copy");
    field.type = kind;
  }
}

/** @param {HTMLElement} button */
function say(button) {
  const label = button.querySelector("span");
  const use = button.querySelector("use");
  if (label === null || button.dataset.said !== undefined) return;
  const before = label.textContent;
  const picture = use?.getAttribute("href") ?? "";
  button.dataset.said = "";
  label.textContent = button.dataset.done ?? before;
  use?.setAttribute("href", "#i-check");
  button.classList.add("copy__done");
  setTimeout(() => {
    label.textContent = before;
    use?.setAttribute("href", picture);
    button.classList.remove("copy__done");
    delete button.dataset.said;
  }, SAID_MS);
}

export function startCopies() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (!(button instanceof HTMLElement)) return;
    const field = document.getElementById(button.dataset.copy ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    copy(field).then(() => say(button));
  });
  document.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.readOnly) event.target.select();
  });
}
