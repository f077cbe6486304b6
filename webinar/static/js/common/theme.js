// Light, dark or like the device. The server writes the choice into the page, so nothing flashes; here it only changes.

const YEAR_S = 365 * 24 * 3600;

/** @param {string} theme */
function choose(theme) {
  document.documentElement.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
  for (const link of document.querySelectorAll("[data-set-theme]")) {
    if (link instanceof HTMLElement && link.dataset.setTheme === theme) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

export function startThemes() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-set-theme]") : null;
    if (!(link instanceof HTMLElement)) return;
    event.preventDefault();
    choose(link.dataset.setTheme ?? "auto");
    link.closest("details")?.removeAttribute("open");
  });
}
