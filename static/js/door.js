// The door: its slots, and the sheets it opens.

import { start } from "./display.js";
import { fetched, getPart, load } from "./parts.js";
import { openReport } from "./sheet.js";
import { slots } from "./slots.js";
import { listen } from "./taps.js";

const main = document.querySelector("main[data-display]");
const room = main.dataset.slug;
const drawn = JSON.parse(document.getElementById("view").textContent);
const draw = slots(main, drawn.tracks[room]);
let later;
let code;
let taps;

function place(_slug, scene, parts) {
  main.dataset.status = scene.status;
  const changed = draw(scene, parts);
  if (changed.includes("timeline") || changed.includes("later")) later?.renew();
  code?.renew();
}

const display = start({ place, isIdle: () => taps?.isIdle() ?? true });
const { now, wording, words } = display;

getPart("./code.js").then(({ keepFresh }) => (code = keepFresh(main.querySelector("[data-code]"), room, now)));

const laterSheet = fetched(async () => {
  const { laterSheet } = await load("./later.js");
  later = laterSheet(main, display);
});

taps = listen(main, {
  display,
  opens: { later: bookLater, other: findOther, report },
  elsewhere: async (answer, wish) => (await other()).told(answer, wish),
});

async function bookLater(event) {
  try {
    await laterSheet();
    if (main.querySelector("[data-terms]") && !later.open(event)) taps.say(words.none_later);
  } catch {
    taps.say(words.failed, { ok: false });
  }
}

const other = fetched(async () => {
  const { otherSheet } = await load("./other.js");
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
