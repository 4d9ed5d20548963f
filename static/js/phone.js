// A room on a phone: its scenes as its door has them, and booking in the name of whoever has signed in.

import { start } from "./display.js";
import { settle } from "./hands.js";
import { laterSheet, termsIn } from "./later.js";
import { closeSheets, isOpen, leaves, openReport } from "./sheet.js";
import { slots } from "./slots.js";
import { onGlass, pend, saidOf, send } from "./tap.js";

const UNDO = 10_000;
const LONG = 60_000;
// A room is asked, in Google, before a person's booking of it is answered.
const ASKING = 30_000;
const PATIENCE = 5_000;
const USUAL = "30";

const main = document.querySelector("main[data-display]");
const part = (name) => main.querySelector(`[data-${name}]`);
const [message, text, others, mine, form] = ["message", "message-text", "others", "mine", "book"].map(part);
const glass = main.querySelector(".glass");
const undo = main.querySelector("[data-act=undo]");
const timeline = main.querySelector(".timeline");
const actions = main.querySelector("[data-slot=actions]");
const room = main.dataset.slug;
const isSigned = "signed" in main.dataset;
let sending = null;
let wanted = USUAL;
let later;
let hiding;
let listed;
let display;

const lengthOf = ({ dataset }) => dataset.minutes ?? dataset.until;
const picks = () => [...actions.querySelectorAll(".pick")];
const chosen = () => picks().find((pick) => pick.getAttribute("aria-pressed") === "true");
const typed = (within) => within.querySelector("[name=title]").value.trim();

const drawn = JSON.parse(document.getElementById("view").textContent);
const draw = slots(main, drawn.tracks[room]);

function place(_slug, scene, parts) {
  if (!scene) return;
  glass.dataset.status = scene.status;
  const changed = draw(scene, parts);
  if (changed.includes("timeline") || changed.includes("later")) later?.renew();
  if (changed.includes("actions")) choose();
  if (display) listMine();
}

choose();

display = start({ place, isIdle: () => !sending && message.hidden && !isOpen() && !typed(form), isKiosk: false });

later = laterSheet(main, display);

// The length that was wanted before, the usual one, or the longest that is left.
function choose(length = wanted) {
  wanted = length;
  const all = picks();
  const fitting = all.find((pick) => lengthOf(pick) === length) ?? all.at(-1);
  for (const pick of all) pick.setAttribute("aria-pressed", pick === fitting);
}

const titled = (body, within) => (typed(within) ? { ...body, title: typed(within) } : body);
const until = ({ minutes, until }) => (minutes ? { minutes: Number(minutes) } : { until });
const sheet = main.querySelector("[data-sheet=later]");
const about = (act) => ({ booking }) => ["POST", `bookings/${encodeURIComponent(booking)}/${act}`, { room }];
const takeBack = ({ booking }) => ["DELETE", `bookings/${encodeURIComponent(booking)}?room=${room}`];
const requests = {
  book: () => ["POST", `rooms/${room}/bookings`, titled(until(chosen().dataset), form)],
  later: ({ start, minutes }) => ["POST", `rooms/${room}/bookings`, titled({ start, minutes: Number(minutes) }, sheet)],
  extend: (wish) => ["POST", `bookings/${encodeURIComponent(wish.booking)}/extend`, { room, ...until(wish) }],
  end: about("end"),
  start: about("start"),
  release: about("release"),
  "check-in": about("check-in"),
  cancel: takeBack,
  report: ({ kind }) => ["POST", `rooms/${room}/problems`, { kind }],
  undo: ({ undo }) => ["DELETE", undo],
};
const BOOKS = ["book", "later"];

