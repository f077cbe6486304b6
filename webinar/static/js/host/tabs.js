// Rows of tabs that are wider than a phone: the one that is shown is in sight.

for (const row of document.querySelectorAll(".tabs, .sections__nav, .segments")) {
  const current = row.querySelector("[aria-current]");
  if (!(current instanceof HTMLElement) || row.scrollWidth <= row.clientWidth) continue;
  row.scrollLeft = current.offsetLeft - row.clientWidth / 2 + current.offsetWidth / 2;
}
