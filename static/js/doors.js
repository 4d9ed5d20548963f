// The doors of two or three rooms on one screen, each in a part of its own.

import { start } from "./display.js";
import { slots } from "./slots.js";
import { listen } from "./taps.js";

const main = document.querySelector("main[data-display]");
const { tracks } = JSON.parse(document.getElementById("view").textContent);
const boxes = new Map(Array.from(main.querySelectorAll("[data-room]"), (box) => [box.dataset.room, box]));
const draws = new Map(Array.from(boxes, ([slug, box]) => [slug, slots(box, tracks[slug])]));
let taps;

function place(slug, scene, parts) {
  if (!boxes.has(slug) || !scene) return;
  boxes.get(slug).dataset.status = scene.status;
  draws.get(slug)(scene, parts);
}

function aged(ageOf) {
  for (const [slug, box] of boxes) {
    const age = ageOf(slug);
    const line = box.querySelector("[data-age]");
    if (line.textContent !== age) line.textContent = age;
  }
}

const display = start({ place, aged, isIdle: () => taps?.isIdle() ?? true });
taps = listen(main, { display });
