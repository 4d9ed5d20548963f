// The door: its five slots, and what a tap does.

import { start } from "./display.js";
import { send } from "./tap.js";

const UNDO = 10_000;
const IDLE = 30_000;

const main = document.querySelector("main[data-display]");
const message = main.querySelector("[data-message]");
const text = main.querySelector("[data-message-text]");
const undo = main.querySelector("[data-act=undo]");
const html = new Map();
let sending = null;
let hiding;
let idling;

function place(_slug, scene, parts) {
  main.dataset.status = scene.status;
  for (const [slot, part] of Object.entries(scene.slots)) {
    if (html.get(slot) === parts[part]) continue;
    html.set(slot, parts[part]);
    main.querySelector(`[data-slot=${slot}]`).innerHTML = parts[part];
  }
}

// What the server drew already is not drawn again.
const drawn = JSON.parse(document.getElementById("view").textContent);
for (const { scenes, parts } of Object.values(drawn.tracks)) {
  Object.entries(scenes[0].slots).forEach(([slot, part]) => html.set(slot, parts[part]));
}

const display = start({ place, isIdle: () => !sending && message.hidden });

const requests = {
  book: ({ minutes, until }) => [
    "POST",
    `rooms/${main.dataset.slug}/bookings`,
    minutes ? { minutes: Number(minutes) } : { until },
  ],
  end: ({ booking }) => ["POST", `bookings/${booking}/end`, {}],
  undo: ({ booking }) => ["DELETE", `bookings/${booking}`],
};

async function act(button) {
  if (sending) return;
  const request = requests[button.dataset.act](button.dataset);
  sending = button;
  const pending = wait(button);
  const answer = await send(...request);
  pending.remove();
  button.removeAttribute("data-sending");
  delete main.dataset.sending;
  sending = null;
  tell(answer, button.dataset.act === "book");
  if (display.link.isDead()) display.link.fetchAnew();
}

function wait(button) {
  const pending = document.createElement("b");
  pending.className = "act__pending";
  pending.textContent = button.dataset.pending;
  button.append(pending);
  button.dataset.sending = main.dataset.sending = "";
  return pending;
}

function tell({ ok, body, reached }, canUndo) {
  const { words } = display;
  const rooms = body?.alternatives?.map((other) => other.name) ?? [];
  const listed =
    rooms.length && words.free_now.replace("{rooms}", new Intl.ListFormat(document.documentElement.lang).format(rooms));
  const said = body?.message ?? body?.detail ?? (reached ? words.failed : words.unanswered);
  text.textContent = [said, listed].filter(Boolean).join("\n");
  undo.hidden = !(canUndo && body?.id);
  undo.dataset.booking = body?.id ?? "";
  message.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(hide, ok ? UNDO : IDLE);
}

// A hand that is on its way keeps the button it is going to.
function hide() {
  if (!sending) message.hidden = true;
}

function rest() {
  hide();
  document.activeElement?.blur();
}

const buttonOf = (event) => event.target.closest?.("[data-act]");
const release = () =>
  main.querySelectorAll("[data-pressed]").forEach((button) => button.removeAttribute("data-pressed"));

main.addEventListener("pointerdown", (event) => {
  buttonOf(event)?.setAttribute("data-pressed", "");
  display.link.touch();
  clearTimeout(idling);
  idling = setTimeout(rest, IDLE);
});
for (const event of ["pointerup", "pointercancel", "pointerleave"]) main.addEventListener(event, release);
main.addEventListener("click", (event) => buttonOf(event) && act(buttonOf(event)));
message.addEventListener("click", (event) => buttonOf(event) || hide());
