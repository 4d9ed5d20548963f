// What a tap does, at one room or at several beside each other: it is sent once, answered in its room, and undone.

import { settle } from "./hands.js";
import { fetched, load } from "./parts.js";
import { ask, closeSheets, isOpen, leaves } from "./sheet.js";
import { onGlass, pend, saidOf, send } from "./tap.js";

const UNDO = 10_000;
const TOLD = 5_000;
const IDLE = 30_000;
const BOOKS = ["book", "later"];
const UNDONE = [...BOOKS, "report"];
// A room is asked, in Google, before a person's booking of it is answered.
const ASKING = 30_000;
const ABOUT_PIN = ["wrong_pin", "pin_resting"];

// A meeting in two rooms has one id: every request says at which of them (`at`) it was made.
const about = (act) => ({ booking, at }) => ["POST", `bookings/${booking}/${act}`, { room: at }];
const until = ({ minutes, until }) => (minutes ? { minutes: Number(minutes) } : { until });
const book = ({ at, ...wish }) => ["POST", `rooms/${at}/bookings`, until(wish)];
const requests = {
  book,
  other: book,
  later: ({ at, start, minutes }) => ["POST", `rooms/${at}/bookings`, { start, minutes: Number(minutes) }],
  extend: ({ at, booking, ...wish }) => ["POST", `bookings/${booking}/extend`, { room: at, ...until(wish) }],
  end: about("end"),
  start: about("start"),
  "check-in": about("check-in"),
  report: ({ at, kind }) => ["POST", `rooms/${at}/problems`, { kind }],
  undo: ({ undo }) => ["DELETE", undo],
};

const pathOf = (act, { id }, at) => (act === "report" ? `rooms/${at}/problems/${id}` : `bookings/${id}?room=${at}`);

// `display` is what display.js answers; `opens[name](event)` opens a sheet, `elsewhere(answer, button)` hears what came
// of booking another room. A room's part of the page is the element with its `data-room`, or the whole of it.
export function listen(main, { display, opens = {}, elsewhere }) {
  const asking = main.querySelector("[data-sheet=ask]");
  const boxes = [...main.querySelectorAll("[data-room]")];
  const hiding = new Map();
  const sending = new Set();
  let idling;
  let name;

  const roomAt = (element) => element.closest("[data-room]")?.dataset.room ?? main.dataset.slug;
  const boxOf = (slug) => boxes.find((box) => box.dataset.room === slug) ?? main;
  const messageIn = (box) => box.querySelector("[data-message]");
  const messages = [...main.querySelectorAll("[data-message]")];

  const nameSheet = fetched(async () => {
    const { nameSheet } = await load("./name.js");
    return nameSheet(main.querySelector("[data-sheet=name]"), {
      choices: (at) => boxOf(at).querySelectorAll("[data-slot=actions] [data-act=book]"),
      now: display.now,
      wording: display.wording,
      words: display.words,
    });
  });

  async function act(button) {
    button.dataset.at ??= roomAt(button);
    const signed = "signed" in button.dataset && name.signed();
    const wish = signed || button.dataset;
    const { at, act: kind } = wish;
    const box = boxOf(at);
    const isFocused = button.matches(":focus");
    if (sending.has(box)) return;
    if (button.dataset.ask) return ask(asking, button);
    const [method, path, body] = requests[kind](wish);
    sending.add(box);
    const { version } = main.dataset;
    const end = pend(button, box);
    const answer = await (signed ? send(method, path, { ...body, as: signed.as }, ASKING) : send(method, path, body));
    if (answer.ok && kind !== "other") await onGlass(main, version, display.link);
    end();
    sending.delete(box);
    settle(box);
    stay();
    if (isOpen() && signed && ABOUT_PIN.includes(answer.body?.reason)) return name.refuse(answer);
    if (kind === "other") elsewhere(answer, button.dataset);
    else {
      closeSheets();
      tell(box, answer, kind, !signed && at);
      if (isFocused) follow(box);
    }
    if (display.link.isDead()) display.link.fetchAnew();
  }

  // Whoever must say who they are is asked that first.
  async function sign(button) {
    button.dataset.at ??= roomAt(button);
    if (sending.has(boxOf(button.dataset.at))) return;
    closeSheets();
    try {
      name = await nameSheet();
      name.open(button);
    } catch {
      say(display.words.failed, { box: boxOf(button.dataset.at), ok: false });
    }
  }

  // Where the button that was pressed is gone, what takes it back is next for a keyboard.
  function follow(box) {
    if (document.activeElement === document.body) messageIn(box).querySelector("button:not([hidden])")?.focus();
  }

  function tell(box, answer, act, at) {
    const { ok, body } = answer;
    const { words } = display;
    const rooms = body?.alternatives?.map((other) => other.name) ?? [];
    const free = act === "later" ? words.free_then : words.free_now;
    const listed =
      rooms.length && free.replace("{rooms}", new Intl.ListFormat(document.documentElement.lang).format(rooms));
    const undo = ok && at && UNDONE.includes(act) && body?.id && !body.known && pathOf(act, body, at);
    say([saidOf(answer, words), listed].filter(Boolean).join("\n"), { box, ok, undo });
  }

  // Tells in a room's part what came of a tap; `undo` is the path by which it can be taken back.
  function say(words, { box = main, ok = true, undo = "" } = {}) {
    const message = messageIn(box);
    const button = message.querySelector("[data-act=undo]");
    message.querySelector("[data-message-text]").textContent = words;
    button.hidden = !undo;
    button.dataset.undo = undo || "";
    message.hidden = false;
    clearTimeout(hiding.get(message));
    hiding.set(message, setTimeout(hide, !ok ? IDLE : undo ? UNDO : TOLD, message));
  }

  // A hand that is on its way keeps the button it is going to.
  function hide(message) {
    const box = message.closest("[data-room]") ?? main;
    if (sending.has(box) || message.hidden) return;
    message.hidden = true;
    settle(box);
  }

  function rest() {
    if (!sending.size) closeSheets();
    messages.forEach(hide);
    document.activeElement?.blur();
  }

  function stay() {
    clearTimeout(idling);
    idling = setTimeout(rest, IDLE);
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
    const opening = Object.keys(opens).find((one) => event.target.closest?.(`[data-open=${one}], [data-opens=${one}]`));
    if (button?.matches("[data-named]")) sign(button);
    else if (button) act(button);
    else if (opening) sending.size || opens[opening](event);
    else if (event.target.closest("dialog") && leaves(event.target) && !sending.size) closeSheets();
  });
  for (const message of messages) message.addEventListener("click", (event) => pressable(event) || hide(message));

  return { say, isIdle: () => !sending.size && messages.every((message) => message.hidden) && !isOpen() };
}
