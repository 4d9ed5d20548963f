// When the screen of this machine is lit, where that is said of it and not of its rooms: hours of a week, in the zone of
// its rooms, such as "Mon-Fri 06:30-20:00", or "always".

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

function read(text) {
  const [, first, last, start, end] = text.trim().match(/^(\w+)-(\w+) (\S+)-(\S+)$/);
  return { first: DAYS.indexOf(first), last: DAYS.indexOf(last), start, end };
}

const hours = document.body.dataset.light;
const spans = hours === "always" ? [] : hours.split(",").map(read);
const parts = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const formats = {};

export function isDark(now, zone) {
  if (!spans.length) return false;
  formats[zone] ??= new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: zone });
  const { weekday, hour, minute } = Object.fromEntries(
    formats[zone].formatToParts(now).map(({ type, value }) => [type, value]),
  );
  const [day, time] = [DAYS.indexOf(weekday), `${hour}:${minute}`];
  return !spans.some(({ first, last, start, end }) => first <= day && day <= last && start <= time && time < end);
}
