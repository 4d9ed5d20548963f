// What every display does: it shows the scene whose time has come, by the server's clock, and keeps in touch.
// It knows no rule of the schedule. A kind of screen hands over how to `place` a scene and what else goes with time.

import { serverClock } from "./clock.js";
import { drift } from "./drift.js";
import { isQuiet } from "./hands.js";
import { keepInside } from "./inside.js";
import { keeper } from "./keep.js";
import { connect } from "./link.js";
import { nightLight } from "./night.js";
import { getPart, load } from "./parts.js";
import { makeWording } from "./wording.js";

const SILENCE = 30_000;
const LONGEST_NAP = 60_000;
const SHORTEST_NAP = 20;
// However the server answers, a page is not loaded anew more often than this.
const YOUNGEST = 10_000;
// Whoever has not touched the screen for so long is not about to, and then for so long has gone away.
const BETWEEN_TAPS = 3_000;
const AWAY = 30_000;

const startOf = (scene) => (scene.starts ??= Date.parse(scene.from));
// The word by which the server knows this browser again; without a place to keep it, for as long as the page lives.
function screenWord() {
  const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0"));
  try {
    return (localStorage.screen ??= made.join(""));
  } catch {
    return made.join("");
  }
}

// The organisation's look and the theme: the page's own style sheets, which only a new page has.
const looks = ({ frame }) => `${frame?.look} ${frame?.theme}`;
const same = (view) => view;
const read = (id) => JSON.parse(document.getElementById(id).textContent);

// Only a display that speaks a second language needs what turns between the two.
const second = document.getElementById("second");
const tongues = second && (await load("./tongues.js").catch(() => null));

// Only a machine that has hours of its own needs what reads them.
const own = document.body.dataset.light;
let lit = own && (await load("./lit.js").catch(() => null));
if (own && !lit) getPart("./lit.js").then((late) => (lit = late));

