// Menus are <details>: here they close on Escape, on a click elsewhere, and when another opens.

/** @param {Element | null} but */
function closeAll(but) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== but) menu.removeAttribute("open");
  }
}

export function startMenus() {
  document.addEventListener("click", (event) => {
    closeAll(event.target instanceof Element ? event.target.closest("details[data-menu]") : null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (open === null) return;
    closeAll(null);
    open.querySelector("summary")?.focus();
  });
  document.addEventListener("focusin", (event) => {
    const target = event.target;
    if (target instanceof Element && target.closest("details[data-menu]") === null) closeAll(null);
  });
}
