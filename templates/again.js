// In the page itself, before anything that it waits for, and needs nothing else. On a wall where nobody is, a page that
// stands in for a display, or one that could not fetch what it is made of, begins anew as soon as the server answers; a
// style sheet or a picture that did not come is asked for again.
{
  const PAUSE = 15_000;
  const LONGEST_PAUSE = 240_000;
  // What has not come by then hangs, however slow the way here is.
  const PATIENCE = 60_000;
  const pauseAfter = (times) => Math.min(PAUSE * 2 ** times, LONGEST_PAUSE);
  const hasBegun = () => "begun" in document.documentElement.dataset;
  const isComing = () => document.readyState !== "complete" && performance.now() < PATIENCE;
  // How often it has begun in vain: what can never come is asked for more and more seldom.
  const times = Number(history.state) || 0;
  let lacksScript = false;

  const look = setInterval(async () => {
    if (hasBegun()) {
      history.replaceState(null, "");
      return clearInterval(look);
    }
    if (isComing()) return;
    const signal = AbortSignal.timeout(PAUSE);
    const answer = await fetch(location.href, { cache: "no-store", signal }).catch(() => null);
    const isThere = answer?.ok || (lacksScript && answer?.status < 500);
    if (!isThere || hasBegun()) return;
    history.replaceState(times + 1, "");
    location.reload();
  }, pauseAfter(times));

  const failures = new Map();
  const failed = ({ target }) => {
    lacksScript ||= target.tagName === "SCRIPT";
    const isSheet = target.rel === "stylesheet";
    if (!isSheet && target.tagName !== "IMG") return;
    const address = isSheet ? target.href : target.src;
    const count = failures.get(address) ?? 0;
    failures.set(address, count + 1);
    const fetchAgain = () =>
      isSheet ? target.replaceWith(target.cloneNode()) : (target.src = target.getAttribute("src"));
    setTimeout(fetchAgain, pauseAfter(count));
  };
  addEventListener("error", failed, true);
}
