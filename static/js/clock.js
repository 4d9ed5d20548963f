// The server's clock, kept by the machine's steady one: a Pi has no clock of its own, and jumps when it learns the time.

const SLEPT = 2_000;

export function serverClock(iso, arrived) {
  let server, steady, wall;
  const ahead = () => Date.now() - wall - (performance.now() - steady);

  function set(time, heard = performance.now()) {
    server = Date.parse(time);
    steady = heard;
    wall = Date.now() - (performance.now() - heard);
  }

  set(iso, arrived);
  return {
    set,
    now: () => server + performance.now() - steady,
    // A sleeping machine stops its steady clock but not the wall's. A wall clock that was put right looks the
    // same: so the server is asked first, and only without an answer the wall clock is believed.
    hasSlept: () => ahead() > SLEPT,
    believeWall() {
      server += ahead();
      wall += ahead();
    },
  };
}
