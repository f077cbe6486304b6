// The rest of the agenda moves: by the steps that the chosen item can still take. The server offers those of any item.

export function startLate() {
  const item = document.getElementById("late-item");
  const minutes = document.getElementById("late-minutes");
  if (!(item instanceof HTMLSelectElement && minutes instanceof HTMLSelectElement)) return;
  const offer = () => {
    const steps = (item.selectedOptions[0]?.dataset.steps ?? "").split(" ");
    for (const option of minutes.options) option.hidden = option.disabled = !steps.includes(option.value);
    if (minutes.selectedOptions[0]?.disabled !== false) minutes.value = steps[0] ?? "";
  };
  item.addEventListener("change", offer);
  if (document.getElementById("late-refused") === null) offer();
}
