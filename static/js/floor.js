// The plan of a floor: rooms in their status's colours, what is free soonest, and the other floors of the building.

import { start } from "./display.js";
import { unpack } from "./packed.js";
import { covers, drawShapes, fit, middle, spread } from "./plan.js";

const TOUCHED = 10_000;
const VISIT = 30_000;
const PAGE_TIME = 12_000;
const FREE = ["0", "1"];

const main = document.querySelector("main[data-display]");
const part = (name) => main.querySelector(`[data-${name}]`);
const [stage, plan, image, shapes, way, here] = ["stage", "plan", "image", "shapes", "way", "here"].map(part);
const [rows, pages, tabs, touched, soonest, empty] = ["rows", "pages", "floors", "touched", "soonest", "empty"].map(part);
// A screen that turns between two languages finds the other one's words there.
const words = () => JSON.parse(document.getElementById("floor-words").textContent);
const asked = new URLSearchParams(location.search);
const states = new Map();
const spots = new Map();
const lines = new Map();
const middles = new Map();
let frame = { floors: [] };
let floor;
let page = 0;
let isTouched = "";
let waiting;
let ages = () => "";
const timers = {};

function after(name, time, act) {
  clearTimeout(timers[name]);
  timers[name] = time ? setTimeout(act, time) : undefined;
}

function framed(fresh) {
  frame = fresh;
  part("title").textContent = frame.title;
  drawTabs();
  show((frame.floors.find(({ slug }) => slug === floor?.slug) ?? own())?.slug);
}

const own = () => frame.floors.find(({ slug }) => slug === frame.own);

function place(slug, scene, parts) {
  if (scene) {
    const [rank] = scene.order.split("\x1f");
    states.set(slug, { status: scene.status, rank, label: parts[scene.slots.label], row: parts[scene.slots.row] });
  } else states.delete(slug);
  paint(slug);
  arrangeSoon();
}

// Another floor takes the stage: its picture, its shapes, a label and a line for each of its rooms.
function show(slug) {
  floor = frame.floors.find((one) => one.slug === slug);
  if (!floor) return;
  page = 0;
  touch("");
  plan.dataset.kind = floor.kind;
  if (image.getAttribute("src") !== floor.image) image.src = floor.image;
  for (const one of [...spots.values(), ...lines.values()]) one.remove();
  for (const known of [spots, lines, middles]) known.clear();
  fit(plan, stage, floor);
  drawShapes(shapes, floor.box, floor.places);
  floor.places.forEach(({ room }, index) => add(room, index + 1));
  for (const { room } of floor.places) paint(room);
  for (const tab of tabs.children) tab.setAttribute("aria-pressed", tab.dataset.floor === floor.slug);
  empty.hidden = floor.places.length > 0;
  arrangeSoon();
}

function add(room, number) {
  const spot = Object.assign(document.createElement("button"), { type: "button", className: "spot" });
  spot.dir = document.documentElement.dir;
  const line = Object.assign(document.createElement("li"), { className: "row" });
  for (const one of [spot, line]) Object.assign(one.dataset, { room, number: wording().number(number) });
  spots.set(room, spot);
  lines.set(room, line);
  plan.append(spot);
  rows.append(line);
}

const wording = () => display?.wording ?? { number: String, write: (one, text) => (one.textContent = text) };

function paint(room) {
  const { status = "closed", label = "", row = "" } = states.get(room) ?? {};
  const shape = [...shapes.children].find((one) => one.dataset.room === room);
  const faces = [
    [shape],
    [spots.get(room), label],
    [lines.get(room), row],
  ];
  for (const [face, html] of faces) {
    if (!face) continue;
    face.dataset.status = status;
    if (face === spots.get(room)) face.dir = document.documentElement.dir;
    if (html !== undefined && face.html !== html) face.innerHTML = face.html = html;
  }
  if (room === isTouched) tell(room);
}

// Many rooms may change at once: they are arranged once, before the next picture.
function arrangeSoon() {
  waiting ??= requestAnimationFrame(arrange);
}

