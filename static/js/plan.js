// Where things are on a plan: its size on the glass, the middle of a room's shape, and labels that do not collide.

const SVG = "http://www.w3.org/2000/svg";
const STEPS = 12;

// From the largest labels with all they can say to a number that a list explains.
const DENSITIES = [
  ["full", 1.35],
  ["full", 1],
  ["short", 1.1],
  ["short", 0.85],
  ["number", 1],
  ["number", 0.8],
];

// As large as fits, in the plan's own proportions.
export function fit(plan, stage, { width, height }) {
  const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height);
  plan.style.width = `${Math.floor(width * scale)}px`;
  plan.style.height = `${Math.floor(height * scale)}px`;
}

// The outlines were cleaned by the server, and are read as SVG: nothing in them acts.
export function drawShapes(svg, box, places) {
  svg.setAttribute("viewBox", box);
  svg.setAttribute("preserveAspectRatio", "none");
  const drawn = places.filter(({ outline }) => outline);
  const shapes = drawn.map(({ room, outline }) => `<g data-room="${room}">${outline}</g>`);
  const read = new DOMParser().parseFromString(`<svg xmlns="${SVG}">${shapes.join("")}</svg>`, "image/svg+xml");
  const isRead = read.documentElement.namespaceURI === SVG && !read.querySelector("parsererror");
  svg.replaceChildren(...(isRead ? [...read.documentElement.children].map((one) => document.importNode(one, true)) : []));
}

// The middle of a shape, in parts of the plan's sides: of its box, or, where that is outside, the point farthest inside.
export function middle(shape, { left, top, width, height }) {
  const box = shape.getBoundingClientRect();
  const inParts = (x, y) => [(x - left) / width, (y - top) / height];
  const centre = [box.left + box.width / 2, box.top + box.height / 2];
  const parts = [...shape.querySelectorAll("path, rect, circle, ellipse, polygon, polyline")];
  const holds = (x, y) => parts.some((part) => isInside(part, x, y));
  if (!box.width || holds(...centre)) return inParts(...centre);
  const inside = [];
  const outside = [];
  for (let step = 0; step < STEPS * STEPS; step++) {
    const x = box.left + (((step % STEPS) + 0.5) / STEPS) * box.width;
    const y = box.top + ((Math.floor(step / STEPS) + 0.5) / STEPS) * box.height;
    (holds(x, y) ? inside : outside).push([x, y]);
  }
  const room = ([x, y]) => {
    const walls = [x - box.left, box.right - x, y - box.top, box.bottom - y];
    return Math.min(...walls, ...outside.map(([ox, oy]) => Math.hypot(x - ox, y - oy)));
  };
  inside.sort((one, other) => room(other) - room(one));
  return inParts(...(inside[0] ?? centre));
}

function isInside(part, x, y) {
  const matrix = part.getScreenCTM();
  return Boolean(matrix) && part.isPointInFill(new DOMPoint(x, y).matrixTransform(matrix.inverse()));
}

// Tries densities until no two labels lie on each other and none reaches beyond the plan's place; answers which.
export function spread(main, stage, labels, arranged) {
  for (const [density, size] of DENSITIES) {
    main.dataset.density = density;
    main.style.setProperty("--size", size);
    arranged();
    if (!collide([...labels], stage.getBoundingClientRect())) return density;
  }
  return main.dataset.density;
}

function collide(labels, stage) {
  const boxes = labels.map((one) => one.getBoundingClientRect());
  const isOut = (box) =>
    box.left < stage.left - 1 || box.right > stage.right + 1 || box.top < stage.top - 1 || box.bottom > stage.bottom + 1;
  return boxes.some((box, index) => isOut(box) || boxes.slice(index + 1).some((other) => covers(box, other)));
}

export const covers = (one, other) =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
