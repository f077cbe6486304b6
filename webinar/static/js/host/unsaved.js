// A form that was changed says so and asks before it is left: `data-unsaved` on the form.

/** @param {HTMLFormElement} form */
function written(form) {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrf");
  return JSON.stringify(fields.map(([name, value]) => [name, typeof value === "string" ? value : value.name]));
}

/** Forms whose first state came refused or rearranged from the server differ from what is saved from the start. */
const REFUSED = ".problems, [data-verb]";

export function startUnsaved() {
  for (const form of document.querySelectorAll("form[data-unsaved]")) {
    if (form instanceof HTMLFormElement) watch(form);
  }
}

/** @param {HTMLFormElement} form */
function watch(form) {
  const saved = written(form);
  const note = form.querySelector("[data-part=unsaved]");
  const changed = () => form.querySelector(REFUSED) !== null || written(form) !== saved;
  const show = () => {
    if (note instanceof HTMLElement) note.hidden = !changed();
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("rearranged", show);
  window.addEventListener("pageshow", show);
  // Whatever leads away asks first; not the form's own way.
  window.addEventListener("beforeunload", (event) => {
    if (form.dataset.sent === undefined && changed()) event.preventDefault();
  });
  show();
}
