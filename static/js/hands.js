// Whether somebody touches the screen, or has done so just now.

// So soon after something has come under a finger, a touch was meant for what was there before.
const SETTLING = 800;

let isDown = false;
let touched = -Infinity;
let settling;

function touch(event) {
  isDown = event.type === "pointerdown" || (isDown && event.type === "keydown");
  touched = performance.now();
  if (event.type === "pointerdown" && settling?.playState === "running") settle();
}

for (const event of ["pointerdown", "pointerup", "pointercancel", "keydown"])
  addEventListener(event, touch, { capture: true, passive: true });

// Nobody has touched the screen for so many milliseconds.
export const isQuiet = (time) => !isDown && performance.now() - touched > time;

// Lets nothing be touched for a moment, or for as long as a finger goes on tapping, since other things are to be touched
// now than a moment ago. An animation keeps time by itself, whatever else the page does.
export function settle() {
  settling?.cancel();
  settling = document.body.animate({ pointerEvents: ["none", "none"] }, SETTLING);
}
