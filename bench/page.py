"""How long a page's scripts work for one update, on a processor four times as slow; and boards' first pictures.

A door and a board get updates of a room over a live connection that is played here; what is measured is from its
coming to the page until the scripts have done with it, layout and painting aside. Displays may take 4 ms. Boards of
4 and of 200 rooms come from the real server to a browser that knows nothing yet; 200 may take 1.5 s.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.hall import Hall
from tests.browser.stage import NOW, Stage
from tests.browser.test_flat import PLAY, ROOM, tracks, watched

SLOWER = 4
WARM_UP = 200
UPDATES = 200
VISITS = 10
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]"
TIMED = """async ([tracks, first, last]) => {
    const times = [];
    for (let number = first; number < last; number += 1) {
        const { version } = document.querySelector('main').dataset;
        const oak = structuredClone(tracks[number % tracks.length]);
        const started = performance.now();
        wire.tell('tracks', { version: `v${number}`, previous: version, tracks: { oak } });
        times.push(performance.now() - started);
        await new Promise((done) => setTimeout(done));
    }
    return times;
}"""


def main() -> None:
    with sync_playwright() as playwright, Stage(ROOM, moment=NOW) as stage:
        browser = chromium.launch(playwright)
        for display in ("door", "lobby"):
            times = measure(browser, stage, display)
            print(f"{display}: script for one update at {SLOWER} times slower, ms:", said(times))
        for rooms in (4, 200):
            print(f"board of {rooms} rooms: first picture, ms:", said(first_pictures(browser, rooms)))
        browser.close()


def first_pictures(browser: Browser, rooms: int) -> list[float]:
    """Return the milliseconds from the request for a board to its first picture with words."""
    with tempfile.TemporaryDirectory() as name, Hall(Path(name)) as hall:
        hall.house(rooms)
        return [first_picture(browser, hall.board()) for _ in range(VISITS)]


def first_picture(browser: Browser, address: str) -> float:
    context = chromium.window(browser, viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(PAINTED)
    time: float = page.evaluate(f"{PAINTED}.startTime")
    context.close()
    return time


def measure(browser: Browser, stage: Stage, display: str) -> list[float]:
    """Return the milliseconds of each update."""
    context = browser.new_context(viewport={"width": 800, "height": 480})
    page, played = watched(context, stage, display), tracks(stage, display, seed=20)
    page.evaluate(PLAY, [played, 0, WARM_UP])
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    times: list[float] = page.evaluate(TIMED, [played, WARM_UP, WARM_UP + UPDATES])
    context.close()
    return times


def said(values: list[float]) -> str:
    return f"median {statistics.median(values):.1f}, 95th percentile {statistics.quantiles(values, n=20)[18]:.1f}"


if __name__ == "__main__":
    main()
