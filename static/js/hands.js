// Whether somebody touches the screen, or has done so just now.

// So soon after something has come under a finger, a touch was meant for what was there before.
const SETTLING = 700;
// A finger that goes on tapping where it did is waited for, but no longer than this.
const LONGEST = 2_000;
const NEAR = 60;

let isDown = false;
let touched = -Infinity;
let last;
// By part of the page; parts live as long as the page does.
const settling = new Map();

function touch(event) {
  isDown = event.type === "pointerdown" || (isDown && event.type === "keydown");
  touched = performance.now();
  if (event.type !== "pointerdown") return;
  for (const [box, one] of settling) goOn(box, one, event);
  last = { x: event.clientX, y: event.clientY };
}

function goOn(box, { place, began, rest }, { clientX, clientY }) {
  if (rest.playState !== "running") return;
  const isThere = place && Math.hypot(place.x - clientX, place.y - clientY) < NEAR;
  if (isThere && document.timeline.currentTime - began < LONGEST) keepStill(box, { place, began }, SETTLING);
}

for (const event of ["pointerdown", "pointerup", "pointercancel", "keydown"])
  addEventListener(event, touch, { capture: true, passive: true });

// Nobody has touched the screen for so many milliseconds.
export const isQuiet = (time) => !isDown && performance.now() - touched > time;

// Lets nothing in a part of the page be touched for a moment, since other things are to be touched there now than a moment
// ago. An animation keeps time by itself, whatever else the page does.
export function settle(box = document.body, time = SETTLING) {
  keepStill(box, { place: last, began: document.timeline.currentTime }, time);
}

function keepStill(box, one, time) {
  const rest = settling.get(box)?.rest ?? box.animate({ pointerEvents: ["none", "none"] }, SETTLING);
  rest.currentTime = SETTLING - time;
  rest.play();
  settling.set(box, { ...one, rest });
}
