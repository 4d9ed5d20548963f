// The administration's pages work without this; with it they stay fresh, sort, filter, ask and copy.

const FRESH = 3_000;

// Parts of a page that change: <div data-live="/admin/overview.part">, asked for anew while somebody looks.

function isUsed(part) {
  return part.contains(document.activeElement) || part.querySelector("dialog[open], :popover-open, details[open]");
}

async function refresh(part) {
  if (document.hidden || isUsed(part)) return;
  const answer = await fetch(part.dataset.live, { redirect: "manual", cache: "no-store" }).catch(() => null);
  if (answer?.type === "opaqueredirect" || answer?.status === 401) location.reload();
  part.toggleAttribute("data-old", !answer?.ok);
  if (!answer?.ok) return;
  const html = await answer.text();
  if (part.shown === html || isUsed(part)) return;
  part.shown = html;
  part.innerHTML = html;
  prepare(part);
}

async function keepFresh(part) {
  while (part.isConnected && part.dataset.live) {
    await new Promise((wake) => setTimeout(wake, Number(part.dataset.every) || FRESH));
    await refresh(part);
  }
}

// Tables that sort by a column: <table data-sort>; a cell's <data value> or <time datetime> counts before its text.

const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function worth(row, column) {
  const cell = row.cells[column];
  const exact = cell?.querySelector("data, time");
  return exact?.value ?? exact?.dateTime ?? cell?.textContent.trim() ?? "";
}

function sort(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((one, two) => direction * COLLATOR.compare(worth(one, column), worth(two, column)));
  body.append(...rows);
  for (const [index, head] of [...table.tHead.rows[0].cells].entries()) {
    head.ariaSort = index === column ? (direction > 0 ? "ascending" : "descending") : null;
  }
}

function makeSortable(table) {
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    if (head.hasAttribute("data-fixed") || !head.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, column, head.ariaSort === "ascending" ? -1 : 1));
  }
}

// A field that narrows a table down: <input type="search" data-filter="#rooms">; #rooms-none shows when nothing is left.

function filter(field) {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...(document.querySelector(`${field.dataset.filter} tbody`)?.rows ?? [])];
  for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  const none = document.querySelector(`${field.dataset.filter}-none`);
  if (none) none.hidden = rows.some((row) => !row.hidden);
}

// Forms that ask before they are sent: <form data-confirm="Remove Anna?" data-confirm-yes="Remove">.

function ask(form, sender) {
  const dialog = document.getElementById("question");
  dialog.querySelector("p").textContent = form.dataset.confirm;
  const [no, yes] = [dialog.querySelector("[data-no]"), dialog.querySelector("[data-yes]")];
  yes.textContent = form.dataset.confirmYes || "Go on";
  no.onclick = () => dialog.close();
  yes.onclick = () => {
    dialog.close();
    form.dataset.asked = "yes";
    form.requestSubmit(sender);
  };
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && form.dataset.asked !== "yes") {
    event.preventDefault();
    ask(form, event.submitter);
    return;
  }
  delete form.dataset.asked;
  // The field that carries the button's own name and value is read before the button is switched off.
  if (form.method === "post") setTimeout(() => event.submitter?.setAttribute("aria-busy", "true"));
});

// Values to paste elsewhere: a button with `data-copy` after a <code>.

async function copy(button) {
  const code = button.parentElement.querySelector("code");
  getSelection().selectAllChildren(code);
  const copied = navigator.clipboard
    ? await navigator.clipboard.writeText(code.textContent).then(() => true, () => false)
    : document.execCommand("copy");
  button.textContent = copied ? "Copied" : "Selected: copy it";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button);
});

document.addEventListener("input", (event) => {
  if (event.target.dataset.filter) filter(event.target);
});

function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const table of root.querySelectorAll("table[data-sort]")) makeSortable(table);
  for (const field of document.querySelectorAll("[data-filter]")) filter(field);
  for (const part of root.querySelectorAll("[data-when]")) depend(part);
}

// Parts of a form that only some choices need: <fieldset data-when="role=manager">, the name and its values.

function depend(part) {
  const [name, values] = part.dataset.when.split("=");
  const choice = part.closest("form").elements[name];
  const follow = () => {
    part.hidden = !values.split(" ").includes(choice.value);
    part.disabled = part.hidden;
  };
  part.closest("form").addEventListener("change", follow);
  follow();
}

prepare(document);
for (const part of document.querySelectorAll("[data-live]")) keepFresh(part);
