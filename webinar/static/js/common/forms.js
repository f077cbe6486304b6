// Forms say that they are being sent, are sent once, and put the cursor where something needs another look.

export function startForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
    const frame = event.submitter?.getAttribute("formtarget");
    if (frame) {
      // Into a frame of this page, which stays and can still be sent.
      document.getElementsByName(frame)[0]?.scrollIntoView({ block: "nearest" });
      return;
    }
    if (form.dataset.sent !== undefined) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "";
    const button = event.submitter ?? form.querySelector("[type=submit]");
    button?.setAttribute("aria-busy", "true");
  });
  // Back from the next page (bfcache): the form can be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });
  const bad = document.querySelector(".field--bad input, .field--bad textarea, .field--bad select");
  if (bad instanceof HTMLElement) bad.focus();
}
