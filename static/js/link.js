// The link to the server: state comes down a socket, and by plain requests while the socket is dead.

import { getPart } from "./parts.js";

const HEARTBEAT = 20_000;
const ANSWER = 5_000;
const RETRY = 5_000;
const GONE = [401, 403, 404, 410];

// `report()` says what is on the glass. The server's answers go to `stamped(stamp, heard)`, `viewed(view)`,
// `changed(message)`, `noticed(bulletin)` (what is told beside the rooms), `outdated()` (the page is older than the
// server, or not let in any more), and before that `shut()` (not let in any more), and `asked(errand)` (an
// administrator wants something of this machine). `isLost`: the page begins without the server.
export function connect({ isLost, report, stamped, viewed, changed, noticed, outdated, shut, asked }) {
  let socket;
  let dead = true;
  let timer;
  const state = { reached: performance.now(), lost: isLost };

  function heard(stamp, sent) {
    state.reached = performance.now();
    state.lost = false;
    // The server read its clock about half way between question and answer.
    stamped(stamp, (sent + state.reached) / 2);
  }

  // What everybody is to see does not wait for rooms to be drawn.
  async function askNotices() {
    const { display, slug, screen, notices } = report();
    const body = JSON.stringify({ screen, notices });
    const headers = { "Content-Type": "application/json" };
    const where = `/notices/${display}/${encodeURIComponent(slug)}`;
    const question = { method: "POST", headers, body, signal: AbortSignal.timeout(ANSWER) };
    const answer = await fetch(where, question).catch(() => null);
    if (answer?.status === 200) noticed(await answer.json());
  }

  async function poll(anew = false) {
    if (dead) askNotices();
    const sent = performance.now();
    const headers = { Accept: "application/json" };
    if (!anew) headers["If-None-Match"] = `"${report().version}"`;
    try {
      const answer = await fetch(location.href, { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER) });
      if (GONE.includes(answer.status)) {
        shut();
        return outdated();
      }
      if (answer.status === 304) heard(JSON.parse(answer.headers.get("Kiosk-Stamp")), sent);
      else if (!answer.ok) throw new Error(answer.status);
      else receive(await answer.json(), sent);
    } catch {
      state.lost = true;
    }
    stamped();
  }

  function receive(view, sent) {
    heard(view.stamp, sent);
    viewed(view);
  }

  async function show() {
    const sent = performance.now();
    try {
      const answer = await socket.timeout(ANSWER).emitWithAck("show", report());
      if (answer.notices) noticed(answer.notices);
      heard(answer.stamp, sent);
      dead = false;
      if (answer.view) viewed(answer.view);
      if (answer.reload) outdated();
    } catch {
      dead = true;
    }
  }

  async function beat() {
    const asked = socket?.connected ? show() : lose();
    if (!dead) await asked;
    if (dead) await poll();
    clearTimeout(timer);
    timer = setTimeout(beat, dead ? RETRY : HEARTBEAT);
  }

  function lose() {
    dead = true;
  }

  function join() {
    dead = false;
    beat();
  }

  function part() {
    lose();
    beat();
  }

  async function open() {
    const { io } = await getPart("../vendor/socket.io/socket.io.esm.min.js");
    socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelayMax: RETRY,
      timeout: ANSWER,
    });
    socket.on("connect", join);
    socket.on("disconnect", part);
    socket.on("tracks", changed);
    socket.on("notices", noticed);
    socket.on("refresh", () => poll(true));
    socket.on("errand", asked);
  }

  timer = setTimeout(beat, RETRY);
  open();
  return {
    state,
    beat,
    fetchAnew: () => poll(true),
    isDead: () => dead,
    shown: () => socket?.connected && show(),
    // The notices are on the glass: said at once, and again with every heartbeat.
    showsNotices: () => (socket?.connected ? socket.emit("noticed", report()) : askNotices()),
    did: (id, done) => socket?.connected && socket.emit("did", { id, done }),
    // Somebody stands before the screen: the server looks sooner whether it still shows the truth.
    touch: () => socket?.connected && socket.emit("touch"),
  };
}
