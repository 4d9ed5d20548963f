// The doors of two or three rooms on one screen, each in a part of its own.

import { start } from "./display.js";
import { settle } from "./hands.js";
import { listen } from "./taps.js";

const main = document.querySelector("main[data-display]");
const boxes = new Map([...main.querySelectorAll("[data-room]")].map((box) => [box.dataset.room, box]));
const html = new Map();
const shown = new Map();
let taps;

function place(slug, scene, parts) {
  const box = boxes.get(slug);
  if (!box || !scene) return;
  box.dataset.status = scene.status;
  for (const [slot, part] of Object.entries(scene.slots)) {
    const key = `${slug} ${slot}`;
    if (html.get(key) === parts[part]) continue;
    html.set(key, parts[part]);
    box.querySelector(`[data-slot=${slot}]`).innerHTML = parts[part];
    // Another language offers the same.
    if (slot === "actions" && scene !== shown.get(slug)) settle(box);
  }
  shown.set(slug, scene);
}

function aged(ageOf) {
  for (const [slug, box] of boxes) {
    const age = ageOf(slug);
    const line = box.querySelector("[data-age]");
    if (line.textContent !== age) line.textContent = age;
  }
}

const drawn = JSON.parse(document.getElementById("view").textContent);
for (const [slug, { scenes, parts }] of Object.entries(drawn.tracks))
  for (const [slot, part] of Object.entries(scenes[0].slots)) html.set(`${slug} ${slot}`, parts[part]);

const display = start({ place, aged, isIdle: () => taps?.isIdle() ?? true });
taps = listen(main, { display });
