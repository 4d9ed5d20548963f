// Draws the tables of the page as charts. Every series has a pattern of its own beside its colour, so that nothing is
// told by colour alone; without this script the tables stand by themselves.

const Chart = globalThis.Chart;
const PATTERN = 8;

// Colours as the page has them now: by day, by night, in high contrast, on paper.
function colour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const STROKES = {
  plain: () => {},
  rising: (pen) => {
    for (const shift of [-PATTERN, 0, PATTERN]) {
      pen.moveTo(shift, PATTERN);
      pen.lineTo(shift + PATTERN, 0);
    }
  },
  dots: (pen) => pen.rect(2, 2, 2, 2),
  upright: (pen) => {
    pen.moveTo(PATTERN / 2, 0);
    pen.lineTo(PATTERN / 2, PATTERN);
  },
};

function pattern(kind, ink, field) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = PATTERN;
  const pen = tile.getContext("2d");
  pen.fillStyle = field;
  pen.fillRect(0, 0, PATTERN, PATTERN);
  pen.strokeStyle = ink;
  pen.lineWidth = 1.5;
  pen.beginPath();
  STROKES[kind](pen);
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

// A table's rows: the head of each, and the exact value of every cell that has one.
function read(table) {
  const rows = [...table.tBodies[0].rows].filter((row) => !row.hasAttribute("data-gap"));
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const value = (cell) => {
    const exact = cell.querySelector("data")?.value;
    return exact ? Number(exact) : null;
  };
  return {
    heads,
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    column: (number, factor = 1) => rows.map((row) => {
      const found = value(row.cells[number]);
      return found === null ? null : found * factor;
    }),
  };
}

function look() {
  const [ink, quiet, line, card] = ["--page-ink", "--page-quiet", "--page-line", "--page-card"].map(colour);
  const [accent, alarm] = ["--page-accent", "--page-alarm"].map(colour);
  return {
    ink, quiet, line, card, accent,
    first: { backgroundColor: accent, borderColor: accent, borderWidth: 1 },
    second: { backgroundColor: pattern("rising", alarm, card), borderColor: alarm, borderWidth: 1 },
    third: { backgroundColor: pattern("dots", quiet, card), borderColor: quiet, borderWidth: 1 },
  };
}

const PERCENT = { beginAtZero: true, ticks: { callback: (value) => `${value} %` } };

const KINDS = {
  trend: (told, style) => ({
    type: "bar",
    data: {
      labels: told.labels,
      datasets: [
        { ...style.first, label: "In use, % of opening hours", data: told.column(1, 100), order: 2 },
        {
          type: "line", label: "Most rooms at once", data: told.column(3), yAxisID: "rooms", order: 1,
          borderColor: style.ink, borderDash: [5, 3], borderWidth: 2,
          pointStyle: "rectRot", pointBackgroundColor: style.card, pointBorderColor: style.ink, pointRadius: 4,
        },
      ],
    },
    scales: {
      y: { ...PERCENT, suggestedMax: 100 },
      rooms: { position: "right", beginAtZero: true, grid: { display: false }, ticks: { precision: 0 } },
    },
  }),
  rooms: (told, style) => ({
    type: "bar",
    rows: told.labels.length,
    data: {
      labels: told.labels,
      datasets: [
        { ...style.first, label: told.heads[1], data: told.column(1, 100) },
        { ...style.second, label: told.heads[2], data: told.column(2, 100) },
        { ...style.third, label: told.heads[3], data: told.column(3, 100) },
      ],
    },
    options: { indexAxis: "y" },
    scales: { x: { ...PERCENT, stacked: true }, y: { stacked: true, grid: { display: false }, ticks: { autoSkip: false } } },
  }),
  curve: (told, style) => ({
    type: told.labels.length > 1 ? "line" : "bar", // one step alone is no line
    data: {
      labels: told.labels,
      datasets: [{
        label: "Hours with at least so many rooms in use", data: told.column(1), stepped: "middle", fill: true,
        borderColor: style.accent, borderWidth: 2, backgroundColor: pattern("upright", style.accent, style.card),
        pointRadius: 2, pointBackgroundColor: style.accent,
      }],
    },
    scales: {
      x: { title: { display: true, text: "rooms in use at once, at least" } },
      y: { beginAtZero: true, title: { display: true, text: "hours" } },
    },
  }),
  bars: (told, style) => ({
    type: "bar",
    rows: told.labels.length,
    data: { labels: told.labels, datasets: [{ ...style.first, label: told.heads[1], data: told.column(1) }] },
    options: { indexAxis: "y" },
    scales: { x: { beginAtZero: true, ticks: { precision: 0 } }, y: { grid: { display: false } } },
    alone: true,
  }),
};

function themed(scales, style) {
  const colours = { color: style.ink };
  return Object.fromEntries(Object.entries(scales).map(([name, scale]) => [name, {
    ...scale,
    grid: { color: style.line, ...scale.grid },
    ticks: { ...colours, ...scale.ticks },
    ...(scale.title ? { title: { ...scale.title, color: style.ink } } : {}),
  }]));
}

function draw(section, style) {
  const wanted = KINDS[section.dataset.chart](read(section.querySelector("table")), style);
  const picture = section.querySelector(".picture");
  picture.hidden = false;
  if (wanted.rows) picture.style.blockSize = `${wanted.rows * 1.5 + (wanted.alone ? 3 : 5)}rem`;
  const scales = { x: {}, ...wanted.scales };
  section.drawn = new Chart(picture.querySelector("canvas"), {
    type: wanted.type,
    data: wanted.data,
    options: {
      ...wanted.options,
      animation: false,
      maintainAspectRatio: false,
      scales: themed(scales, style),
      plugins: {
        legend: { display: !wanted.alone, labels: { color: style.ink, usePointStyle: false, boxWidth: 28 } },
        tooltip: { callbacks: {} },
      },
    },
  });
}

const SECTIONS = [...document.querySelectorAll("[data-chart]")];

function drawAll() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const style = look();
  for (const section of SECTIONS) {
    section.drawn?.destroy();
    draw(section, style);
  }
}

// On paper: light colours, and every table open; afterwards as before.
function prepareForPaper() {
  document.documentElement.dataset.theme = "light";
  for (const part of document.querySelectorAll(".chart details")) {
    part.dataset.open = part.open;
    part.open = true;
  }
  drawAll();
}

function backOnScreen() {
  delete document.documentElement.dataset.theme;
  for (const part of document.querySelectorAll(".chart details")) part.open = part.dataset.open === "true";
  drawAll();
}

if (Chart && SECTIONS.length) {
  for (const part of document.querySelectorAll(".chart details")) part.open = false;
  drawAll();
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", drawAll);
  }
  addEventListener("beforeprint", prepareForPaper);
  addEventListener("afterprint", backOnScreen);
}
const button = document.querySelector("[data-print]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
