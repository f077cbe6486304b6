// A file field that sends its form as soon as a file was chosen: `data-send`. Its button is for browsers without scripts.

export function startFiles() {
  for (const field of document.querySelectorAll("input[type=file][data-send]")) {
    if (!(field instanceof HTMLInputElement) || field.form === null) continue;
    const form = field.form;
    const button = form.querySelector("button[type=submit]");
    if (button instanceof HTMLElement) button.hidden = true;
    field.addEventListener("change", () => {
      if (field.files === null || field.files.length === 0) return;
      if (button instanceof HTMLElement) button.hidden = false;
      form.requestSubmit(button instanceof HTMLButtonElement ? button : null);
    });
  }
}
