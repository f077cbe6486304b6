/** The dialogs: each asks one thing and says what was chosen. */

import { need } from "../common/boot.js";

/**
 * Opens a dialog; resolves with the value of the button that closed it, "" when it was left.
 * @param {HTMLDialogElement} dialog
 * @param {string} title
 * @returns {Promise<string>}
 */
function ask(dialog, title) {
  const head = dialog.querySelector("[data-ask=title]");
  if (head) head.textContent = title;
  const back = document.activeElement;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        if (back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
        resolve(dialog.returnValue);
      },
      { once: true },
    );
  });
}

/** The minutes' buttons have the keys 1 to 4. */
export function startDialogs() {
  const mute = need("#ask-mute", HTMLDialogElement);
  mute.addEventListener("keydown", (event) => {
    const button = mute.querySelectorAll(".minutes button")[Number(event.key) - 1];
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault(); // the same keys choose a part of the console, and the dialog is closed by then
    button.click();
  });
}

/**
 * @param {string} title
 * @param {string} what they may not do
 * @returns {Promise<number>} minutes; 0: not
 */
export async function askMinutes(title, what) {
  const dialog = need("#ask-mute", HTMLDialogElement);
  need("[data-ask=what]", HTMLElement, dialog).textContent = what;
  return Number(await ask(dialog, title));
}

/** @param {string} title @returns {Promise<{yes: boolean, messages: boolean}>} */
export async function askBan(title) {
  const dialog = need("#ask-ban", HTMLDialogElement);
  const messages = need("[data-ask=messages]", HTMLInputElement, dialog);
  messages.checked = true;
  const yes = (await ask(dialog, title)) === "yes";
  return { yes, messages: messages.checked };
}

/** @param {string} title @returns {Promise<boolean>} */
export async function askOut(title) {
  return (await ask(need("#ask-out", HTMLDialogElement), title)) === "yes";
}

/** @param {string} title @returns {Promise<string | null>} the written answer, perhaps ""; null: not */
export async function askAnswer(title) {
  const dialog = need("#ask-answer", HTMLDialogElement);
  const text = need("[data-ask=text]", HTMLTextAreaElement, dialog);
  text.value = "";
  return (await ask(dialog, title)) === "yes" ? text.value.trim() : null;
}

export function showKeys() {
  void ask(need("#keys", HTMLDialogElement), "");
}
