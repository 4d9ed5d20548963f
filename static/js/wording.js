// The few words the page makes by itself: the time, the age of what it shows, and what is left until a moment.

const SECOND = 1_000;
const MINUTE = 60_000;

export function makeWording(main, { language, zone }) {
  const numberingSystem = main.dataset.numerals;
  const face = {
    hour: "numeric",
    minute: "2-digit",
    hourCycle: main.dataset.hourCycle,
    timeZone: zone,
    numberingSystem,
  };
  const time = new Intl.DateTimeFormat(language, face);
  const number = new Intl.NumberFormat(language, { numberingSystem });
  const twoDigits = new Intl.NumberFormat(language, { numberingSystem, minimumIntegerDigits: 2 });
  const plural = new Intl.PluralRules(language);
  const write = (element, text) => element.textContent === text || (element.textContent = text);

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

  return {
    time: (moment) => time.format(moment),
    number: (count) => number.format(count),
    write,
    // Brings all that moves with time up to date; answers after how many milliseconds to do so again.
    refresh(now) {
      main.querySelectorAll("[data-clock]").forEach((element) => write(element, time.format(now)));
      const waits = [MINUTE - (now % MINUTE)];
      const each = (selector, act) =>
        main.querySelectorAll(selector).forEach((element) => waits.push(act(element, now)));
      each("[data-countdown]", countDown);
      each("[data-drain]", drain);
      each("[data-start][data-end]", moveNow);
      return Math.min(...waits);
    },
  };
}
