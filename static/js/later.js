// Booking later: what is free comes with the timeline; the sheet steps through the starts that are in it.

import { settle } from "./hands.js";
import { openSheet } from "./sheet.js";

const MINUTE = 60_000;
const STEP = 15 * MINUTE;

// On which terms the room can be booked, which `main` shows (see door_slots.html); nothing where it cannot be.
export const termsIn = (main) => main.querySelector("[data-terms]");

// The moment of the day that was touched; without a touch, such as from a keyboard, none.
function touched({ target, clientX }) {
  const strip = target.closest("[data-start][data-end]");
  if (!strip) return undefined;
  const { left, width } = strip.getBoundingClientRect();
  if (!width) return undefined;
  const along = (clientX - left) / width;
  const part = getComputedStyle(strip).direction === "rtl" ? 1 - along : along;
  const [from, to] = [Date.parse(strip.dataset.start), Date.parse(strip.dataset.end)];
  return from + part * (to - from);
}

// `main` holds the sheet, the timeline with its free stretches, and the terms; `now()` is the server's time; `words` has
// the sentence of a span.
export function laterSheet(main, { now, wording, words }) {
  const sheet = main.querySelector("[data-sheet=later]");
  const chosen = sheet.querySelector("[data-chosen]");
  const lengths = sheet.querySelector("[data-lengths]");
  const days = [...sheet.querySelectorAll("[data-day]")];
  const steps = [...sheet.querySelectorAll("[data-step]")];
  const book = sheet.querySelector("[data-act=later]");
  const named = sheet.querySelector("[data-named=later]");
  let day = "today";
  let start = null;
  let minutes = null;
  let drawn = null;

  function stretches(name) {
    const pairs = main.querySelector("[data-today]").dataset[name].split(" ").filter(Boolean);
    return pairs.map((pair) => pair.split("/").map((moment) => Date.parse(moment)));
  }

  const buttons = () => [...lengths.children];
  const lengthOf = (button) => Number(button.dataset.length);

  // Every quarter of an hour from which the shortest booking fits.
  function starts(name) {
    const shortest = Math.min(...buttons().map(lengthOf)) * MINUTE;
    const last = now() + termsIn(main).dataset.ahead * MINUTE;
    const found = [];
    for (const [from, until] of stretches(name)) {
      for (let one = Math.ceil(Math.max(from, now()) / STEP) * STEP; one + shortest <= until && one <= last; one += STEP)
        found.push(one);
    }
    return found;
  }

  const roomAt = (moment) => stretches(day).find(([from, until]) => from <= moment && moment < until)[1] - moment;

  function nearest(all, wanted) {
    return all.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
  }

  function draw() {
    const all = starts(day);
    const fits = roomAt(start);
    const fitting = buttons().filter((button) => lengthOf(button) * MINUTE <= fits);
    if (!fitting.some((button) => lengthOf(button) === minutes))
      minutes = lengthOf(fitting.findLast((button) => lengthOf(button) < minutes) ?? fitting[0]);
    for (const button of days) {
      button.setAttribute("aria-pressed", button.dataset.day === day);
      button.disabled = !starts(button.dataset.day).length;
    }
    for (const button of buttons()) {
      button.setAttribute("aria-pressed", lengthOf(button) === minutes);
      button.disabled = !fitting.includes(button);
    }
    for (const button of steps) button.disabled = !all[all.indexOf(start) + Number(button.dataset.step)];
    const span = words.span.replace("{start}", wording.time(start));
    chosen.textContent = span.replace("{end}", wording.time(start + minutes * MINUTE));
    const what = [days.find((button) => button.dataset.day === day).textContent, chosen.textContent].join(" ");
    for (const button of [book, named])
      Object.assign(button.dataset, { start: new Date(start).toISOString(), minutes, what });
  }

  function fill() {
    const terms = termsIn(main);
    if (drawn !== terms.innerHTML) lengths.innerHTML = drawn = terms.innerHTML;
    const { names } = terms.dataset;
    named.hidden = names !== "either";
    book.toggleAttribute("data-named", names === "person");
  }

  function choose(name, wanted) {
    day = name;
    start = nearest(starts(day), wanted);
    draw();
  }

  // Answers whether there is anything to choose; the first is chosen that is free at or near the moment of the day that
  // was touched.
  function open(event) {
    const wanted = touched(event) ?? now();
    fill();
    const name = ["today", "tomorrow"].find((name) => starts(name).length);
    if (!name) return false;
    minutes ??= lengthOf(buttons()[Math.floor((buttons().length - 1) / 2)]);
    choose(name, name === "today" ? wanted : now());
    openSheet(sheet);
    return true;
  }

  // Somebody else may have booked while the sheet is open: then the nearest start that is left is chosen.
  function renew() {
    if (!sheet.open) return;
    settle();
    if (!termsIn(main)) return sheet.close();
    fill();
    const name = [day, "today", "tomorrow"].find((name) => starts(name).length);
    if (name) choose(name, start);
    else sheet.close();
  }

  sheet.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    const all = starts(day);
    if (button.dataset.step) start = all[all.indexOf(start) + Number(button.dataset.step)] ?? start;
    else if (button.dataset.length) minutes = lengthOf(button);
    else if (button.dataset.day) return choose(button.dataset.day, start + shift(button.dataset.day));
    else return;
    draw();
  });

  // The same time of the other day, as nearly as that day has it.
  function shift(name) {
    const DAY = 24 * 60 * MINUTE;
    if (name === day) return 0;
    return name === "tomorrow" ? DAY : -DAY;
  }

  return { open, renew };
}
