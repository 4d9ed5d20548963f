// One tap, one request: the same key however often it must be sent, so that the server acts on it once.

const PATIENCE = 10_000;
// So long what came of a tap waits for the picture that shows it.
const SETTLING = 1_000;
const PAUSES = [500, 1_500, 3_000];

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

// Unlike crypto.randomUUID this is there over plain http too.
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Answers `{ok, reached, body, wait}`: `body` is what the server said, null when nothing that can be read came back;
// `wait` the seconds after which it may be asked again, 0 where it does not say. `patience`: how long one try may take.
export async function send(method, path, body, patience = PATIENCE) {
  const headers = {
    "Content-Type": "application/json",
    "Idempotency-Key": randomKey(),
    "Accept-Language": document.documentElement.lang,
  };
  const request = { method, headers, body: body && JSON.stringify(body) };
  for (const time of [...PAUSES, null]) {
    try {
      const answer = await fetch(`/api/v1/${path}`, { ...request, signal: AbortSignal.timeout(patience) });
      const said = await answer.json().catch(() => null);
      // A gateway that speaks for a server which is away says nothing that can be read.
      const wait = Number(answer.headers.get("Retry-After"));
      if (said || answer.status < 500) return { ok: answer.ok, reached: true, body: said, wait };
    } catch {
      // No answer: the next try tells.
    }
    if (time) await pause(time);
  }
  return { ok: false, reached: false, body: null };
}

// Says on a button that its act is under way, and marks the part of the page that it is in; answers what ends that.
export function pend(button, box) {
  const pending = document.createElement("b");
  pending.className = "act__pending";
  pending.textContent = button.dataset.pending;
  button.append(pending);
  button.dataset.sending = box.dataset.sending = "";
  return () => {
    pending.remove();
    button.removeAttribute("data-sending");
    delete box.dataset.sending;
  };
}

// Waits until the page shows another version than `before`, so that the status and what is told of it are one.
export function onGlass(main, before, link) {
  if (main.dataset.version !== before) return undefined;
  return new Promise((resolve) => {
    const shown = new MutationObserver(done);
    function done() {
      shown.disconnect();
      resolve();
    }
    shown.observe(main, { attributeFilter: ["data-version"] });
    setTimeout(done, SETTLING);
    if (link.isDead()) link.fetchAnew().then(done);
  });
}

// What the server said of a tap, or that it said nothing.
export const saidOf = ({ body, reached }, words) =>
  body?.message ?? body?.detail ?? (reached ? words.failed : words.unanswered);
