// The board: rows sorted by their order, under the headings that come with them, as many to a page as fit; pages are
// turned by a calm fade. Only the rows of the page in view are filled and laid out.

import { start } from "./display.js";
import { unpack } from "./packed.js";

const PAGE_TIME = 12_000;
const FADE = 300;

// Begun before the first picture, by a script of the page's own.
const { paged, spare, lay } = globalThis.fitting;

const main = document.querySelector("main[data-display]");
const list = main.querySelector("[data-rows]");
const pageNumber = main.querySelector("[data-pages]");
const lead = main.querySelector("[data-lead]");
const title = main.querySelector("[data-title]");
// Each room's row, what is drawn in it, and what its scene has to say.
const rooms = new Map([...list.querySelectorAll("[data-room]")].map((row) => [row.dataset.room, { row }]));
let layout = {};
let ageOf = () => "";
let page = 0;
let frame;
let turning;

function place(slug, scene, parts) {
  if (!scene) return remove(slug);
  const room = rooms.get(slug) ?? create(slug);
  const { row, place: heading = "", soonest } = scene.slots;
  Object.assign(room, { scene, html: parts[row], heading: parts[heading] ?? "", soonest: parts[soonest] });
  room.row.dataset.status = scene.status;
  arrangeSoon();
}

function create(slug) {
  const row = document.createElement("li");
  row.className = "row";
  row.hidden = true;
  row.dataset.room = slug;
  list.append(row);
  rooms.set(slug, { row });
  return rooms.get(slug);
}

function remove(slug) {
  rooms.get(slug)?.row.remove();
  rooms.delete(slug);
  arrangeSoon();
}

function framed(told) {
  layout = told;
  arrangeSoon();
}

// In the language that stands there now.
function sayTitle() {
  const name = layout.title || title.dataset.usual;
  if (title.textContent !== name) document.title = title.textContent = name;
}

// Many rows may change at once; they are put in order once, before the next picture.
function arrangeSoon() {
  frame ??= requestAnimationFrame(arrange);
}

function arrange() {
  frame = undefined;
  const sorted = [...rooms.values()].sort((one, other) => (one.scene.order < other.scene.order ? -1 : 1));
  sayTitle();
  sayLead(sorted);
  const pages = paged(list, sorted);
  page %= pages.length;
  show(pages[page], spare(pages[page], pages.length === 1, page + 1 === pages.length));
  sayPage(pages.length);
}

function show(shown, empty) {
  const items = shown.rooms.flatMap((room, index) =>
    room.heading && room.heading !== shown.rooms[index - 1]?.heading ? [headed(room.heading), room.row] : [room.row],
  );
  for (const room of rooms.values()) fill(room, shown.rooms.includes(room));
  const rest = [...rooms.values()].map((room) => room.row).filter((row) => row.hidden);
  const wanted = [...items, ...rest];
  const isInOrder =
    list.children.length === wanted.length && wanted.every((item, index) => list.children[index] === item);
  if (!isInOrder) list.replaceChildren(...wanted);
  lay(list, items, empty);
  aged(ageOf);
}

// A heading that stands there already is the same element again, so that nothing moves.
function headed(html) {
  const there = [...list.querySelectorAll(".place")].find((item) => item.dataset.html === html);
  const heading = there ?? document.createElement("li");
  if (!there) {
    heading.className = "place";
    heading.dataset.html = html;
    heading.innerHTML = html;
  }
  return heading;
}

function fill(room, isShown) {
  room.row.hidden = !isShown;
  const html = isShown ? room.html : "";
  if (room.drawn !== html) room.row.innerHTML = html;
  room.drawn = html;
}

// What stands at the head: who is free soonest, where nobody is; else how many are, where it is asked for how long.
function sayLead(sorted) {
  const now = display.now();
  const coming = sorted.filter((room) => room.scene.free).map((room) => [Date.parse(room.scene.free), room]);
  const free = coming.filter(([since]) => since <= now).length;
  const [, soonest] = free ? [] : coming.reduce((one, other) => (other[0] < one[0] ? other : one), [Infinity]);
  const { wording } = display;
  const { least_minutes: minutes } = layout;
  const counted = lead.dataset.counted
    .replace("{minutes}", minutes && wording.number(minutes))
    .replace("{count}", wording.number(free));
  const html = soonest?.soonest ?? (free && minutes ? counted : "");
  if (lead.said !== html) lead.innerHTML = html;
  lead.said = html;
}

function sayPage(pages) {
  const { words, wording } = display;
  const text = words.page.replace("{page}", wording.number(page + 1)).replace("{pages}", wording.number(pages));
  wording.write(pageNumber, pages > 1 ? text : "");
  if (pages > 1) turning ??= setTimeout(turn, PAGE_TIME);
}

async function turn() {
  turning = undefined;
  const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : FADE;
  const fading = list.animate({ opacity: [1, 0] }, { duration, fill: "forwards" });
  await fading.finished;
  page += 1;
  arrange();
  fading.cancel();
  list.animate({ opacity: [0, 1] }, { duration });
}

function aged(known) {
  ageOf = known;
  for (const [slug, { row }] of rooms) {
    const age = ageOf(slug);
    row.dataset.link = main.dataset.link === "live" && age ? "stale" : main.dataset.link;
    const place = row.querySelector("[data-age]");
    if (place && place.textContent !== age) place.textContent = age;
  }
}

const display = start({ place, framed, aged, unpack });
// The first picture is whole: what stands at the head moves nothing when it comes.
cancelAnimationFrame(frame);
arrange();
new ResizeObserver(arrangeSoon).observe(list);
