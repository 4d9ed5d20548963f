// The door: its slots, and the sheets it opens.

import { start } from "./display.js";
import { settle } from "./hands.js";
import { fetched, openReport } from "./sheet.js";
import { listen } from "./taps.js";

const main = document.querySelector("main[data-display]");
const room = main.dataset.slug;
const places = new Map(Array.from(main.querySelectorAll("[data-slot]"), (place) => [place.dataset.slot, place]));
const timeline = places.get("timeline");
const html = new Map();
let shown;
let later;
let code;
let taps;

function place(_slug, scene, parts) {
  main.dataset.status = scene.status;
  for (const [slot, part] of Object.entries(scene.slots)) {
    if (html.get(slot) === parts[part]) continue;
    html.set(slot, parts[part]);
    places.get(slot).innerHTML = parts[part];
    if (slot === "timeline") later?.renew();
    // Another language offers the same.
    if (slot === "actions" && scene !== shown) settle();
  }
  shown = scene;
  code?.renew();
}

// What the server drew already is not drawn again.
const drawn = JSON.parse(document.getElementById("view").textContent);
for (const { scenes, parts } of Object.values(drawn.tracks)) {
  Object.entries(scenes[0].slots).forEach(([slot, part]) => html.set(slot, parts[part]));
}

const display = start({ place, isIdle: () => taps?.isIdle() ?? true });
const { now, wording, words } = display;

import("./code.js").then(({ keepFresh }) => (code = keepFresh(main.querySelector("[data-code]"), room, now)));

const free = () => timeline.querySelector("[data-later]");

const laterSheet = fetched(async () => {
  const { laterSheet } = await import("./later.js");
  later = laterSheet(main.querySelector("[data-sheet=later]"), { free, now, wording, words });
});

taps = listen(main, {
  display,
  opens: { later: bookLater, other: findOther, report },
  elsewhere: async (answer, wish) => (await other()).told(answer, wish),
});

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

async function bookLater(event) {
  const wanted = touched(event);
  try {
    await laterSheet();
    if (free() && !later.open(wanted)) taps.say(words.none_later);
  } catch {
    taps.say(words.failed, { ok: false });
  }
}

const other = fetched(async () => {
  const { otherSheet } = await import("./other.js");
  const sheet = main.querySelector("[data-sheet=other]");
  return otherSheet(sheet, { room, say: (...said) => taps.say(...said), words, wording });
});

async function findOther() {
  try {
    (await other()).open();
  } catch {
    taps.say(words.others_away, { ok: false });
  }
}

function report() {
  const button = main.querySelector("[data-open=report]");
  if (button) openReport(main.querySelector("[data-sheet=report]"), button);
}
