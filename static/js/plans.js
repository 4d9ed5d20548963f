// Rooms are put on a plan by clicking: a shape of a drawing, then its room; or a room, then its point of a picture.

const SVG = "http://www.w3.org/2000/svg";
const drawing = document.querySelector("[data-drawing]");
const shapes = drawing.querySelector("[data-parts]");
const selects = new Map([...document.querySelectorAll("select[data-element]")].map((one) => [one.dataset.element, one]));
const placings = [...document.querySelectorAll("[data-placing]")];
const pins = new Map();

function drawParts() {
  const outlines = JSON.parse(drawing.querySelector("[data-outlines]").textContent);
  shapes.setAttribute("viewBox", drawing.dataset.box);
  shapes.setAttribute("preserveAspectRatio", "none");
  const all = Object.entries(outlines).map(([name, outline]) => `<g data-element="${name}">${outline}</g>`);
  const read = new DOMParser().parseFromString(`<svg xmlns="${SVG}">${all.join("")}</svg>`, "image/svg+xml");
  shapes.replaceChildren(...[...read.documentElement.children].map((one) => document.importNode(one, true)));
  for (const name of selects.keys()) mark(name);
}

const shapeOf = (name) => [...shapes.children].find((one) => one.dataset.element === name);

function mark(name) {
  shapeOf(name)?.toggleAttribute("data-mapped", Boolean(selects.get(name).value));
}

function choose(name) {
  for (const one of document.querySelectorAll("[data-chosen]")) one.removeAttribute("data-chosen");
  shapeOf(name)?.setAttribute("data-chosen", "");
  selects.get(name)?.closest(".place").setAttribute("data-chosen", "");
}

for (const [name, select] of selects) {
  select.addEventListener("focus", () => choose(name));
  select.addEventListener("change", () => mark(name));
}

const aimed = () => placings.find((one) => one.querySelector("input[type=radio]:checked"));

drawing.addEventListener("click", (event) => {
  const placing = aimed();
  const name = event.target.closest("[data-element]")?.dataset.element;
  if (placing) aim(placing, event);
  else if (selects.has(name)) {
    selects.get(name).scrollIntoView({ block: "center" });
    selects.get(name).focus();
  }
});

function aim(placing, { clientX, clientY }) {
  const box = drawing.getBoundingClientRect();
  const write = (name, part) => (placing.querySelector(`[data-${name}]`).value = (100 * Math.min(1, Math.max(0, part))).toFixed(1));
  write("x", (clientX - box.left) / box.width);
  write("y", (clientY - box.top) / box.height);
  pin(placing);
}

function pin(placing) {
  const read = (name) => parseFloat(placing.querySelector(`[data-${name}]`).value.replace(",", "."));
  const [x, y] = [read("x"), read("y")];
  const isSaid = x >= 0 && x <= 100 && y >= 0 && y <= 100;
  const one = pins.get(placing) ?? Object.assign(document.createElement("span"), { className: "pin" });
  pins.set(placing, one);
  one.textContent = placing.dataset.placing;
  one.hidden = !isSaid;
  one.style.left = `${x}%`;
  one.style.top = `${y}%`;
  drawing.append(one);
}

for (const placing of placings) {
  placing.addEventListener("input", () => pin(placing));
  pin(placing);
}
document.addEventListener("change", ({ target }) => {
  if (target.name !== "placing") return;
  // One thing is placed at a time, whichever form it belongs to.
  for (const other of document.querySelectorAll("input[name=placing]")) if (other !== target) other.checked = false;
  drawing.toggleAttribute("data-aiming", true);
});

drawParts();