function arrange() {
  waiting = undefined;
  if (!floor) return;
  spread(main, stage, [...spots.values()], placeLabels);
  turnPages();
  callOut();
  sayAges();
}

function placeLabels() {
  fit(plan, stage, floor);
  const box = plan.getBoundingClientRect();
  middles.clear();
  for (const { room, at } of floor.places) {
    const shape = [...shapes.children].find((one) => one.dataset.room === room);
    const [x, y] = at ?? (shape ? middle(shape, box) : [0.5, 0.5]);
    const spot = spots.get(room);
    middles.set(room, [x, y]);
    put(spot, x, y);
    keepOn(spot, x, y);
    spot.toggleAttribute("data-beyond", Boolean(shape) && isBeyond(spot, shape));
  }
  const where = standing();
  here.hidden = !where;
  if (where) put(here, ...where);
  here.toggleAttribute("data-quiet", Boolean(where) && isCovering(here.firstElementChild));
}

// The words of the marker give way to a room's label.
function isCovering(words) {
  here.removeAttribute("data-quiet");
  return [...spots.values()].some((spot) => covers(words.getBoundingClientRect(), spot.getBoundingClientRect()));
}

function put(element, x, y) {
  element.style.left = `${(100 * x).toFixed(2)}%`;
  element.style.top = `${(100 * y).toFixed(2)}%`;
}

// A label at the plan's edge moves in as far as it would reach beyond the glass.
function keepOn(spot, x, y) {
  const [box, edge] = [spot, stage].map((one) => one.getBoundingClientRect());
  const inwards = (start, end) => Math.max(0, edge[start] - box[start]) - Math.max(0, box[end] - edge[end]);
  const [across, down] = [inwards("left", "right"), inwards("top", "bottom")];
  if (across) spot.style.left = `calc(${100 * x}% + ${across}px)`;
  if (down) spot.style.top = `calc(${100 * y}% + ${down}px)`;
}

function isBeyond(spot, shape) {
  const [box, room] = [spot, shape].map((one) => one.getBoundingClientRect());
  return box.left < room.left || box.right > room.right || box.top < room.top || box.bottom > room.bottom;
}

// Where this screen is on the plan that is shown: said in its address for its own plan, or by the plan.
function standing() {
  const said = (asked.get("here") ?? "").split(",").map(Number);
  const isSaid = said.length === 2 && said.every((one) => one >= 0 && one <= 1) && asked.get("here").includes(",");
  if (isSaid) return floor.slug === frame.own ? said : null;
  return floor.here;
}

function turnPages() {
  const all = [...lines.values()];
  for (const one of all) one.hidden = false;
  const height = parseFloat(getComputedStyle(rows).getPropertyValue("--row-least")) || 1;
  const columns = getComputedStyle(rows).gridTemplateColumns.split(" ").length;
  const size = Math.max(1, Math.floor(rows.clientHeight / height)) * columns;
  const count = Math.max(1, Math.ceil(all.length / size));
  page %= count;
  all.forEach((one, index) => (one.hidden = Math.floor(index / size) !== page));
  const isLong = main.dataset.density === "number" && count > 1;
  pages.textContent = isLong
    ? display.words.page.replace("{page}", wording().number(page + 1)).replace("{pages}", wording().number(count))
    : "";
  after("page", isLong && PAGE_TIME, () => {
    page += 1;
    turnPages();
  });
}

