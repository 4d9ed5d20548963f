// Against burn-in the picture moves by a few pixels every few minutes: as a whole, so that nothing on it changes.

const EVERY = 4 * 60_000;
const SMALLEST = 480;
const PATH = [
  [0, 0],
  [2, 1],
  [3, -1],
  [1, -3],
  [-1, -2],
  [-3, -1],
  [-2, 2],
  [0, 3],
];

export function drift(main) {
  let step = 0;
  let due = performance.now() + EVERY;

  // Moves on when it is time and nobody is about to touch.
  return function move(isResting) {
    if (performance.now() < due || !isResting) return;
    due = performance.now() + EVERY;
    step = (step + 1) % PATH.length;
    const unit = Math.max(1, Math.round(Math.min(innerWidth, innerHeight) / SMALLEST));
    main.style.translate = PATH[step].map((part) => `${part * unit}px`).join(" ");
  };
}
