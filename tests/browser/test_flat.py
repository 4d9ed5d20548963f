"""A page that has been up for a week is as light as on the first day: as much on it, heard by it, and kept by it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page

from kiosk.live.drawing import track_json
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Booking, CheckIn, Message, Policy
from tests.browser.stage import NOW, OAK, Stage
from tests.conftest import Tell
from tests.running import wait_for

WEEK = 20_000
MINUTE = timedelta(minutes=1)
ROOM = replace(OAK, policy=Policy(names=True, edit_meetings=True))
SHUT = replace(OAK, policy=Policy(hours=parse("Mon-Fri 12:00-19:00")))
SCENES = 60

# Stands where the library of the live connection is: hears what is said, and says what the test wants.
WIRE = """export function io() {
    const heard = {};
    window.wire = { tell: (event, message) => heard[event]?.(message), shown: 0 };
    const emitWithAck = async () => ((window.wire.shown += 1), { stamp: JSON.parse(window.stamp), view: null });
    setTimeout(() => heard.connect?.());
    return { connected: true, on: (event, act) => (heard[event] = act), emit() {}, timeout: () => ({ emitWithAck }) };
}"""
PLAY = """async ([tracks, first, last]) => {
    for (let number = first; number < last; number += 1) {
        const { version } = document.querySelector('main').dataset;
        const oak = tracks[number % tracks.length];
        wire.tell('tracks', { version: `v${number}`, previous: version, tracks: { oak } });
        if (number % 20 === 0) await new Promise((done) => setTimeout(done));
    }
}"""

# What a page fetches when there is time, which is part of what it weighs.
LATER = {"door": ["later", "other", "name", "notices", "code"], "lobby": ["notices"]}
FETCHED = """names => names.every(name =>
    performance.getEntriesByType('resource').some(one => one.name.includes(`/${name}.js`)))"""


@dataclass
class Weight:
    """What a page weighs after its garbage was collected."""

    nodes: int
    listeners: int
    heap: int


def weigh(wires: CDPSession) -> Weight:
    for _ in range(3):
        wires.send("HeapProfiler.collectGarbage")
    found = {one["name"]: int(one["value"]) for one in wires.send("Performance.getMetrics")["metrics"]}
    return Weight(found["Nodes"], found["JSEventListeners"], found["JSHeapUsedSize"])


def tracks(stage: Stage, display: str, seed: int) -> list[Any]:
    """Return what a page plays for many days of one room, all different."""
    chance, found = random.Random(seed), []
    for _ in range(SCENES):
        stage.room, stage.bookings = chance.choice([(ROOM, day(chance)), (SHUT, day(chance))])
        stage.messages = [Message("missed", NOW - MINUTE, NOW + 9 * MINUTE, NOW - MINUTE, NOW)] * chance.randint(0, 1)
        found.append(track_json(stage.drawn(stage.app, display)["oak"], NOW))
    return found


def day(chance: random.Random) -> list[Booking]:
    """Return some bookings around the stage's moment."""
    starts = sorted(chance.sample(range(-90, 600, 15), chance.randint(0, 8)))
    return [booking(chance, str(number), start) for number, start in enumerate(starts)]


def booking(chance: random.Random, id: str, minutes: int) -> Booking:
    start = NOW + minutes * MINUTE
    wanted = CheckIn(start - 10 * MINUTE, start + 10 * MINUTE) if chance.random() < 0.3 else None
    title = chance.choice(["", "Review", "Planning of the quarter"])
    own, held = chance.random() < 0.4, chance.random() < 0.1
    return Booking(id, start, start + 15 * MINUTE, title, "Ada", own=own, held=held, check_in=wanted)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage(ROOM, moment=NOW) as opened:
        yield opened


def watched(context: BrowserContext, stage: Stage, display: str) -> Page:
    """Open a screen whose live connection is the test."""
    context.route("**/socket.io.esm.min.js", lambda route: route.fulfill(body=WIRE, content_type="text/javascript"))
    page = context.new_page()
    page.add_init_script("""addEventListener('DOMContentLoaded', () => {
        window.stamp = JSON.stringify(JSON.parse(document.getElementById('view').textContent).stamp);
    })""")
    page.goto(f"{stage.url}/{display}/oak")
    page.wait_for_function("window.wire?.shown")
    return page


def is_flat(before: Weight, after: Weight) -> bool:
    """Tell whether a page weighs what it did; what its last update leaves is collected a moment later."""
    same = after.nodes <= before.nodes * 1.1 and after.listeners <= before.listeners
    return same and after.heap <= before.heap * 1.1


def stays_flat(context: BrowserContext, stage: Stage, display: str, updates: int) -> tuple[Weight, Weight]:
    """Play updates to a page that has seen some; return what it weighed before them and after, which must be alike."""
    page, played = watched(context, stage, display), tracks(stage, display, seed=20)
    wires = context.new_cdp_session(page)
    wires.send("Performance.enable")
    page.wait_for_function(FETCHED, arg=LATER[display])
    begin = 5 * SCENES
    end = begin + updates
    page.evaluate(PLAY, [played, 0, begin])
    before = weigh(wires)
    for first in range(begin, end, 1000):
        page.evaluate(PLAY, [played, first, min(first + 1000, end)])
    # Asked without Playwright's locators, which would put scripts of their own into the page.
    assert page.evaluate("document.querySelector('main').dataset.version") == f"v{end - 1}"
    assert page.evaluate("wire.shown") > updates
    wait_for(lambda: is_flat(before, weigh(wires)))
    return before, weigh(wires)


@pytest.mark.parametrize("display", ["door", "lobby"])
def test_a_page_grows_no_heavier_with_every_update(context: BrowserContext, stage: Stage, display: str) -> None:
    stays_flat(context, stage, display, 10 * SCENES)


@pytest.mark.soak
@pytest.mark.parametrize("display", ["door", "lobby"])
def test_a_week_of_updates_leaves_a_page_as_light_as_it_was(
    context: BrowserContext, stage: Stage, display: str, tell: Tell
) -> None:
    updates = int(WEEK * float(os.environ.get("SOAK_SCALE", "1"))) // SCENES * SCENES
    before, after = stays_flat(context, stage, display, updates)
    tell(f"{display}: {updates} updates, before {before}, after {after}")


# The socket tells what a tap has made a moment after its answer.
TELL = """track => {
    const ask = window.fetch;
    window.fetch = async (...question) => {
        const answer = await ask(...question);
        const { version } = document.querySelector('main').dataset;
        if (String(question[0]).endsWith('/bookings'))
            setTimeout(() => wire.tell('tracks', { version: 'v1', previous: version, tracks: { oak: track } }), 100);
        return answer;
    };
}"""
# What the door shows at the moment at which it tells what came of a tap.
LISTEN = """() => new MutationObserver(() => (window.told ??= document.querySelector('main').dataset.status))
    .observe(document.querySelector('[data-message]'), { attributeFilter: ['hidden'] })"""


def test_what_came_of_a_tap_is_told_with_the_status_that_it_makes(context: BrowserContext, stage: Stage) -> None:
    page = watched(context, stage, "door")
    page.evaluate(LISTEN)
    stage.bookings = [Booking("made", NOW - MINUTE, NOW + 15 * MINUTE, own=True)]
    page.evaluate(TELL, track_json(stage.drawn(stage.app, "door")["oak"], NOW))
    page.locator("[data-act=book]").first.click()
    page.wait_for_function("window.told")
    assert page.evaluate("window.told") == "busy"
