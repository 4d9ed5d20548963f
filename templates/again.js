// In the page itself, and needs nothing else: a page that stands in for a display, or one that could not fetch what it
// is made of, on a wall where nobody is, begins anew as soon as the server answers.
{
  const PAUSE = 15_000;
  const look = setInterval(async () => {
    if ("begun" in document.documentElement.dataset) return clearInterval(look);
    if (document.readyState !== "complete") return;
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (answer?.ok) location.reload();
  }, PAUSE);
}
