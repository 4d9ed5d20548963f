// The tracks of many rooms come packed (kiosk/live/packing.py): every line of their HTML once, named by its number, and of
// each scene only what is new in it.

const mapped = (parts, make) =>
  Object.fromEntries(Object.entries(parts).map(([name, numbers]) => [name, make(numbers)]));

// Answers the view as it is played; one that is not packed is left as it is.
export function unpack({ lines, others = {}, ...view }) {
  if (!lines) return view;
  const second = lines.map((line, number) => others[number] ?? line);
  const hasOther = Object.keys(others).length > 0;
  for (const track of Object.values(view.tracks)) {
    const numbers = track.parts;
    let before = {};
    track.scenes = track.scenes.map((scene) => (before = { ...before, ...scene }));
    track.parts = mapped(numbers, (some) => some.map((number) => lines[number]).join("\n"));
    if (hasOther) track.other = mapped(numbers, (some) => some.map((number) => second[number]).join("\n"));
  }
  return view;
}
