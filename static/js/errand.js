// What an administrator asks of the machine that shows this page.

const BLINK = 5_000;
// So much time has the answer to leave before the page goes.
const LEAVE = 300;

// Whoever looks for this screen among others sees it blink, and which one it is.
export function identify({ display, slug }) {
  document.querySelector("[data-identified]")?.remove();
  const shown = document.createElement("div");
  shown.dataset.identified = "";
  shown.append(`/${display}/${slug}`);
  document.body.append(shown);
  setTimeout(() => shown.remove(), BLINK);
}

export function reload() {
  setTimeout(() => location.reload(), LEAVE);
}
