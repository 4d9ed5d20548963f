// The link to the server: state comes down a socket, and by plain requests while the socket is dead.

const HEARTBEAT = 20_000;
const ANSWER = 5_000;
const RETRY = 5_000;
const GONE = [401, 403, 404, 410];

// `report()` says what is on the glass. The server's answers go to `stamped(stamp, heard)`, `viewed(view)`,
// `changed(message)`, `outdated()` (the page is older than the server, or not let in any more), and before that
// `shut()` (not let in any more). `isLost`: the page begins without the server.
export function connect({ isLost, report, stamped, viewed, changed, outdated, shut }) {
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

  async function poll(anew = false) {
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
    const { io } = await import("../vendor/socket.io/socket.io.esm.min.js");
    socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelayMax: RETRY,
      timeout: ANSWER,
    });
    socket.on("connect", join);
    socket.on("disconnect", part);
    socket.on("tracks", changed);
    socket.on("refresh", () => poll(true));
  }

  timer = setTimeout(beat, RETRY);
  open().catch(beat);
  return {
    state,
    beat,
    fetchAnew: () => poll(true),
    isDead: () => dead,
    shown: () => socket?.connected && show(),
    // Somebody stands before the screen: the server looks sooner whether it still shows the truth.
    touch: () => socket?.connected && socket.emit("touch"),
  };
}
