// The code that opens a room on a phone: drawn by the server, fresh for some minutes, and gone rather than dead.

const EVERY = 4 * 60_000;
const SELDOM = 20_000;
const RETRY = 15_000;
const ANSWER = 5_000;
// Whoever scans it needs a moment to follow it.
const MARGIN = 30_000;

// `now()` answers the server's time.
export function keepFresh(figure, room, now) {
  const picture = figure.querySelector("[data-code-picture]");
  let asked = -Infinity;
  let dying;

  function show({ until, picture: svg }) {
    figure.dataset.until = until;
    picture.innerHTML = svg;
    figure.hidden = false;
    live();
  }

  function live() {
    clearTimeout(dying);
    const left = Date.parse(figure.dataset.until) - MARGIN - now();
    figure.toggleAttribute("data-dead", !(left > 0));
    dying = left > 0 ? setTimeout(live, left + 1) : setTimeout(ask, RETRY);
  }

  async function ask() {
    asked = performance.now();
    try {
      const address = `/api/v1/rooms/${room}/link`;
      const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(ANSWER) });
      if (!answer.ok) throw new Error(answer.status);
      const { link } = await answer.json();
      if (link) show(link);
      else figure.hidden = true;
    } catch {
      live();
    }
  }

  // The room has changed, and perhaps whether it has a code.
  function renew() {
    if (performance.now() - asked > SELDOM) ask();
    else live();
  }

  if (!figure.hidden) live();
  setInterval(ask, EVERY);
  addEventListener("online", ask);
  document.addEventListener("visibilitychange", () => document.hidden || renew());
  return { renew };
}
