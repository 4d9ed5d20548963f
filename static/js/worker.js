// Keeps a screen's page, what it is made of and its last scenes on this machine, and shows them while the server is
// away. `FACTS` is written before this by the server: the build, the kinds of screen, and the files of the build.

const CACHE = `kiosk-${FACTS.build}`;
// What never changes under its address: the files of a build, the organisation's look, and the versions of plans.
const LASTING = /^\/(?:static|look|floor\/[^/]+\/plan)\//;
const OWN = "Kiosk-Page";
// A page that asks for the rest of its scenes, and how to ask for one that has all of them in itself.
const REST = "Kiosk-Rest";
const WHOLE = { Accept: "text/html", "Kiosk-Whole": "1" };
const PATIENCE = 5_000;
const MOST_PAGES = 4;
const MOST_ASSETS = 100;
const MOST_BUILDS = 2;
const SHUT = [401, 403, 404, 410];

const after = (time) => new Promise((resolve) => setTimeout(resolve, time));
const pathOf = (address) => new URL(address).pathname;
const isAsset = (address) => {
  const { origin, pathname, search } = new URL(address);
  // What failed is asked for again with a number behind it: the file itself is what is kept.
  return origin === location.origin && !search && LASTING.test(pathname);
};
const isScreen = (address) => {
  const [, display, slug, ...more] = pathOf(address).split("/");
  return FACTS.screens.includes(display) && Boolean(slug) && !more.length;
};

async function builds() {
  const names = await caches.keys();
  return names.filter((name) => name.startsWith("kiosk-"));
}

async function pagesIn(name) {
  const cache = await caches.open(name);
  const requests = await cache.keys();
  return requests.map((request) => request.url).filter(isScreen);
}

async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FACTS.assets);
  await self.skipWaiting();
}

// Pages that an earlier build has kept are made of its files: both go once the page of this build is there.
async function activate() {
  const earlier = (await builds()).filter((name) => name !== CACHE);
  for (const name of earlier) for (const address of await pagesIn(name)) await renew(address);
  await tidy();
  await self.clients.claim();
}

async function tidy() {
  const earlier = (await builds()).filter((name) => name !== CACHE);
  const old = earlier.slice(0, Math.max(0, earlier.length + 1 - MOST_BUILDS));
  for (const name of earlier) if (old.includes(name) || !(await pagesIn(name)).length) await caches.delete(name);
}

// Only what the server calls a screen's page is kept: no answer to strangers, no other page, nothing a network puts
// in its place.
async function heed(address, answer) {
  if (SHUT.includes(answer.status)) return forget(address);
  if (!answer.ok || answer.redirected || !answer.headers.has(OWN)) return;
  if (answer.headers.has(REST) && (await caches.match(address, { ignoreVary: true }))) return;
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  const text = (await answer.text()).replace("<html ", "<html data-kept ");
  const cache = await caches.open(CACHE);
  await cache.put(address, new Response(text, { headers }));
  await forget(address, CACHE);
  const pages = await pagesIn(CACHE);
  for (const oldest of pages.slice(0, Math.max(0, pages.length - MOST_PAGES))) await cache.delete(oldest);
  await tidy();
}

async function forget(address, but = "") {
  for (const name of (await builds()).filter((name) => name !== but)) {
    const cache = await caches.open(name);
    await cache.delete(address, { ignoreVary: true });
  }
}

async function renew(address) {
  const asked = fetch(address, { headers: WHOLE, cache: "no-store" });
  await asked.then((answer) => heed(address, answer)).catch(() => {});
}

// The server's answer comes first; what is kept stands in when there is none, or one of a gateway that speaks for it.
async function visit(event) {
  const { request } = event;
  const live = fetch(request).then((answer) => {
    event.waitUntil(heed(request.url, answer.clone()));
    return answer;
  });
  const kept = await caches.match(request.url, { ignoreVary: true });
  if (!kept) return live;
  event.waitUntil(live.catch(() => {}));
  const answer = await Promise.race([live, after(PATIENCE)]).catch(() => null);
  return answer && answer.status < 500 ? answer : kept;
}

// Files never change under their address, which names the build.
async function asset(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function keepAssets(addresses) {
  const cache = await caches.open(CACHE);
  for (const address of addresses.filter(isAsset).slice(0, MOST_ASSETS))
    if (!(await caches.match(address, { ignoreVary: true }))) await cache.add(address).catch(() => {});
}

async function told(address, { act, assets = [] }) {
  if (!isScreen(address)) return;
  if (act === "forget") return forget(address);
  await renew(address);
  await keepAssets(assets);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => event.waitUntil(told(event.source.url, event.data)));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && isScreen(request.url)) event.respondWith(visit(event));
  else if (isAsset(request.url)) event.respondWith(asset(request));
});
