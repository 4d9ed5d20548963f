// The server's clock, kept by the machine's steady one: a Pi has no clock of its own, and jumps when it learns the time.

const SLEPT = 2_000;
const SELDOM = 60_000;
const NOTE = "kiosk-clock";

// The last time the server said, beside what the machine's clock showed then: `{server, wall}`, or nothing.
function recall() {
  try {
    return JSON.parse(localStorage.getItem(NOTE));
  } catch {
    return null;
  }
}

function remember(server, wall) {
  try {
    localStorage.setItem(NOTE, JSON.stringify({ server, wall }));
  } catch {
    // A browser that keeps nothing begins with the machine's clock.
  }
}

// `iso` is the time the server wrote into the page, which came at `arrived`. A page that was `kept` came from this
// machine instead: its time is long past, and only the machine's clock, as far as it is right, tells for how long.
export function serverClock(iso, arrived, kept = false) {
  let server, steady, wall, offset, last;
  let noted = -Infinity;
  const ahead = () => Date.now() - wall - (performance.now() - steady);
  const now = () => server + performance.now() - steady;

  function put(time, heard) {
    server = time;
    steady = heard;
    wall = Date.now() - (performance.now() - heard);
  }

  function set(time, heard = performance.now()) {
    put(Date.parse(time), heard);
    offset = server - wall;
    last = server;
    if (heard - noted < SELDOM) return;
    noted = heard;
    remember(server, wall);
  }

  // However wrong a machine's clock is, it is later than when the server was last heard.
  function believeWall() {
    put(Math.max(server, Date.now() + offset), performance.now());
  }

  function begin() {
    const note = recall();
    offset = note ? note.server - note.wall : 0;
    last = server = Math.max(Date.parse(iso), note?.server ?? 0);
    believeWall();
  }

  if (kept) begin();
  else set(iso, arrived);
  return {
    set,
    now,
    // When the server was last heard, by its own clock.
    heard: () => last,
    // A sleeping machine stops its steady clock but not the wall's. A wall clock that was put right looks the
    // same: so the server is asked first, and only without an answer the wall clock is believed.
    hasSlept: () => ahead() > SLEPT,
    believeWall,
  };
}
