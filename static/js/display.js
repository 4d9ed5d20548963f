// What every display does: it shows the scene whose time has come, by the server's clock, and keeps in touch.
// It knows no rule of the schedule. A kind of screen hands over how to `place` a scene and what else goes with time.

import { serverClock } from "./clock.js";
import { connect } from "./link.js";
import { makeWording } from "./wording.js";

const SILENCE = 30_000;
const LONGEST_NAP = 60_000;
const SHORTEST_NAP = 20;
// However the server answers, a page is not loaded anew more often than this.
const YOUNGEST = 10_000;

const startOf = (scene) => (scene.starts ??= Date.parse(scene.from));
const read = (id) => JSON.parse(document.getElementById(id).textContent);

// `place(slug, scene, parts)` draws a room (scene null: the room is gone); `aged(stampText)` may show the age of
// single rooms; `isIdle()` tells whether the page may be loaded anew without taking somebody's hand away; `framed(frame)`
// hears of what belongs to the screen as a whole, at the start and whenever all of it comes anew.
export function start({ place, aged = () => {}, isIdle = () => true, framed = () => {} }) {
  const main = document.querySelector("main[data-display]");
  const words = read("words");
  let view = read("view");
  const { build } = view;
  const clock = serverClock(view.stamp.now, performance.getEntriesByType("navigation")[0]?.responseStart);
  const wording = makeWording(main, view);
  const shown = new Map();
  let isOutdated = false;
  let asksServer = false;
  let timer;

  const link = connect({
    report: () => ({ display: view.display, slug: view.slug, version: view.version, build }),
    stamped(stamp, heard) {
      if (stamp) {
        view.stamp = stamp;
        clock.set(stamp.now, heard);
      }
      tick();
    },
    viewed(fresh) {
      isOutdated ||= fresh.build !== build;
      view = fresh;
      framed(view.frame);
      changedTo(fresh.version);
    },
    changed(message) {
      if (message.version === view.version) return;
      if (message.previous !== view.version) return void link.fetchAnew();
      Object.assign(view.tracks, message.tracks);
      view.version = message.version;
      changedTo(message.version);
    },
    outdated() {
      isOutdated = true;
      tick();
    },
  });

  function changedTo(version) {
    main.dataset.version = version;
    tick();
    link.shown();
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
      place(slug, scene, track.parts);
    }
    return next;
  }

  const ageText = (as_of) => (as_of ? words.as_of.replace("{time}", wording.time(Date.parse(as_of))) : words.never);

  function showLink(now) {
    const silence = performance.now() - link.state.reached;
    const stale = view.stamp.stale ?? {};
    const isStale = (slug) => "*" in stale || slug in stale;
    const rooms = Object.keys(view.tracks);
    const lost = link.state.lost || silence > SILENCE;
    const old = rooms.length > 0 && rooms.every(isStale);
    main.dataset.link = lost ? "offline" : old ? "stale" : "live";
    const since = words.offline.replace("{time}", wording.time(now - silence));
    const oldest = old
      ? Object.values(stale).sort((one, other) => (one ?? "").localeCompare(other ?? ""))[0]
      : view.stamp.as_of;
    wording.write(main.querySelector("[data-stamp]"), lost ? since : ageText(oldest));
    aged((slug) => (isStale(slug) && !old ? ageText(stale[slug] ?? stale["*"]) : ""));
  }

  function tick() {
    clearTimeout(timer);
    if (clock.hasSlept() && !asksServer) wake();
    const now = clock.now();
    const next = showScenes(now);
    showLink(now);
    if (isOutdated && isIdle() && performance.now() > YOUNGEST) location.reload();
    const nap = Math.min(wording.refresh(now), next - now, LONGEST_NAP);
    timer = setTimeout(tick, Math.max(nap, SHORTEST_NAP));
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
  keepInside();
  framed(view.frame);
  tick();
  return { words, wording, link, now: clock.now };
}

// Nothing a hand can do leads out of the page.
function keepInside() {
  const refuse = (event) => event.preventDefault();
  for (const event of ["contextmenu", "dragstart", "selectstart", "gesturestart"]) addEventListener(event, refuse);
  addEventListener("wheel", (event) => event.ctrlKey && refuse(event), { passive: false });
  addEventListener("touchmove", (event) => event.touches.length > 1 && refuse(event), { passive: false });
}
