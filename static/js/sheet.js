// Sheets: small windows over a display, of which one may be open; whoever turns away leaves none behind.

import { settle } from "./hands.js";

// Kept by the browser: every update asks whether one is open.
const dialogs = document.getElementsByTagName("dialog");
// What is told to everybody at once is no sheet.
const sheets = () => [...dialogs].filter((one) => one.open && !("emergency" in one.dataset));

export const isOpen = () => sheets().length > 0;

export function openSheet(sheet) {
  if ([...dialogs].some((one) => one.open)) return;
  sheet.showModal();
  settle();
}

export function closeSheets() {
  const open = sheets();
  if (open.length) settle();
  for (const sheet of open) sheet.close();
}

// What somebody has reported already, which its button tells, cannot be reported again.
export function openReport(sheet, { dataset }) {
  const known = dataset.kinds.split(" ");
  for (const button of sheet.querySelectorAll("[data-kind]")) button.disabled = known.includes(button.dataset.kind);
  openSheet(sheet);
}

// A touch beside what a sheet says, or on its own way out.
export const leaves = (target) => target.matches("dialog") || Boolean(target.closest("[data-close]"));

// Asks before somebody else's meeting is changed: the yes is the button itself, once more and without its question.
export function ask(sheet, button) {
  const yes = sheet.querySelector("[data-ask-yes]");
  const { ask: question, whose, ...what } = button.dataset;
  for (const name of Object.keys(yes.dataset)) delete yes.dataset[name];
  Object.assign(yes.dataset, what, { askYes: "" });
  yes.removeAttribute("data-pressed");
  yes.innerHTML = button.innerHTML;
  sheet.querySelector("[data-ask-title]").textContent = question;
  sheet.querySelector("[data-ask-whose]").textContent = whose;
  openSheet(sheet);
}
