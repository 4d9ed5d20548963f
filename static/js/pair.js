// The page of a screen that nobody has let in yet: it shows a code, and asks whether somebody has approved it.

const PATIENCE = 8_000;
const RETRY = 5_000;
const BLINK = 5_000;

const main = document.querySelector("main");
const words = JSON.parse(main.dataset.words);
const part = (name) => main.querySelector(`[data-${name}]`);
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

// Answers `{status, body}`, with a body of null and a status of 0 when the server cannot be reached.
async function ask(path, body) {
  const headers = { "Content-Type": "application/json" };
  const question = { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE) };
  try {
    const answer = await fetch(`/api/v1/pairing${path}`, question);
    return { status: answer.status, body: await answer.json() };
  } catch {
    return { status: 0, body: null };
  }
}

function show({ user_code = "", verification_uri = "", picture = "" }) {
  part("code").textContent = user_code;
  part("address").textContent = verification_uri.replace(/^https?:\/\//, "");
  // Drawn by the server, of an address of its own.
  part("picture").innerHTML = picture;
}

const say = (text) => (part("said").textContent = text);

function blink() {
  if (document.body.dataset.blinks) return;
  document.body.dataset.blinks = "yes";
  setTimeout(() => delete document.body.dataset.blinks, BLINK);
}

async function begin() {
  for (;;) {
    const { status, body } = await ask("", { picture: "yes" });
    if (status === 201) return body;
    show({});
    say(status === 429 ? words.resting : words.no_code);
    await pause(status === 429 ? 4 * RETRY : RETRY);
  }
}

// Answers whether the screen is let in; until then it asks at the pace that the server says.
async function wait({ device_code, interval }) {
  let time = interval * 1_000;
  for (;;) {
    await pause(time);
    const { status, body } = await ask("/token", { device_code, keep: "cookie" });
    if (status === 200) return true;
    if (body?.identify) blink();
    if (body?.error === "slow_down") time += interval * 1_000;
    if (body?.error === "access_denied") say(words.denied);
    if (["expired_token", "access_denied"].includes(body?.error)) return false;
  }
}

async function pair() {
  for (;;) {
    const begun = await begin();
    show(begun);
    say("");
    if (await wait(begun)) return location.replace("/");
    show({});
    await pause(RETRY);
  }
}

pair();