// The room to go to: free on this floor and nearest, free on another, or free again first.
function callOut() {
  const found = frame.floors
    .flatMap((one) => one.places.map(({ room }) => ({ one, room, ...states.get(room) })))
    .filter(({ rank }) => rank && rank !== "3")
    .map((each) => ({ ...each, key: keyOf(each) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))[0];
  const isFree = found && FREE.includes(found.rank);
  soonest.dataset.status = found?.status ?? "closed";
  part("soonest-head").textContent = found ? (isFree ? words().free_now : words().free_next) : words().none;
  const room = part("soonest-room");
  const html = found?.row ?? "";
  if (room.html !== html) room.innerHTML = room.html = html;
  const isElsewhere = found && found.one !== floor;
  part("soonest-floor").textContent = isElsewhere ? words().floor.replace("{floor}", found.one.name) : "";
  point(found && !isElsewhere ? found.room : "");
}

function keyOf({ one, room, rank }) {
  const isFree = FREE.includes(rank);
  const nearness = one === floor && middles.has(room) ? Math.round(1000 * distance(room)) : 9999;
  const group = isFree ? (one === floor ? "a" : "b") : "c";
  return `${group}|${rank}|${String(nearness).padStart(5, "0")}|${room}`;
}

function distance(room) {
  const [from, to] = [standing(), middles.get(room)];
  return from ? Math.hypot((to[0] - from[0]) * floor.width, (to[1] - from[1]) * floor.height) / (floor.width + floor.height) : 0;
}

// The way there: a line over the plan, and an arrow beside the room's name.
function point(room) {
  const [from, to] = [standing(), middles.get(room)];
  const arrow = part("arrow");
  const isKnown = Boolean(from && to);
  way.toggleAttribute("hidden", !isKnown);
  arrow.toggleAttribute("hidden", !isKnown);
  if (!isKnown) return;
  for (const line of way.children) {
    const ends = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
    for (const [name, value] of Object.entries(ends)) line.setAttribute(name, `${(100 * value).toFixed(2)}%`);
  }
  const angle = Math.atan2((to[0] - from[0]) * floor.width, (from[1] - to[1]) * floor.height);
  arrow.style.rotate = `${angle.toFixed(3)}rad`;
}

function touch(room) {
  isTouched = room;
  touched.hidden = !room;
  after("touched", room && TOUCHED, () => touch(""));
  if (room) tell(room);
}

function tell(room) {
  const { status = "closed", row = "" } = states.get(room) ?? {};
  touched.dataset.status = status;
  if (touched.html !== row) touched.innerHTML = touched.html = row;
}

function drawTabs() {
  tabs.hidden = frame.floors.length < 2;
  const made = frame.floors.map(({ slug, name }) => {
    const tab = Object.assign(document.createElement("button"), { type: "button", className: "tab", textContent: name });
    tab.dataset.floor = slug;
    tab.setAttribute("aria-pressed", slug === floor?.slug);
    return tab;
  });
  tabs.replaceChildren(...made);
}

// Whoever looks at another floor is left alone for a while; then the screen goes back, or on through the floors.
function visit(slug) {
  show(slug);
  after("visit", VISIT, goOn);
}

function goOn() {
  const seconds = Number(asked.get("turn"));
  if (!(seconds >= 5) || frame.floors.length < 2) return floor !== own() && show(frame.own);
  const next = (frame.floors.indexOf(floor) + 1) % frame.floors.length;
  show(frame.floors[next].slug);
  after("visit", 1000 * Math.min(seconds, 3600), goOn);
}

function sayAges() {
  for (const [room, line] of lines) {
    const age = line.querySelector("[data-age]");
    if (age && age.textContent !== ages(room)) age.textContent = ages(room);
  }
}

main.addEventListener("click", ({ target }) => {
  const { floor: slug } = target.closest("[data-floor]")?.dataset ?? {};
  const { room } = target.closest("[data-room]")?.dataset ?? {};
  if (slug) visit(slug);
  else touch(room && room !== isTouched ? room : "");
});

let display;
display = start({
  unpack,
  place,
  framed,
  aged(ageOf) {
    ages = ageOf;
    sayAges();
  },
  isIdle: () => !isTouched,
});
// The first picture is whole.
cancelAnimationFrame(waiting);
arrange();
new ResizeObserver(arrangeSoon).observe(stage);
document.fonts?.ready.then(arrangeSoon);
if (asked.get("turn")) after("visit", 1000 * Math.max(5, Number(asked.get("turn")) || 0), goOn);
