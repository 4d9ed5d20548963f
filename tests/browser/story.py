"""The pictures of the README and the docs: a house in the late morning, drawn anew by `script/screens --story`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from kiosk import clock
from kiosk.schedule.model import Booking, CheckIn, Room
from tests.browser import scenery
from tests.browser.chromium import window
from tests.browser.scenery import TOLD, Look
from tests.browser.stage import NOW, OAK, Stage, at

# So many colours keep letters smooth and files small.
COLOURS = 64
PANEL, WALL, PHONE = (800, 480), (1280, 720), (390, 844)
LINK = "https://rooms.example/phone/oak?key=Zm9yIGEgc2hvcnQgd2hpbGUgb25seQ"
ELBE = replace(OAK, name="Elbe", capacity=8)
REVIEW = Booking("review", at("08:00"), at("09:00"), title="Design review", owner="Ada Okafor")
ROADMAP = Booking("roadmap", at("12:00"), at("13:00"), title="Roadmap", owner="Linus Silva")
DAY = (ROADMAP, Booking("weekly", at("14:30"), at("15:30"), title="Team weekly", owner="Hedy Novak"))
MISSED = replace(REVIEW, check_in=CheckIn(at("07:50"), at("08:11")))
OTHERS = (("panke", "Panke", "same floor", "12:30"), ("spree", "Spree", "1 floor down ↓", "10:00"))


@dataclass(frozen=True)
class Picture:
    """One picture: what is served, how large its glass is, and what is touched before."""

    opened: Callable[[], AbstractContextManager[Any]]
    path: str = "door/oak"
    size: tuple[int, int] = PANEL
    touch: Callable[[Page], None] = lambda page: None
    scheme: str = "light"


def _door(*bookings: Booking, **more: Any) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: Stage(ELBE, (*bookings, *DAY), moment=NOW, **more)


def _three() -> Stage:
    beside = [(Room("elm", "Havel", OAK.zone), [REVIEW]), (Room("ash", "Spree", OAK.zone), [MISSED])]
    return Stage(ELBE, DAY, moment=NOW, beside=beside)


def _board() -> Stage:
    names = ("Havel", "Isar", "Neckar", "Panke", "Saale", "Spree", "Weser")
    soon = replace(REVIEW, start=at("08:15"), title="Customer call", owner="Radia Castillo")
    busy = [[REVIEW], [], [MISSED], [soon], list(DAY), [replace(REVIEW, end=at("10:30"))], []]
    rooms = [replace(ELBE, slug=name.lower(), name=name, floor=str(1 + n // 4)) for n, name in enumerate(names)]
    return Stage(replace(ELBE, floor="1"), DAY, moment=NOW, neighbours=list(zip(rooms, busy, strict=True)))


def _other() -> Stage:
    found = [
        {
            "room": slug,
            "name": name,
            "where": where,
            "capacity": 8,
            "until": clock.iso(at(until)),
            "offers": [{"minutes": 15}, {"minutes": 30}, {"until": clock.iso(at(until))}],
        }
        for slug, name, where, until in OTHERS
    ]
    return Stage(ELBE, (REVIEW, *DAY), moment=NOW, others=found)


def _press(selector: str, then: str) -> Callable[[Page], None]:
    def touch(page: Page) -> None:
        page.locator(selector).first.click()
        page.wait_for_selector(then)

    return touch


def _told() -> Stage:
    said = {"id": 1, "from": clock.iso(NOW), "until": clock.iso(at("18:00")), **TOLD["emergency"]}
    return Stage(ELBE, DAY, moment=NOW, told=[said])


def _seen(selector: str) -> Callable[[Page], None]:
    def look(page: Page) -> None:
        page.wait_for_selector(selector)

    return look


STORY = {
    "door-free": Picture(_door(link=LINK)),
    "door-soon": Picture(_door(replace(REVIEW, start=at("08:17")))),
    "door-busy": Picture(_door(REVIEW)),
    "door-checkin": Picture(_door(MISSED)),
    "door-later": Picture(_door(), touch=_press("[data-open=later]", "dialog[open]")),
    "door-other": Picture(_other, touch=_press("[data-open=other]", "dialog[open] .other")),
    "door-arabic": Picture(_door(REVIEW, language="ar"), scheme="dark"),
    "doors": Picture(_three, "doors/three"),
    "lobby": Picture(_board, "lobby/all", WALL),
    "floor": Picture(lambda: scenery.floor("all", Look()), "", WALL, _seen(".spot")),
    "phone": Picture(_door(), "phone/oak", PHONE),
    "emergency": Picture(_told, touch=_seen("[data-emergency][open]")),
}


def draw(browser: Browser, folder: Path) -> None:
    """Draw the whole story into a folder."""
    for name, picture in STORY.items():
        width, height = picture.size
        context = window(
            browser,
            viewport={"width": width, "height": height},
            color_scheme=picture.scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        page = context.new_page()
        with picture.opened() as served:
            page.goto(served if isinstance(served, str) else f"{served.url}/{picture.path}")
            page.wait_for_function("document.querySelector('[data-stamp]')?.textContent")
            picture.touch(page)
            page.wait_for_function("document.fonts.status == 'loaded'")
            shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
        shot.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)
        context.close()
