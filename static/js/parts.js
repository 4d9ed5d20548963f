// Parts of a page that come after its first picture. A screen that hangs for months has also begun while its server
// was starting anew: what could not be fetched then is fetched later.

const QUIET = 3_000;
const PAUSE = 2_000;
const LONGEST_PAUSE = 60_000;
const PATIENCE = 10_000;
const LONGEST_PATIENCE = 160_000;

const failures = new Map();

const givenUp = (time) => new Promise((_, reject) => setTimeout(reject, time, new Error("It does not come.")));

// `address`: seen from this file. Some browsers remember what has failed, so after each failure it has another address.
// What hangs has failed as well, but a slow way here is given ever more time.
export async function load(address) {
  const times = failures.get(address) ?? 0;
  const patience = Math.min(PATIENCE * 2 ** times, LONGEST_PATIENCE);
  try {
    return await Promise.race([import(times ? `${address}?${times}` : address), givenUp(patience)]);
  } catch (error) {
    failures.set(address, times + 1);
    throw error;
  }
}

// What a page cannot do without is asked for until it is there.
export async function getPart(address) {
  for (let pause = PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return await load(address);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

// What few open is fetched when it is wanted, or when there is time, and is then there without the server too; what could
// not be fetched is fetched anew when it is wanted next.
export function fetched(make) {
  let making;
  const get = () => {
    making ??= make();
    return making.catch((error) => {
      making = undefined;
      throw error;
    });
  };
  setTimeout(() => get().catch(() => {}), QUIET);
  return get;
}
