/** Elements made by scripts. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} name its class
 * @param {...(Node | string)} inside
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, name, ...inside) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...inside);
  return made;
}

/**
 * @param {Element} element
 * @param {string} text that is not written again when it stands there already: it would be read out again
 */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
