// Nothing a hand can do leads out of the page: no menu, selection, dragging, zoom, way back, or shortcut of the browser.

const KEYS = ["F1", "F3", "F6", "F7", "F10", "F11", "F12", "BrowserBack", "BrowserForward", "BrowserHome"];
const RELOAD = ["r", "R", "F5"];
const SIDE_BUTTONS = [1, 3, 4];

const refuse = (event) => event.preventDefault();

// Letters that a keyboard makes with AltGr are letters; to load the page anew does no harm.
function isShortcut(event) {
  if (event.getModifierState("AltGraph") || RELOAD.includes(event.key)) return false;
  return event.ctrlKey || event.metaKey || event.altKey || KEYS.includes(event.key);
}

export function keepInside() {
  for (const event of ["contextmenu", "dragstart", "dragover", "drop", "selectstart", "gesturestart"])
    addEventListener(event, refuse);
  addEventListener("wheel", (event) => event.ctrlKey && refuse(event), { passive: false });
  addEventListener("touchmove", (event) => event.touches.length > 1 && refuse(event), { passive: false });
  addEventListener("keydown", (event) => isShortcut(event) && refuse(event));
  for (const event of ["mousedown", "mouseup", "auxclick"])
    addEventListener(event, (pressed) => SIDE_BUTTONS.includes(pressed.button) && refuse(pressed));
}
