// Another room for whoever finds this one taken: the best free ones, each booked by one tap for one of its own offers.

import { settle } from "./hands.js";
import { closeSheets, openSheet } from "./sheet.js";

const PATIENCE = 5_000;
// A screen has place for so many offers of a room beside its name.
const MOST_OFFERS = 3;

const make = (tag, className, ...inside) => {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...inside);
  return element;
};

// `say(words, more)` tells at the door what came of it.
export function otherSheet(sheet, { room, say, words, wording }) {
  const list = sheet.querySelector("[data-rooms]");
  const said = sheet.querySelector("[data-told]");
  const { pending } = list.dataset;
  let asking;

  function row(other) {
    const { name, where, capacity, until, offers = [] } = other;
    const seats = capacity ? words.seats.replace("{count}", wording.number(capacity)) : "";
    const lasts = until ? words.until.replace("{time}", wording.time(Date.parse(until))) : words.rest_of_day;
    const label = make("div", "other__room", make("b", "other__name", make("bdi", "", name)));
    label.append(make("span", "other__where", make("bdi", "", [where, seats].filter(Boolean).join(" · "))));
    label.append(make("span", "other__until", lasts));
    const buttons = make("div", "other__offers", ...shown(offers).map((offer) => button(other, offer)));
    return make("li", "other", label, buttons);
  }

  // Where there are more, the longest stays.
  const shown = (offers) => (offers.length > MOST_OFFERS ? [...offers.slice(0, MOST_OFFERS - 1), offers.at(-1)] : offers);

  function button({ room: at, name, where }, { minutes, until }) {
    const text = minutes
      ? [make("b", "", wording.number(minutes)), make("small", "", words.min)]
      : [make("small", "", words.until_word), make("b", "", wording.time(Date.parse(until)))];
    const made = make("button", "act", make("span", "unseen", `${words.book} ${name} `), ...text);
    made.type = "button";
    Object.assign(made.dataset, { act: "other", at, name, where, pending, ...(minutes ? { minutes } : { until }) });
    return made;
  }

  function show(rooms, text) {
    list.replaceChildren(...rooms.map(row));
    said.textContent = text;
    settle();
  }

  async function ask() {
    asking?.abort();
    const { signal } = (asking = new AbortController());
    try {
      const either = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
      const headers = { "Accept-Language": document.documentElement.lang };
      const answer = await fetch(`/api/v1/rooms/${room}/alternatives`, { cache: "no-store", headers, signal: either });
      if (!answer.ok) throw new Error(answer.status);
      const { alternatives } = await answer.json();
      return alternatives.filter(({ offers }) => offers?.length);
    } catch {
      return signal.aborted ? undefined : null;
    }
  }

  // Only the answer to the last question counts.
  async function renew(first = "") {
    const current = await ask();
    if (!sheet.open || current === undefined) return;
    if (!current) return show([], [first, words.others_away].filter(Boolean).join(" "));
    show(current, current.length ? first : [first, words.no_others].filter(Boolean).join(" "));
  }

  function open() {
    show([], words.looking);
    openSheet(sheet);
    return renew();
  }

  function sentence({ status, end, message }, { name, where }) {
    if (status !== "confirmed") return `${name}: ${message}`;
    const booked = words.booked_there.replace("{room}", name).replace("{time}", wording.time(Date.parse(end)));
    return where ? `${booked} — ${where}` : booked;
  }

  // A room that somebody else has taken meanwhile is said to be taken, and the list made anew.
  function told({ ok, body, reached }, wish) {
    if (!ok) return renew(`${wish.name}: ${body?.detail ?? (reached ? words.failed : words.unanswered)}`);
    closeSheets();
    say(sentence(body, wish), { undo: body.id && `bookings/${body.id}?room=${wish.at}` });
  }

  sheet.addEventListener("close", () => {
    asking?.abort();
    show([], "");
  });

  return { open, told };
}
