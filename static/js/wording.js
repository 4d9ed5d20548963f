// The few words the page makes by itself: the time, the age of what it shows, and what is left until a moment.

const SECOND = 1_000;
const MINUTE = 60_000;
const MOST_TEXTS = 100;
const MOVING = "[data-clock], [data-countdown], [data-drain], [data-start][data-end]";

// `clock` is the server's own way to write times, so that both write them alike.
export function makeWording(main, { language, zone }, { clock }) {
  const numberingSystem = main.dataset.numerals;
  const hands = new Intl.DateTimeFormat("en", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  });
  const number = new Intl.NumberFormat(language, { numberingSystem });
  const twoDigits = new Intl.NumberFormat(language, { numberingSystem, minimumIntegerDigits: 2 });
  const plural = new Intl.PluralRules(language);
  const write = (element, text) => element.textContent === text || (element.textContent = text);

  const texts = new Map();

  // A page writes the same few minutes with every update.
  function time(moment) {
    const minute = Math.floor(moment / MINUTE);
    if (texts.size > MOST_TEXTS) texts.clear();
    if (!texts.has(minute)) texts.set(minute, written(moment));
    return texts.get(minute);
  }

  function written(moment) {
    const [HH, mm] = hands.format(moment).split(":");
    const hour = Number(HH);
    const said = { HH, mm, h: hour % 12 || 12, K: hour % 12, a: hour < 12 ? clock.am : clock.pm };
    return clock.pattern.replace(/HH|mm|h|K|a/g, (sign) => said[sign]);
  }

  // The server sends the sentence of some numbers; the one whose number is of the same category fits.
  function sentence(element, count) {
    const known = Object.entries(JSON.parse(element.dataset.sentences));
    const fitting = known.find(([sample]) => plural.select(Number(sample)) === plural.select(count)) ?? known.at(-1);
    return fitting[1].replace("{n}", number.format(count));
  }

  function countDown(element, now) {
    const left = Math.max(0, Date.parse(element.dataset.countdown) - now);
    if (element.dataset.sentences) {
      write(element, sentence(element, Math.ceil(left / MINUTE)));
      return left % MINUTE || MINUTE;
    }
    const seconds = Math.ceil(left / SECOND);
    write(element, `${number.format(Math.floor(seconds / 60))}:${twoDigits.format(seconds % 60)}`);
    return left % SECOND || SECOND;
  }

  function drain(element, now) {
    const whole = element.dataset.drainMinutes * MINUTE;
    const left = Math.min(1, Math.max(0, (Date.parse(element.dataset.drain) - now) / whole));
    main.style.setProperty("--left", left.toFixed(4));
    return SECOND;
  }

  function moveNow(strip, now) {
    const [start, end] = [Date.parse(strip.dataset.start), Date.parse(strip.dataset.end)];
    const at = `${Math.min(100, Math.max(0, (100 * (now - start)) / (end - start))).toFixed(2)}%`;
    const line = strip.querySelector("[data-now]");
    line.setAttribute("x1", at);
    line.setAttribute("x2", at);
    strip.querySelector("[data-past]").setAttribute("width", at);
    return MINUTE;
  }

  function moved(element, now) {
    const { dataset } = element;
    if ("clock" in dataset) write(element, time(now));
    if ("countdown" in dataset) return countDown(element, now);
    if ("drain" in dataset) return drain(element, now);
    return "start" in dataset ? moveNow(element, now) : MINUTE;
  }

  return {
    time,
    number: (count) => number.format(count),
    write,
    // Brings all that moves with time up to date; answers after how many milliseconds to do so again.
    refresh(now) {
      const waits = Array.from(main.querySelectorAll(MOVING), (element) => moved(element, now));
      return Math.min(MINUTE - (now % MINUTE), ...waits);
    },
  };
}
