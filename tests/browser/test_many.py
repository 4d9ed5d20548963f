"""Boards of many rooms: light at first, whole soon after, and whole in what a browser keeps of them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page

from kiosk import settings
from tests.browser.hall import Hall
from tests.browser.test_kept import TEXT
from tests.running import wait_for

MOST = 150 * 1024
DAY = [("10:00", "10:30"), ("11:00", "12:00"), ("13:15", "14:00"), ("15:00", "15:30"), ("16:00", "17:45")]


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    """A hall that speaks English and German."""
    load = settings.load
    monkeypatch.setattr(settings, "load", lambda *given, **more: replace(load(*given, **more), second_language="de"))
    with Hall(tmp_path) as opened:
        yield opened


def fill(hall: Hall, count: int) -> None:
    for number in range(count):
        hall.room(f"Room {number + 1:03d}", "Berlin", str(number // 20), *DAY, title=f"Planning {number}")


def asked(hall: Hall, **headers: str) -> requests.Response:
    return requests.get(f"{hall.url}/lobby/all", headers=headers, timeout=60)


def test_two_hundred_rooms_in_two_languages_are_light_at_first_and_as_a_whole(hall: Hall) -> None:
    fill(hall, 200)
    first, whole = asked(hall), asked(hall, **{"Kiosk-Whole": "1"})
    assert (first.headers.get("Kiosk-Rest"), whole.headers.get("Kiosk-Rest")) == ("1", None)
    assert len(gzip.compress(first.content)) < len(gzip.compress(whole.content)) < MOST
    rows = json.loads(re.findall(r'id="view">(.*?)</script>', first.text, re.DOTALL)[0])["tracks"]
    assert len(rows) == 200


def opened(hall: Hall, context: BrowserContext) -> Page:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{hall.url}/lobby/all")
    assert "data-rest" in asked(hall).text
    page.wait_for_selector("main:not([data-rest])")
    return page


def statuses(page: Page) -> set[Any]:
    return set(page.eval_on_selector_all(".row:not([hidden])", "all => all.map(row => row.dataset.status)"))


def test_a_board_that_has_begun_with_little_knows_the_whole_day(hall: Hall, browser: Browser) -> None:
    fill(hall, 12)
    context = browser.new_context(bypass_csp=True, service_workers="block")
    page = opened(hall, context)
    assert statuses(page) == {"busy"}
    context.set_offline(True)
    for later, status in (("00:30:00", "free"), ("00:40:00", "busy")):
        page.clock.fast_forward(later)
        page.clock.run_for(100)
        assert statuses(page) == {status}, later
    context.close()


def test_what_is_kept_of_a_board_is_the_whole_of_it(hall: Hall, browser: Browser) -> None:
    fill(hall, 12)
    context = browser.new_context(bypass_csp=True)
    page = opened(hall, context)
    wait_for(lambda: page.clock.run_for(1000) or '"rest": false' in page.evaluate(TEXT))
    context.close()
