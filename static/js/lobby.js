// The board: rows sorted by their order, as many to a page as fit, pages turned by a calm fade.

import { start } from "./display.js";

const PAGE_TIME = 12_000;
const MOST_ROWS = 9;
const LEAST_FILLED = 2 / 3;
const FADE = 300;

const main = document.querySelector("main[data-display]");
const list = main.querySelector("[data-rows]");
const pageNumber = main.querySelector("[data-pages]");
const rows = new Map([...list.children].map((row) => [row.dataset.room, row]));
const html = new Map();
let page = 0;
let frame;
let turning;

function place(slug, scene, parts) {
  if (!scene) return remove(slug);
  const row = rows.get(slug) ?? create(slug);
  const part = parts[scene.slots.row];
  row.dataset.status = scene.status;
  row.dataset.order = scene.order;
  if (html.get(slug) !== part) row.innerHTML = part;
  html.set(slug, part);
  arrangeSoon();
}

function create(slug) {
  const row = document.createElement("li");
  row.className = "row";
  row.dataset.room = slug;
  rows.set(slug, row);
  return row;
}

function remove(slug) {
  rows.get(slug)?.remove();
  rows.delete(slug);
  html.delete(slug);
  arrangeSoon();
}

// Many rows may change at once; they are put in order once, before the next picture.
function arrangeSoon() {
  frame ??= requestAnimationFrame(arrange);
}

function arrange() {
  frame = undefined;
  const sorted = [...rows.values()].sort((one, other) => (one.dataset.order < other.dataset.order ? -1 : 1));
  const isInOrder = sorted.every((row, index) => list.children[index] === row);
  if (!isInOrder) list.append(...sorted);
  const size = fitting(sorted.length);
  const pages = Math.max(1, Math.ceil(sorted.length / size));
  page %= pages;
  sorted.forEach((row, index) => (row.hidden = Math.floor(index / size) !== page));
  sayPage(pages);
}

// Few rows may be taller than they need, but not so tall that they look like something else.
function fitting(count) {
  const most = Math.floor(list.clientHeight / parseFloat(getComputedStyle(list).getPropertyValue("--row-least")));
  const size = Math.max(1, Math.min(MOST_ROWS, most));
  list.style.setProperty("--rows", Math.max(Math.ceil(size * LEAST_FILLED), Math.min(size, count)));
  return size;
}

function sayPage(pages) {
  const { words, wording } = display;
  const text = words.page.replace("{page}", wording.number(page + 1)).replace("{pages}", wording.number(pages));
  wording.write(pageNumber, pages > 1 ? text : "");
  clearTimeout(turning);
  turning = pages > 1 ? setTimeout(turn, PAGE_TIME) : undefined;
}

async function turn() {
  const fade = { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : FADE, fill: "both" };
  await list.animate({ opacity: [1, 0] }, fade).finished;
  page += 1;
  arrange();
  list.animate({ opacity: [0, 1] }, fade);
}

function aged(ageOf) {
  for (const [slug, row] of rows) {
    const age = ageOf(slug);
    row.dataset.link = main.dataset.link === "live" && age ? "stale" : main.dataset.link;
    const place = row.querySelector("[data-age]");
    if (place && place.textContent !== age) place.textContent = age;
  }
}

const drawn = JSON.parse(document.getElementById("view").textContent);
for (const [slug, { scenes, parts }] of Object.entries(drawn.tracks)) html.set(slug, parts[scenes[0].slots.row]);

const display = start({ place, aged });
new ResizeObserver(arrangeSoon).observe(list);
