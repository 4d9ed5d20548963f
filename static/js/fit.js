// How many rows of a board fit on the glass. Stands in the page, so that already its first picture has them in their
// place; lobby.js goes on with it.

globalThis.fitting = (() => {
  const MOST_ROWS = 9;
  const LEAST_FILLED = 2 / 3;

  // How much room there is, and how much a row and a heading take at least, each with the gap that follows it.
  function measured(list) {
    const style = getComputedStyle(list);
    const pixels = (name) => parseFloat(style.getPropertyValue(name)) || 0;
    const gap = pixels("row-gap");
    return { whole: list.clientHeight + gap, least: pixels("--row-least") + gap, head: pixels("--head") + gap };
  }

  // Rows stay with their heading: where a page begins within a group, the heading stands there again.
  function paged(list, sorted) {
    const { whole, least, head } = measured(list);
    const pages = [];
    let current;
    for (const room of sorted) {
      let cost = least + (room.heading && room.heading !== current?.heading ? head : 0);
      if (!current || cost > current.left || current.rooms.length === MOST_ROWS) {
        cost = least + (room.heading ? head : 0);
        current = { rooms: [], left: whole, room: Math.floor(whole / least) };
        pages.push(current);
      }
      current.rooms.push(room);
      current.left -= cost;
      current.heading = room.heading;
      current.spare = Math.max(0, Math.floor(current.left / least));
    }
    return pages.length ? pages : [{ rooms: [], spare: 0, room: 0 }];
  }

  // Few rows may be taller than they need, but not so tall that they look like something else; with several pages, rows
  // are as tall on the last one as on the others.
  function spare(shown, isOnly, isLast) {
    if (!isOnly) return isLast ? shown.spare : 0;
    return Math.min(shown.spare, Math.max(0, Math.ceil(shown.room * LEAST_FILLED) - shown.rooms.length));
  }

  // Gives rows and headings their heights, and leaves that many rows empty below them.
  function lay(list, items, empty) {
    const heights = items.map((item) => (item.className === "place" ? "max-content" : "minmax(0, 1fr)"));
    list.style.gridTemplateRows = [...heights, ...Array(empty).fill("minmax(0, 1fr)")].join(" ");
  }

  // What the server drew, which is more than may fit.
  function begin(list) {
    let heading = "";
    const rooms = [];
    for (const item of list.children) {
      if (item.className === "place") heading = item.innerHTML;
      else rooms.push({ item, heading });
    }
    const pages = paged(list, rooms);
    const last = pages[0].rooms.at(-1)?.item;
    const items = [...list.children];
    const shown = items.slice(0, items.indexOf(last) + 1);
    for (const item of items.slice(shown.length)) item.hidden = true;
    lay(list, shown, spare(pages[0], pages.length === 1 && !("more" in list.dataset), false));
    delete list.dataset.unfitted;
  }

  begin(document.querySelector("[data-rows]"));
  return { paged, spare, lay };
})();
