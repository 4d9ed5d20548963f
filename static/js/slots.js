// The parts of a room's picture, each in a slot of the page: only what has changed is drawn again.

import { settle } from "./hands.js";

// `box` holds the slots of one room, `track` what the server has drawn into them. Answers what draws a scene and says
// which slots are other than before.
export function slots(box, { scenes: [first], parts: drawn }) {
  const places = new Map(Array.from(box.querySelectorAll("[data-slot]"), (place) => [place.dataset.slot, place]));
  const html = new Map(Object.entries(first.slots).map(([slot, part]) => [slot, drawn[part]]));
  let shown;

  return function draw(scene, parts) {
    const changed = Object.keys(scene.slots).filter((slot) => html.get(slot) !== parts[scene.slots[slot]]);
    for (const slot of changed) {
      html.set(slot, parts[scene.slots[slot]]);
      places.get(slot).innerHTML = html.get(slot);
    }
    // Another language offers the same.
    if (changed.includes("actions") && scene !== shown) settle(box);
    shown = scene;
    return changed;
  };
}
