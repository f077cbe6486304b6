// `data-reveal="id"`: shows and hides a secret (a password, the stream key) in its field.

export function startReveals() {
  for (const button of document.querySelectorAll("[data-reveal]")) {
    if (button instanceof HTMLElement) button.hidden = false;
  }
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-reveal]") : null;
    if (!(button instanceof HTMLElement)) return;
    const field = document.getElementById(button.dataset.reveal ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.querySelector("use")?.setAttribute("href", shown ? "#i-eye-off" : "#i-eye");
  });
}
