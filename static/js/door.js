// The door: its slots, and what a tap does.

import { start } from "./display.js";
import { laterSheet } from "./later.js";
import { nameSheet } from "./name.js";
import { ask, closeSheets, isOpen, leaves } from "./sheet.js";
import { send } from "./tap.js";

const UNDO = 10_000;
const IDLE = 30_000;
const BOOKS = ["book", "later"];
// A room is asked, in Google, before a person's booking of it is answered.
const ASKING = 30_000;
const ABOUT_PIN = ["wrong_pin", "pin_resting"];

const main = document.querySelector("main[data-display]");
const message = main.querySelector("[data-message]");
const text = main.querySelector("[data-message-text]");
const undo = main.querySelector("[data-act=undo]");
const timeline = main.querySelector("[data-slot=timeline]");
const asking = main.querySelector("[data-sheet=ask]");
const actions = main.querySelector("[data-slot=actions]");
const room = main.dataset.slug;
const html = new Map();
let sending = null;
let hiding;
let idling;
let later;
let code;

function place(_slug, scene, parts) {
  main.dataset.status = scene.status;
  for (const [slot, part] of Object.entries(scene.slots)) {
    if (html.get(slot) === parts[part]) continue;
    html.set(slot, parts[part]);
    main.querySelector(`[data-slot=${slot}]`).innerHTML = parts[part];
    if (slot === "timeline") later?.renew();
  }
  code?.renew();
}

// What the server drew already is not drawn again.
const drawn = JSON.parse(document.getElementById("view").textContent);
for (const { scenes, parts } of Object.values(drawn.tracks)) {
  Object.entries(scenes[0].slots).forEach(([slot, part]) => html.set(slot, parts[part]));
}

const display = start({ place, isIdle: () => !sending && message.hidden && !isOpen() });

import("./code.js").then(({ keepFresh }) => (code = keepFresh(main.querySelector("[data-code]"), room, display.now)));

later = laterSheet(main.querySelector("[data-sheet=later]"), {
  free: () => timeline.querySelector("[data-later]"),
  now: display.now,
  wording: display.wording,
  words: display.words,
});

const name = nameSheet(main.querySelector("[data-sheet=name]"), {
  choices: () => actions.querySelectorAll("[data-act=book]"),
  now: display.now,
  wording: display.wording,
  words: display.words,
});

// A meeting in two rooms has one id: every request says at which of them it was made.
const about = (act) => ({ booking }) => ["POST", `bookings/${booking}/${act}`, { room }];
const until = ({ minutes, until }) => (minutes ? { minutes: Number(minutes) } : { until });
const requests = {
  book: (wish) => ["POST", `rooms/${room}/bookings`, until(wish)],
  later: ({ start, minutes }) => ["POST", `rooms/${room}/bookings`, { start, minutes: Number(minutes) }],
  extend: (wish) => ["POST", `bookings/${wish.booking}/extend`, { room, ...until(wish) }],
  end: about("end"),
  start: about("start"),
  "check-in": about("check-in"),
  undo: ({ booking }) => ["DELETE", `bookings/${booking}?room=${room}`],
};

async function act(button) {
  if (sending) return;
  if (button.dataset.ask) return ask(asking, button);
  const signed = "signed" in button.dataset && name.signed();
  const { act: kind } = button.dataset;
  const [method, path, body] = requests[kind](signed || button.dataset);
  sending = button;
  const pending = wait(button);
  const answer = await (signed ? send(method, path, { ...body, as: signed.as }, ASKING) : send(method, path, body));
  pending.remove();
  button.removeAttribute("data-sending");
  delete main.dataset.sending;
  sending = null;
  stay();
  if (isOpen() && signed && ABOUT_PIN.includes(answer.body?.reason)) return name.refuse(answer);
  closeSheets();
  tell(answer, kind, !signed);
  if (display.link.isDead()) display.link.fetchAnew();
}

// Whoever must say who they are is asked that first.
function sign(button) {
  if (sending) return;
  closeSheets();
  name.open(button);
}

function wait(button) {
  const pending = document.createElement("b");
  pending.className = "act__pending";
  pending.textContent = button.dataset.pending;
  button.append(pending);
  button.dataset.sending = main.dataset.sending = "";
  return pending;
}

function tell({ ok, body, reached }, act, canUndo) {
  const { words } = display;
  const rooms = body?.alternatives?.map((other) => other.name) ?? [];
  const free = act === "later" ? words.free_then : words.free_now;
  const listed =
    rooms.length && free.replace("{rooms}", new Intl.ListFormat(document.documentElement.lang).format(rooms));
  const said = body?.message ?? body?.detail ?? (reached ? words.failed : words.unanswered);
  say([said, listed].filter(Boolean).join("\n"), ok ? UNDO : IDLE, canUndo && BOOKS.includes(act) && body?.id);
}

function say(words, time, booking = "") {
  text.textContent = words;
  undo.hidden = !booking;
  undo.dataset.booking = booking || "";
  message.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(hide, time);
}

// A hand that is on its way keeps the button it is going to.
function hide() {
  if (!sending) message.hidden = true;
}

function rest() {
  if (!sending) closeSheets();
  hide();
  document.activeElement?.blur();
}

function stay() {
  clearTimeout(idling);
  idling = setTimeout(rest, IDLE);
}

// The moment of the day that was touched; without a touch, such as from a keyboard, the first that is free.
function touched(event) {
  const strip = event.target.closest("[data-start][data-end]");
  if (!strip) return undefined;
  const { left, width } = strip.getBoundingClientRect();
  const along = (event.clientX - left) / width;
  const part = getComputedStyle(strip).direction === "rtl" ? 1 - along : along;
  const [from, to] = [Date.parse(strip.dataset.start), Date.parse(strip.dataset.end)];
  return from + part * (to - from);
}

function bookLater(event) {
  if (sending || !timeline.querySelector("[data-later]")) return;
  if (!later.open(touched(event))) say(display.words.none_later, UNDO);
}

const pressable = (event) => event.target.closest?.("button");
const release = () =>
  main.querySelectorAll("[data-pressed]").forEach((button) => button.removeAttribute("data-pressed"));

main.addEventListener("pointerdown", (event) => {
  pressable(event)?.setAttribute("data-pressed", "");
  display.link.touch();
  stay();
});
main.addEventListener("keydown", stay);
for (const event of ["pointerup", "pointercancel", "pointerleave"]) main.addEventListener(event, release);
main.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-act], [data-named]");
  if (button?.matches("[data-named]")) sign(button);
  else if (button) act(button);
  else if (timeline.contains(event.target)) bookLater(event);
  else if (event.target.closest("dialog") && leaves(event.target) && !sending) closeSheets();
});
message.addEventListener("click", (event) => pressable(event) || hide());
