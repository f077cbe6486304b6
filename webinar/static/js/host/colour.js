// The preview of an event's colour: the server says what its pages make of it, so that there is one rule.

const SOON_MS = 120;

/** @typedef {{ tokens: Record<string, Record<string, string>>, contrast: number, kept: boolean }} Tried */

export function startColours() {
  const box = document.querySelector("[data-colour]");
  const input = box?.querySelector("input[type=color]");
  if (!(box instanceof HTMLElement) || !(input instanceof HTMLInputElement)) return;
  const form = input.form;
  const show = () => {
    const own = form === null ? "yes" : new FormData(form).get("own");
    box.hidden = own === "no";
  };
  let timer = 0;
  let asked = 0;
  const look = async () => {
    const mine = ++asked;
    const answer = await fetch(`${box.dataset.colour}?accent=${encodeURIComponent(input.value)}`).catch(() => null);
    if (answer === null || !answer.ok || mine !== asked) return;
    paint(box, /** @type {Tried} */ (await answer.json()));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, SOON_MS);
  });
  form?.addEventListener("change", show);
  show();
  look();
}

/** @param {HTMLElement} box @param {Tried} tried */
function paint(box, tried) {
  for (const swatch of box.querySelectorAll("[data-theme-of]")) {
    if (!(swatch instanceof HTMLElement)) continue;
    const tokens = tried.tokens[swatch.dataset.themeOf ?? ""] ?? {};
    for (const [name, value] of Object.entries(tokens)) swatch.style.setProperty(`--${name}`, value);
  }
  const swatches = box.querySelector(".swatches");
  if (swatches instanceof HTMLElement) swatches.hidden = false;
  const said = box.querySelector("[data-part=said]");
  if (!(said instanceof HTMLElement)) return;
  const words = (tried.kept ? said.dataset.kept : said.dataset.changed) ?? "";
  said.textContent = words.replace("{n}", tried.contrast.toFixed(1));
}
