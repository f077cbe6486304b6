/** Buttons that show a picture and are called by a name. */

/**
 * @param {HTMLButtonElement} button
 * @param {string} icon
 * @param {string} label
 */
export function picture(button, icon, label) {
  button.querySelector("use")?.setAttribute("href", `#i-${icon}`);
  button.setAttribute("aria-label", label);
  button.title = label;
}
