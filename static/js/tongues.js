// A display for visitors turns between two languages while nobody touches it: whoever does keeps the one on the glass.

const TURN = 12_000;
const REST = 30_000;
const FADE = 300;

// `second` holds the display's fixed words in the other language; `words` are the script's own. `speak(language, other)`
// draws all else in a language, `other` telling whether it is the second.
export function turnBetween({ main, second, words, isIdle, speak }) {
  const page = document.documentElement;
  const texts = [{ ...words }, JSON.parse(second.content.getElementById("words").textContent)];
  const tongues = [page, second].map(({ lang, dir }) => ({ lang, dir }));
  const told = document.querySelector("[data-notice]");
  const pairs = [main, told].map((one) => [one, second.content.querySelector(one.localName)]);
  const swaps = pairs.flatMap(([one, other]) => (other ? [...differences(one, other)] : []));
  let spoken = 0;
  let touched = -Infinity;

  const isResting = () => isIdle() && performance.now() - touched > REST;

  function turnTo(index) {
    spoken = index;
    Object.assign(page, tongues[index]);
    Object.assign(words, texts[index]);
    for (const swap of swaps) swap(index);
    speak(page.lang, index === 1);
  }

  async function turn() {
    if (isResting()) {
      const leaving = fade(main, [1, 0]);
      await Promise.all(leaving.map(({ finished }) => finished));
      if (isResting()) turnTo(1 - spoken);
      leaving.forEach((one) => one.cancel());
      fade(main, [0, 1]);
    }
    setTimeout(turn, TURN);
  }

  const touch = () => (touched = performance.now());
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, touch, true);
  setTimeout(turn, TURN);
}

// What stands on the ground fades, never the ground: its colour is the status.
function fade(main, opacity) {
  const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : FADE;
  return standing(main).map((element) => element.animate({ opacity }, { duration, fill: "forwards" }));
}

function standing(element) {
  return [...element.children].flatMap((one) => (isGround(one) ? standing(one) : one));
}

const isGround = (one) =>
  getComputedStyle(one).display === "contents" || one.matches("[data-status]") || one.querySelector("[data-status]");

// Compares what is drawn by the same template in two languages; answers what sets each difference to the first or the
// second of them. What the scenes fill is left to them; the children of `data-swap` are changed as a whole.
function* differences(one, other) {
  if (one.nodeType === Node.TEXT_NODE) {
    const texts = [one.data, other.data];
    if (one.data !== other.data) yield (index) => (one.data = texts[index]);
  }
  if (one.nodeType !== Node.ELEMENT_NODE) return;
  for (const { name, value } of other.attributes) {
    const values = [one.getAttribute(name), value];
    // What the page has taken away is no difference of language.
    if (values[0] !== null && values[0] !== value) yield (index) => one.setAttribute(name, values[index]);
  }
  const children = [[...one.childNodes], [...other.childNodes]];
  if ("swap" in one.dataset) yield (index) => one.replaceChildren(...children[index]);
  else if (!("slot" in one.dataset) && children[0].length === children[1].length)
    for (const [place, child] of children[0].entries()) yield* differences(child, children[1][place]);
}
