// Whether somebody touches the screen, or has done so just now.

let isDown = false;
let touched = -Infinity;

function touch(event) {
  isDown = event.type === "pointerdown" || (isDown && event.type === "keydown");
  touched = performance.now();
}

for (const event of ["pointerdown", "pointerup", "pointercancel", "keydown"])
  addEventListener(event, touch, { capture: true, passive: true });

// Nobody has touched the screen for so many milliseconds.
export const isQuiet = (time) => !isDown && performance.now() - touched > time;
