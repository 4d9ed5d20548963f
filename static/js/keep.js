// The page's side of keeping itself on this machine (see worker.js), so that it starts again while the server is away.
// Browsers keep pages only where their way here is encrypted, or begins on the machine itself.

const LEAST_PAUSE = 60_000;
const SPREAD = 10_000;

const nothing = { changed() {}, forget() {} };

export function keeper() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return nothing;
  // A screen is written down again no faster than a kilobyte a second: the disk of a Pi wears out. What came after the
  // page is written down as part of it.
  const sizes = () => performance.getEntriesByName(location.href).map(({ decodedBodySize }) => decodedBodySize);
  const pause = () => Math.max(LEAST_PAUSE, ...sizes());
  let last = -Infinity;
  let waiting;

  function tell(what) {
    serviceWorker.ready.then(({ active }) => active.postMessage(what));
  }

  function keep() {
    waiting = undefined;
    last = performance.now();
    const assets = performance.getEntriesByType("resource").map((entry) => entry.name);
    tell({ act: "keep", assets });
  }

  // Many screens change at once, and do not all ask at once.
  function changed() {
    waiting ??= setTimeout(keep, Math.max(0, last + pause() - performance.now()) + Math.random() * SPREAD);
  }

  function forget() {
    clearTimeout(waiting);
    waiting = undefined;
    tell({ act: "forget" });
  }

  // A worker that has just taken over, of this build or the next, has kept nothing of this page yet.
  serviceWorker.addEventListener("controllerchange", keep);
  serviceWorker
    .register("/worker.js", { updateViaCache: "none" })
    .then((registration) => registration.update())
    .catch(() => {});
  if (serviceWorker.controller) changed();
  return { changed, forget };
}