// `place(slug, scene, parts)` draws a room (scene null: the room is gone); `framed(frame)` hears of what belongs to the
// screen as a whole; `aged(stampText)` may show the age of single rooms; `isIdle()` tells whether the page may be loaded
// anew without taking somebody's hand away; `unpack(view)` takes apart what comes packed. `isKiosk`: it hangs on a wall,
// and no hand may lead out of it.
export function start({ place, framed = () => {}, aged = () => {}, isIdle = () => true, unpack = same, isKiosk = true }) {
  const main = document.querySelector("main[data-display]");
  const words = read("words");
  let view = unpack(read("view"));
  const { build } = view;
  const appearance = looks(view);
  // A page that this machine has kept shows nothing until it knows the time.
  const root = document.documentElement;
  const isKept = "kept" in root.dataset;
  const clock = serverClock(view.stamp.now, performance.getEntriesByType("navigation")[0]?.responseStart, isKept);
  const wording = makeWording(main, view, words);
  const keep = keeper();
  const light = nightLight(tick);
  const move = drift(main);
  const shown = new Map();
  const screen = screenWord();
  let board;
  let painted = "";
  let isOutdated = false;
  // Not let in any more: nothing is shown for a moment longer, whoever stands there.
  let isShut = false;
  let mayLeave = YOUNGEST;
  let asksServer = false;
  let asksRest = false;
  let timer;
  let isSecond = false;

  const link = connect({
    isLost: isKept,
    report: () => ({
      display: view.display,
      slug: view.slug,
      version: view.version,
      build,
      screen,
      notices: painted,
    }),
    stamped(stamp, heard) {
      if (stamp) {
        view.stamp = stamp;
        clock.set(stamp.now, heard);
        askRest();
      }
      tick();
    },
    viewed(fresh) {
      isOutdated ||= fresh.build !== build || looks(fresh) !== appearance;
      fresh.notices ??= view.notices;
      view = unpack(fresh);
      framed(view.frame ?? {});
      changedTo(fresh.version);
      board?.take(view.notices);
    },
    changed(message) {
      if (message.version === view.version) return;
      if (message.previous !== view.version) return void link.fetchAnew();
      Object.assign(view.tracks, message.tracks);
      view.version = message.version;
      changedTo(message.version);
    },
    noticed(bulletin) {
      view.notices = bulletin;
      board?.take(bulletin);
      tick();
    },
    outdated,
    shut() {
      keep.forget();
      isShut = true;
    },
    // Fetched when it is wanted, which is seldom.
    asked: async ({ id, act }) => {
      const deeds = await load("./errand.js").catch(() => null);
      link.did(id, Boolean(deeds?.[act]));
      deeds?.[act]?.(view);
    },
  });

  function outdated() {
    isOutdated = true;
    tick();
  }

  // Kept out of the way of the first picture, and there before anything is to be told.
  async function openBoard() {
    const { noticeBoard } = await getPart("./notices.js");
    board = noticeBoard({
      words,
      wording,
      now: clock.now,
      painted(version) {
        if (painted === version) return;
        painted = version;
        link.showsNotices();
      },
    });
    board.take(view.notices);
    tick();
  }

  // A page of many rooms begins with what it shows now and very soon.
  async function askRest() {
    if (!view.rest || asksRest) return;
    asksRest = true;
    await link.fetchAnew();
    asksRest = false;
  }

  function changedTo(version) {
    main.dataset.version = version;
    if (!view.rest) delete main.dataset.rest;
    tick();
    link.shown();
    keep.changed();
  }

  // Shows of each room the scene whose time has come; answers when the next one's comes.
  function showScenes(now) {
    let next = Infinity;
    for (const slug of [...shown.keys()].filter((slug) => !view.tracks[slug])) {
      shown.delete(slug);
      place(slug, null);
    }
    for (const [slug, track] of Object.entries(view.tracks)) {
      if (!track) continue;
      const come = track.scenes.findLastIndex((scene) => startOf(scene) <= now);
      const current = Math.max(0, come);
      const scene = track.scenes[current];
      if (current + 1 < track.scenes.length) next = Math.min(next, startOf(track.scenes[current + 1]));
      if (shown.get(slug) === scene) continue;
      shown.set(slug, scene);
      place(slug, scene, (isSecond && track.other) || track.parts);
    }
    return next;
  }

  // A screen is as dark as the lightest of its rooms.
  const isNight = (now) =>
    lit?.isDark ? lit.isDark(now, view.zone) : shown.size > 0 && [...shown.values()].every((scene) => scene.night);

  const ageText = (as_of) => (as_of ? words.as_of.replace("{time}", wording.time(Date.parse(as_of))) : words.never);

  function showLink() {
    const silence = performance.now() - link.state.reached;
    const stale = view.stamp.stale ?? {};
    const isStale = (slug) => "*" in stale || slug in stale;
    const rooms = Object.keys(view.tracks);
    const lost = link.state.lost || silence > SILENCE;
    const old = rooms.length > 0 && rooms.every(isStale);
    main.dataset.link = lost ? "offline" : old ? "stale" : "live";
    const since = words.offline.replace("{time}", wording.time(clock.heard()));
    const oldest = old
      ? Object.values(stale).sort((one, other) => (one ?? "").localeCompare(other ?? ""))[0]
      : view.stamp.as_of;
    wording.write(main.querySelector("[data-stamp]"), lost ? since : ageText(oldest));
    aged((slug) => (isStale(slug) && !old ? ageText(stale[slug] ?? stale["*"]) : ""));
  }

  // A page that is on its way is not asked for again: that would only begin it anew.
  function leave() {
    if (performance.now() < mayLeave) return;
    mayLeave = performance.now() + YOUNGEST;
    location.reload();
  }

  function tick() {
    clearTimeout(timer);
    if (clock.hasSlept() && !asksServer) wake();
    const now = clock.now();
    const next = showScenes(now);
    showLink();
    delete root.dataset.kept;
    const news = board?.refresh() ?? Infinity;
    const isFree = isIdle() && !board?.isLoud();
    if (isShut || (isOutdated && isFree && isQuiet(BETWEEN_TAPS))) leave();
    move(isFree && isQuiet(AWAY));
    const dusk = light.refresh(isNight(now), !isIdle());
    const nap = Math.min(wording.refresh(now), dusk, next - now, news, LONGEST_NAP);
    timer = setTimeout(tick, Math.max(nap, SHORTEST_NAP));
  }

  function speak(language, other) {
    isSecond = other;
    Object.assign(wording, makeWording(main, { ...view, language }, words));
    shown.clear();
    tick();
  }

  async function wake() {
    asksServer = true;
    await link.beat();
    if (clock.hasSlept()) clock.believeWall();
    asksServer = false;
    tick();
  }

  for (const event of ["online", "offline"]) addEventListener(event, () => link.beat());
  for (const event of ["visibilitychange", "resume"]) document.addEventListener(event, tick);
  if (isKiosk) keepInside();
  tongues?.turnBetween({ main, second, words, isIdle, speak });
  // It compares what the server has drawn, which is gone by then: such a page is loaded anew.
  if (second && !tongues) getPart("./tongues.js").then(outdated);
  framed(view.frame ?? {});
  tick();
  root.dataset.begun = "";
  openBoard().finally(askRest);
  return { words, wording, link, now: clock.now };
}
