// The list of people: one box ticks all that are shown, and it says how many are chosen.
// Without scripts the boxes and the buttons work alone.

function startChoosing() {
  const all = document.querySelector("input[data-people=all]");
  const count = document.querySelector("[data-people=count]");
  const form = document.getElementById("chosen");
  if (!(all instanceof HTMLInputElement) || !(count instanceof HTMLElement) || form === null) return;
  const boxes = () => /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[data-people=one]"));
  const hint = count.textContent ?? "";

  const show = () => {
    const every = [...boxes()];
    const chosen = every.filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === every.length;
    all.indeterminate = chosen > 0 && chosen < every.length;
    count.textContent = chosen > 0 ? (count.dataset.text ?? "").replace("{n}", String(chosen)) : hint;
    for (const button of document.querySelectorAll("button[data-people=act]")) {
      if (button instanceof HTMLButtonElement) button.disabled = chosen === 0;
    }
    form.classList.toggle("people__bulk--on", chosen > 0);
  };
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    show();
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.dataset.people === "one") show();
  });
  window.addEventListener("pageshow", show); // a browser may bring ticks back
  if (boxes().length > 0) all.closest("label")?.removeAttribute("hidden");
  show();
}

startChoosing();
