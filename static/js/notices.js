// Notices in a band, and emergencies over the whole glass; both come and go by the page's own clock.

const TURN = 9_000;
const FADE = 300;
const SMALLEST = 0.25;
const STEP = 0.94;

const band = document.querySelector("[data-notice]");
const dialog = document.querySelector("[data-emergency]");
const root = document.documentElement;
const find = (place, name) => place.querySelector(`[data-${name}]`);
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

// `painted(version)` is called when what was taken is on the glass; `now()` is the server's time.
export function noticeBoard({ words, wording, now, painted }) {
  let items = [];
  let version = "";
  let shownNotice;
  let shownEmergency;
  let turning;

  const until = ({ until }) => (until ? Date.parse(until) : Infinity);
  const isOn = (item) => Date.parse(item.from) <= now() && now() < until(item);
  const notices = () => items.filter((item) => item.kind !== "emergency" && isOn(item));
  // Whoever is told of an emergency shows it: no clock may disagree.
  const emergencies = () => items.filter((item) => item.kind === "emergency" && now() < until(item));

  function take(bulletin) {
    if (!bulletin) return;
    ({ items, version } = bulletin);
    refresh();
    const { version: taken } = bulletin;
    // The second frame begins when the first one is on the glass.
    requestAnimationFrame(() => requestAnimationFrame(() => taken === version && painted(taken)));
  }

  // Shows what is on now; answers after how many milliseconds that changes.
  function refresh() {
    alarm(emergencies());
    hang(notices());
    const moments = items.flatMap((item) => [Date.parse(item.from), until(item)]).filter((moment) => moment > now());
    return Math.min(...moments) - now();
  }

  const same = (one, other) => one && other && one.id === other.id && one.title === other.title && one.text === other.text;

  function alarm(list) {
    root.toggleAttribute("data-alarm", list.length > 0);
    const current = list.find((item) => same(item, shownEmergency)) ?? list[0];
    if (!current) return rest();
    document.querySelectorAll("dialog[open]").forEach((other) => other !== dialog && other.close());
    if (!same(current, shownEmergency)) write(current);
    if (!dialog.open) dialog.showModal();
    if (current !== shownEmergency) fit();
    shownEmergency = current;
    date(current);
    wording.write(find(dialog, "time"), wording.time(now()));
    // What cannot be reached may have ended.
    wording.write(find(dialog, "lost"), document.querySelector("main[data-link=offline] [data-stamp]")?.textContent ?? "");
    turnSoon();
  }

  function write(item) {
    wording.write(find(dialog, "title"), item.title);
    wording.write(find(dialog, "text"), item.text);
    date(item);
  }

  // Written anew whenever the screen may speak another language.
  function date({ from }) {
    wording.write(find(dialog, "since"), words.since.replace("{time}", wording.time(Date.parse(from))));
  }

  function rest() {
    shownEmergency = undefined;
    if (dialog.open) dialog.close();
  }

  // As large as the glass allows, whatever was written.
  function fit() {
    const body = find(dialog, "body");
    let scale = 1;
    do dialog.style.setProperty("--scale", scale.toFixed(3));
    while (body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1 ? (scale *= STEP) > SMALLEST : false);
  }

  function hang(list) {
    band.hidden = list.length === 0;
    if (!list.length) return void (shownNotice = undefined);
    if (!list.some((item) => same(item, shownNotice))) say(list[0], list);
    else count(list);
    turnSoon();
  }

  function say(item, list) {
    shownNotice = item;
    band.dataset.level = item.level;
    for (const sign of band.querySelectorAll("[data-sign]")) sign.toggleAttribute("hidden", sign.dataset.sign !== item.level);
    wording.write(find(band, "title"), item.title);
    wording.write(find(band, "text"), item.text);
    find(band, "lines").dir = getComputedStyle(find(band, "title")).direction;
    find(band, "lines").scrollTop = 0;
    count(list);
  }

  function count(list) {
    const place = list.findIndex((item) => same(item, shownNotice)) + 1;
    const text = list.length > 1 ? `${wording.number(place)}/${wording.number(list.length)}` : "";
    wording.write(find(band, "count"), text);
  }

  function turnSoon() {
    turning ??= setTimeout(turn, TURN);
  }

  // The next lines of a long notice, else the next notice; the next emergency where there are several.
  async function turn() {
    turning = undefined;
    const loud = emergencies();
    if (loud.length > 1) {
      shownEmergency = loud[(loud.findIndex((item) => same(item, shownEmergency)) + 1) % loud.length];
      write(shownEmergency);
      fit();
    }
    const list = notices();
    const lines = find(band, "lines");
    const isMore = !band.hidden && lines.scrollTop + lines.clientHeight < lines.scrollHeight - 2;
    if (isMore || list.length > 1 || lines.scrollTop > 0) await fade(() => (isMore ? scrollOn(lines) : goOn(list)));
    if (loud.length || notices().length) turnSoon();
  }

  const scrollOn = (lines) => (lines.scrollTop += lines.clientHeight);

  function goOn(list) {
    const next = list[(list.findIndex((item) => same(item, shownNotice)) + 1) % list.length];
    if (next) say(next, list);
  }

  async function fade(change) {
    const lines = find(band, "lines");
    const timing = { duration: isCalm.matches ? 0 : FADE, fill: "both" };
    await lines.animate({ opacity: [1, 0] }, timing).finished;
    change();
    lines.animate({ opacity: [0, 1] }, timing);
  }

  // Browsers let a second Escape close a dialog whatever the page says: it opens again.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => shownEmergency && refresh());
  new ResizeObserver(() => dialog.open && fit()).observe(document.body);
  return { take, refresh, isLoud: () => dialog.open };
}
