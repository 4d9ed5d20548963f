"""Every display in every status: found well by axe-core, whole on the glass, with targets for fingers, and calm."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.chromium import window
from tests.browser.scenery import DISPLAYS, LOOKS, PARTS, SIZES, STATUSES, WIDTHS, Look, cut_off, drawn, obstacles

EVERY = [(display, status) for display, kind in DISPLAYS.items() for status in kind.statuses]
PRIMARY, OTHER, APART = 15, 9, 8
# How far things have moved in all, as Cumulative Layout Shift counts it.
WATCH = """window.moved = 0;
new PerformanceObserver(list => list.getEntries().forEach(e => (window.moved += e.value)))
  .observe({ type: 'layout-shift', buffered: true })"""
# Words that have no air above and below them in their button.
TIGHT = "all => all.filter(e => e.offsetHeight > 0.9 * e.parentElement.offsetHeight).length"
# The least way, in pixels, from one button to another.
NEAREST = """() => {
    const boxes = [...document.querySelectorAll('.actions .act')].map(e => e.getBoundingClientRect());
    const way = (a, b) => Math.hypot(Math.max(0, a.left - b.right, b.left - a.right),
        Math.max(0, a.top - b.bottom, b.top - a.bottom));
    return Math.min(...boxes.flatMap((a, i) => boxes.slice(i + 1).map(b => way(a, b))));
}"""
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Words that stand in are not as wide to the pixel; a twentieth of what counts as good is seen by nobody.
HAIR = 0.005
# What is there before the letters come, and at which of a display's sizes.
FIRST = [("door", status, 1) for status in ("free", "busy", "soon", "checkin")]
FIRST += [("doors", "some", 1), ("floor", "all", 1), ("phone", "free", 0)]
FIRST += [("lobby", "all", size) for size in range(len(SIZES))]


@pytest.mark.parametrize(("display", "status"), EVERY)
def test_a_display_keeps_nobody_from_using_it(browser: Browser, display: str, status: str) -> None:
    with drawn(browser, display, status, LOOKS["light"], SIZES[0]) as page:
        assert obstacles(page) == []


@pytest.mark.parametrize("look", ["contrast", "rtl"])
@pytest.mark.parametrize("display", ["door", "doors", "lobby", "floor"])
def test_a_display_in_another_look_keeps_nobody_from_using_it(browser: Browser, display: str, look: str) -> None:
    with drawn(browser, display, DISPLAYS[display].statuses[0], LOOKS[look], SIZES[1]) as page:
        assert obstacles(page) == []


@pytest.mark.parametrize("display", DISPLAYS)
def test_nothing_reaches_beyond_the_glass(browser: Browser, display: str) -> None:
    kind = DISPLAYS[display]
    with drawn(browser, display, kind.statuses[0], LOOKS["light"], kind.sizes[0]) as page:
        for width, height in kind.sizes:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(TWO_FRAMES)
            assert cut_off(page) == [], (width, height)


@pytest.mark.parametrize("parts", PARTS)
def test_several_doors_have_their_words_on_one_line_and_targets_for_fingers(browser: Browser, parts: str) -> None:
    with drawn(browser, "doors", parts, LOOKS["light"], SIZES[0]) as page:
        for (width, height), glass in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(TWO_FRAMES)
            assert least(page, ".actions .act") / (width / glass) >= PRIMARY
            assert page.evaluate(NEAREST) / (width / glass) >= APART
            if width > height:
                assert len(middles(page, ".sign__word")) == 1


@pytest.mark.parametrize("size", WIDTHS, ids=str)
@pytest.mark.parametrize("status", [name for name in STATUSES if name != "unknown"])
def test_what_is_touched_is_large_enough_on_its_glass(browser: Browser, status: str, size: tuple[int, int]) -> None:
    with drawn(browser, "door", status, LOOKS["light"], size) as page:
        a_millimetre = size[0] / WIDTHS[size]
        assert least(page, ".actions .act") / a_millimetre >= PRIMARY
        assert least(page, "button, a") / a_millimetre >= OTHER
        assert page.eval_on_selector_all(".actions .act > b", TIGHT) == 0


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_shape_on_the_door(browser: Browser, status: str) -> None:
    with drawn(browser, "door", status, LOOKS["light"], SIZES[0]) as page:
        box = page.eval_on_selector(
            ".mark use", "e => { const b = e.getBoundingClientRect(); return [b.width, b.height]; }"
        )
        assert max(box) > 60


def test_high_contrast_is_taken_from_the_system_and_from_the_theme(browser: Browser) -> None:
    grounds = {}
    for name, look in {"usual": Look(), "theme": Look(theme="contrast")}.items():
        with drawn(browser, "door", "busy", look, SIZES[0]) as page:
            grounds[name] = ground(page)
            page.emulate_media(contrast="more")
            grounds[f"{name}, system"] = ground(page)
    usual = grounds.pop("usual")
    assert set(grounds.values()) != {usual}
    assert len(set(grounds.values())) == 1


def test_a_theme_wins_over_the_system(browser: Browser) -> None:
    grounds = [""] * 3
    for place, look in enumerate((Look("dark"), Look("light", "dark"), Look("dark", "light"))):
        with drawn(browser, "door", "busy", look, SIZES[0]) as page:
            grounds[place] = ground(page)
    assert grounds[0] == grounds[1] != grounds[2]


@pytest.mark.parametrize(("display", "status", "size"), FIRST)
def test_nothing_moves_when_the_letters_come_late(browser: Browser, display: str, status: str, size: int) -> None:
    width, height = DISPLAYS[display].sizes[size]
    context = window(browser, viewport={"width": width, "height": height}, bypass_csp=True)
    page, seen = context.new_page(), threading.Event()
    waiting: list[Route] = []
    page.add_init_script(WATCH)
    page.route("**/fonts/*", lambda route: route.continue_() if seen.is_set() else waiting.append(route))
    with DISPLAYS[display].opened(status, Look()) as address:
        page.goto(address, wait_until="domcontentloaded")
        page.wait_for_function("document.querySelector('[data-stamp]')?.textContent")
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        page.evaluate(TWO_FRAMES)
        assert page.evaluate("window.moved") == 0
        seen.set()
        for route in waiting:
            route.continue_()
        page.wait_for_function("document.fonts.check('16px Inter') && document.fonts.status == 'loaded'")
        page.evaluate(TWO_FRAMES)
        assert waiting
        assert page.evaluate("window.moved") < HAIR
    context.close()


def least(page: Page, selector: str) -> float:
    """The least side, in pixels, of what can be touched."""
    sides = "all => Math.min(1e4, ...all.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect())"
    return float(page.eval_on_selector_all(selector, f"{sides}.flatMap(b => [b.width, b.height]))"))


def middles(page: Page, selector: str) -> set[int]:
    """How far down, in pixels, the middles of elements are."""
    script = "all => all.map(e => e.getBoundingClientRect()).map(b => Math.round((b.top + b.bottom) / 2))"
    return set(page.eval_on_selector_all(selector, script))


def ground(page: Page) -> str:
    """The colour that the glass is painted with."""
    return str(page.eval_on_selector("main", "e => getComputedStyle(e).backgroundColor"))
