// `<a data-confirm>` leads to a page that asks; with scripts the same question stands in a dialog over this page.
// Its words are the link's: data-title, data-text, data-button, data-kind ("danger" or "primary").

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLAnchorElement} link
 */
function fill(dialog, link) {
  const form = dialog.querySelector("form");
  const title = dialog.querySelector("[data-part=title]");
  const text = dialog.querySelector("[data-part=text]");
  const button = dialog.querySelector("[data-part=button]");
  if (form === null || title === null || text === null || button === null) return;
  form.action = link.href;
  title.textContent = link.dataset.title ?? "";
  text.textContent = link.dataset.text ?? "";
  button.textContent = link.dataset.button ?? "";
  button.className = `button button--${link.dataset.kind ?? "danger"}`;
}

export function startConfirms() {
  const dialog = document.getElementById("confirm");
  if (!(dialog instanceof HTMLDialogElement)) return;
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-confirm]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    link.closest("details[data-menu]")?.removeAttribute("open");
    fill(dialog, link);
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    const target = event.target;
    if (target === dialog || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
  });
}
