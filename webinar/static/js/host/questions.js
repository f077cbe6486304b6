// The forms of questions: choices are asked for only where the kind of answer has some.

/** @param {HTMLSelectElement} select */
function fit(select) {
  const options = select.closest("form")?.querySelector("[data-question-options]");
  if (options instanceof HTMLElement) options.hidden = select.value !== "single" && select.value !== "several";
}

for (const select of document.querySelectorAll("select[data-question-kind]")) {
  if (select instanceof HTMLSelectElement) {
    fit(select);
    select.addEventListener("change", () => fit(select));
  }
}