async function act(button) {
  const { act: kind } = button.dataset;
  if (sending || (kind === "book" && !chosen())) return;
  sending = button;
  const { version } = main.dataset;
  const end = pend(button, main);
  const answer = await send(...requests[kind](button.dataset), isSigned ? ASKING : undefined);
  if (answer.ok) await onGlass(main, version, display.link);
  end();
  sending = null;
  settle();
  closeSheets();
  tell(answer, kind);
  if (answer.ok && BOOKS.includes(kind)) for (const field of main.querySelectorAll("[name=title]")) field.value = "";
  if (!answer.ok || display.link.isDead()) display.link.fetchAnew();
  listMine();
}

// By which path what was done can be taken back, if it can.
function wayBack(kind, body) {
  if (!body?.id || body.known) return "";
  if (kind === "report") return `rooms/${room}/problems/${body.id}`;
  return BOOKS.includes(kind) ? `bookings/${encodeURIComponent(body.id)}?room=${room}` : "";
}

function tell(answer, kind) {
  const { ok, body } = answer;
  const { words } = display;
  list(body?.alternatives ?? [], kind === "later" ? words.free_then : words.free_now);
  say(saidOf(answer, words), ok ? UNDO : LONG, ok ? wayBack(kind, body) : "");
}

function say(words, time, way = "") {
  text.textContent = words;
  undo.hidden = !way;
  undo.dataset.undo = way;
  message.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(hush, time);
}

function hush() {
  if (!sending) message.hidden = true;
}

// Other rooms that are free; who has signed in may go there at once.
function list(rooms, heading) {
  others.replaceChildren(...rooms.map(entry));
  others.setAttribute("aria-label", heading.replace("{rooms}", "").replace(/[\s:]+$/, ""));
}

function entry({ room: slug, name, building, floor, until }) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement(isSigned ? "a" : "b"), { textContent: name });
  if (isSigned) link.href = `/phone/${encodeURIComponent(slug)}`;
  const time = until && display.words.until.replace("{time}", display.wording.time(Date.parse(until)));
  const where = Object.assign(document.createElement("small"), {
    textContent: [floor, building, time].filter(Boolean).join(" · "),
  });
  item.append(link, " ", where);
  return item;
}

async function findOther() {
  const { words } = display;
  const answer = await fetch(`/api/v1/rooms/${room}/alternatives`, {
    cache: "no-store",
    headers: { "Accept-Language": document.documentElement.lang },
    signal: AbortSignal.timeout(PATIENCE),
  }).catch(() => null);
  if (!answer?.ok) {
    list([], "");
    return say(answer ? words.failed : words.unanswered, LONG);
  }
  const { alternatives } = await answer.json();
  list(alternatives, words.free_now);
  say(alternatives.length ? words.free_now.replace(/[\s:：]*\{rooms\}/, "") : words.none_free, LONG);
}

// Somebody's own bookings come by themselves: scenes are the same for everybody.
async function listMine() {
  if (!isSigned || sending) return;
  const answer = await fetch(`/phone/${room}/mine`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).catch(
    () => null,
  );
  const html = answer?.ok ? await answer.text() : listed;
  if (sending || html === listed) return;
  mine.innerHTML = listed = html;
  settle();
}

function bookLater(event) {
  const terms = termsIn(main);
  if (sending || !terms || (!isSigned && terms.dataset.names === "person")) return;
  list([], "");
  if (!later.open(event)) say(display.words.none_later, UNDO);
}

main.addEventListener("pointerdown", () => display.link.touch());
main.addEventListener("submit", (event) => {
  if (event.target !== form) return;
  event.preventDefault();
  act(main.querySelector("[data-act=book]"));
});
main.addEventListener("click", (event) => {
  const { target } = event;
  const button = target.closest("button");
  if (button?.matches("[data-act]")) act(button);
  else if (button?.matches("[data-other]")) findOther();
  else if (button?.matches("[data-open=report]")) openReport(main.querySelector("[data-sheet=report]"), button);
  else if (button?.matches("[data-hush]")) hush();
  else if (button && actions.contains(button)) choose(lengthOf(button));
  else if (timeline.contains(target)) bookLater(event);
  else if (target.closest("dialog") && leaves(target) && !sending) closeSheets();
});
