// A file field that sends its form as soon as a file was chosen: `data-send`. Its button is for browsers without scripts.
// With `data-many` it takes several: each is sent by itself, those that are taken are kept, the others are named.
export function startFiles() {
  for (const field of document.querySelectorAll("input[type=file][data-send]")) {
    if (!(field instanceof HTMLInputElement) || field.form === null) continue;
    const form = field.form;
    const button = form.querySelector("button[type=submit]");
    if (button instanceof HTMLElement) button.hidden = true;
    const many = field.dataset.many !== undefined;
    field.multiple = many;
    field.addEventListener("change", () => {
      if (field.files === null || field.files.length === 0) return;
      if (many) return void sendMany(form, field, [...field.files]);
      if (button instanceof HTMLElement) button.hidden = false;
      form.requestSubmit(button instanceof HTMLButtonElement ? button : null);
    });
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} field `data-most` bytes each; its words: `data-too-large`, `data-sending` and `data-away`
 * @param {File[]} files
 */
async function sendMany(form, field, files) {
  const { most, tooLarge = "", sending = "", away = "" } = field.dataset;
  const label = field.closest("label");
  const words = label?.querySelector("span");
  const before = words?.textContent ?? "";
  field.disabled = true;
  label?.setAttribute("aria-busy", "true");
  /** @type {[string, string][]} names, and why not */
  const refused = [];
  for (const [n, file] of files.entries()) {
    if (words) words.textContent = sending.replace("{n}", String(n + 1)).replace("{all}", String(files.length));
    const why = file.size > Number(most) ? tooLarge : await send(form, field.name, file).catch(() => away);
    if (why) refused.push([file.name, why]);
  }
  if (!refused.length) return location.reload(); // the list, and the word that it is saved
  if (words) words.textContent = before;
  label?.removeAttribute("aria-busy");
  field.disabled = false;
  field.value = "";
  if (refused.length < files.length) await showKept(form.closest("section")).catch(() => {});
  say(refused);
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name of the field
 * @param {File} file
 * @returns {Promise<string>} why it was not taken; empty where it was
 */
async function send(form, name, file) {
  const body = new FormData();
  body.set("csrf", String(new FormData(form).get("csrf") ?? ""));
  body.set(name, file);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  return answer.ok ? "" : String((await answer.json()).message);
}

/** The list as it is now. @param {Element | null} section */
async function showKept(section) {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["list", "add"]) {
    const next = fresh.querySelector(`[data-files=${part}]`);
    // The field stays the one that is listened to, until there is no room for more.
    if (!next || (part === "add" && next.querySelector("form"))) continue;
    section?.querySelector(`[data-files=${part}]`)?.replaceWith(document.importNode(next, true));
  }
}

/** @param {[string, string][]} refused */
function say(refused) {
  const place = document.querySelector("[data-files=refused]");
  const line = document.querySelector("template[data-files=line]");
  if (!(place instanceof HTMLElement && line instanceof HTMLTemplateElement)) return;
  place.replaceChildren(
    ...refused.map(([name, why]) => {
      const made = /** @type {DocumentFragment} */ (line.content.cloneNode(true));
      const called = document.createElement("bdi");
      called.textContent = name;
      made.querySelector("[data-files=why]")?.append(called, `: ${why}`);
      return made;
    }),
  );
}
