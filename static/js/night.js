// The screen by night: dark and dimmed while its scenes say so, and awake for a minute after every touch.

import { settle } from "./hands.js";

const AWAKE = 60_000;

// `woken()` hears of every touch by night.
export function nightLight(woken) {
  const root = document.documentElement;
  let asleepFrom = -Infinity;
  let isNight = false;
  let swallows = false;
  let theme;

  const isDim = () => root.hasAttribute("data-night");

  function dim() {
    theme = root.dataset.theme;
    root.dataset.theme = "dark";
    root.dataset.night = "";
  }

  function brighten() {
    if (theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = theme;
    delete root.dataset.night;
  }

  // What is meant for everybody at any hour is never dimmed.
  const isUrgent = () => Boolean(document.querySelector("[data-emergency][open]"));

  // Brings the light up to date; answers after how many milliseconds to do so again. `busy`: not just now.
  function refresh(night, busy) {
    isNight = night;
    const wait = asleepFrom - performance.now();
    const dark = night && wait <= 0 && !busy && !isUrgent();
    if (dark !== isDim()) (dark ? dim : brighten)();
    return night && wait > 0 ? wait : Infinity;
  }

  function wake(event) {
    asleepFrom = performance.now() + AWAKE;
    // What is hardly seen is not meant: the touch that wakes does nothing else.
    swallows = isDim() && event.type === "pointerdown";
    if (swallows) settle();
    if (isDim()) brighten();
    if (isNight) woken();
  }

  function swallow(event) {
    if (!swallows) return;
    swallows = false;
    event.stopImmediatePropagation();
    event.preventDefault();
  }

  for (const event of ["pointerdown", "keydown"]) addEventListener(event, wake, { capture: true });
  addEventListener("click", swallow, { capture: true });
  return { refresh };
}
