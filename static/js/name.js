// Acting in one's own name: letters until one's name stands there to be touched, then the PIN. What is typed is known
// here only, in no field that a browser could fill or keep, and forgotten when the sheet closes.

import { settle } from "./hands.js";
import { openSheet } from "./sheet.js";

const FEWEST_LETTERS = 2;
const MOST_LETTERS = 40;
const MOST_NAMES = 5;
const FEWEST_DIGITS = 4;
const MOST_DIGITS = 8;
const PAUSE = 150;
const PATIENCE = 5_000;
// The second touch of a finger that touches twice comes so soon, and nobody's first digit does.
const TWICE = 450;

// `choices(at)` answers a room's buttons that book from now, `now()` the server's time.
export function nameSheet(sheet, { choices, now, words, wording }) {
  const part = (name) => sheet.querySelector(`[data-${name}]`);
  const [typed, people, person, dots, said, signs] = ["typed", "people", "person", "dots", "said", "signs"].map(part);
  const picks = part("choices");
  let wish = null;
  let letters = "";
  let found = [];
  let who = null;
  let pin = "";
  let searching;
  let pause;

  // Opens for the button that was touched: what it is about is done by whoever then says who they are.
  function open(button) {
    const { named, name, pending, ...what } = button.dataset;
    wish = { ...what, act: what.act ?? named };
    part("what").textContent = what.what ?? "";
    signs.innerHTML = saying(button);
    if (wish.act === "book") offer(wish);
    openSheet(sheet);
    write(name ?? "");
  }

  const isBooking = () => ["book", "later"].includes(wish.act);
  const saying = (button) => (isBooking() ? `<b>${signs.dataset.words}</b>` : button.innerHTML);

  function offer({ at, minutes, until }) {
    const all = [...choices(at)];
    const wanted = all.find(({ dataset }) => dataset.minutes === minutes && dataset.until === until);
    picks.replaceChildren(...all.map(pick));
    choose(picks.children[wanted ? all.indexOf(wanted) : Math.floor((all.length - 1) / 2)]);
  }

  function pick({ dataset, innerHTML }) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "pick", innerHTML });
    button.querySelector(".unseen")?.remove();
    Object.assign(button.dataset, dataset.until ? { until: dataset.until } : { minutes: dataset.minutes });
    return button;
  }

  function choose(chosen) {
    for (const button of picks.children) button.setAttribute("aria-pressed", button === chosen);
    const { minutes, until } = chosen?.dataset ?? {};
    wish = { ...wish, minutes, until };
  }

  // A key that is hidden under the finger would take the keyboard with it.
  function show(step) {
    sheet.querySelectorAll("[data-part]").forEach((one) => (one.hidden = one.dataset.part !== step));
    sheet.querySelector("h2").focus();
  }

  function write(text) {
    who = null;
    letters = text.trimStart().slice(0, MOST_LETTERS);
    typed.textContent = letters;
    enter("");
    show("name");
    search();
  }

  // Only the answer to the letters that stand there counts.
  function search() {
    clearTimeout(pause);
    searching?.abort();
    list([]);
    if (letters.trim().length < FEWEST_LETTERS) return hint(words.type_name);
    searching = new AbortController();
    pause = setTimeout(ask, PAUSE, searching.signal);
  }

  async function ask(signal) {
    try {
      const either = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
      const answer = await fetch(`/api/v1/people?q=${encodeURIComponent(letters)}`, { cache: "no-store", signal: either });
      const { people: known } = await answer.json();
      if (signal.aborted) return;
      list(known);
      if (known.length > MOST_NAMES) hint(words.type_more);
      if (!known.length) hint(words.nobody);
    } catch {
      if (!signal.aborted) hint(words.failed);
    }
  }

  // An address is shown only where it tells two people of one name apart.
  function list(known) {
    found = known.slice(0, MOST_NAMES);
    const isDouble = ({ name }) => known.filter((other) => other.name === name).length > 1;
    people.replaceChildren(...found.map((one) => entry(one.name, isDouble(one) && one.email)));
  }

  function entry(name, address) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "person" });
    for (const [kind, text] of Object.entries({ b: name, small: address })) {
      if (!text) continue;
      const words = Object.assign(document.createElement("bdi"), { textContent: text });
      button.appendChild(document.createElement(kind)).append(words);
    }
    return button;
  }

  function hint(text) {
    people.append(Object.assign(document.createElement("p"), { className: "people__hint", textContent: text }));
  }

  function meet(one) {
    who = one;
    person.textContent = one.name;
    enter("");
    show("pin");
    settle(sheet, TWICE);
  }

  function enter(digits) {
    pin = digits.slice(0, MOST_DIGITS);
    said.textContent = "";
    dots.replaceChildren(...[...pin].map(() => document.createElement("i")));
    dots.dataset.hint = pin ? "" : words.type_pin;
    dots.setAttribute("aria-label", pin ? words.digits.replace("{count}", wording.number(pin.length)) : words.type_pin);
    signs.disabled = pin.length < FEWEST_DIGITS;
    if (who) Object.assign(signs.dataset, { act: wish.act, signed: "" });
  }

  const erase = () => (who ? enter(pin.slice(0, -1)) : write(letters.slice(0, -1)));

  function type(key) {
    if (who) return /^[0-9]$/.test(key) && enter(pin + key);
    if (/^[\p{L}\p{M}\p{N} @.'’-]$/u.test(key)) write(letters + key.toLocaleLowerCase(document.documentElement.lang));
  }

  // The PIN was wrong, or must rest: it is typed anew, by the same person or after Back by another.
  function refuse({ body, wait }) {
    enter("");
    const rested = words.pin_rests.replace("{time}", wording.time(now() + wait * 1000));
    said.textContent = wait ? rested : body.detail;
    dots.dataset.hint = "";
  }

  function forget() {
    if (!wish) return;
    searching?.abort();
    clearTimeout(pause);
    wish = who = null;
    letters = pin = "";
    found = [];
    for (const one of [typed, people, person, dots, said, picks, part("what"), signs]) one.replaceChildren();
    delete signs.dataset.act;
  }

  function swap() {
    sheet.querySelectorAll("[data-letters]").forEach((one) => (one.hidden = !one.hidden));
  }

  sheet.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button || button.closest("[data-sending]")) return;
    const { key, erase: erases, others, back } = button.dataset;
    if (key) type(key);
    else if (erases !== undefined) erase();
    else if (others !== undefined) swap();
    else if (back !== undefined) write(letters);
    else if (people.contains(button)) meet(found[[...people.querySelectorAll("button")].indexOf(button)]);
    else if (picks.contains(button)) choose(button);
  });

  // Where there is a keyboard after all.
  sheet.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOnButton = target.closest("button");
    if (key === "Backspace") erase();
    else if (key === "Enter" && !isOnButton) who ? signs.click() : found[0] && meet(found[0]);
    else if (key.length === 1 && !(key === " " && isOnButton)) type(key);
    else return;
    event.preventDefault();
  });
  sheet.addEventListener("close", forget);

  // What is asked for, and by whom: for the button that says yes.
  const signed = () => ({ ...wish, as: { person: who.email, pin } });

  return { open, refuse, signed };
}
