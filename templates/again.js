// A page that stands in for a display, on a wall where nobody is, goes on as soon as the server shows the display.

const PAUSE = 15_000;

setInterval(async () => {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}, PAUSE);
