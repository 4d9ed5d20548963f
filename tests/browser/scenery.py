"""Every display in every status, size and look: what `script/screens` draws and the tests look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from kiosk import clock
from kiosk.resources import resource
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Booking, CheckIn, Policy, Room
from kiosk.store import drawings, outlines, plans
from tests.browser.admin import LEVELS
from tests.browser.chromium import window
from tests.browser.hall import Hall
from tests.browser.stage import NOW, OAK, Stage, at

SIZES = ((800, 480), (1280, 800), (800, 1280), (1920, 1080), (3840, 2160))
# How wide the glass of a usual panel is, in millimetres: 7, 10 and 10 inches.
WIDTHS = {(800, 480): 154.0, (1280, 800): 217.0, (800, 1280): 135.6}
LATER = Booking("later", at("12:00"), at("13:00"), title="Design review", owner="Ada Lovelace")
OWN = Booking("kioskown", at("08:00"), at("08:30"), own=True)
HOURS = Policy(hours=parse("Mon-Fri 14:00-19:00"))


@dataclass(frozen=True)
class Look:
    """How a screen is looked at: by day or night, in which theme and language, with or without colour."""

    scheme: str = "light"
    theme: str = "auto"
    language: str = "en"
    vision: str = "none"


@dataclass(frozen=True)
class Display:
    """A kind of screen: what it can show, and what serves it (`opened(status, look)` gives its address for a while)."""

    statuses: tuple[str, ...]
    opened: Callable[[str, Look], AbstractContextManager[str]]
    sizes: tuple[tuple[int, int], ...] = SIZES


LOOKS = {
    "light": Look(),
    "dark": Look("dark"),
    "contrast": Look(theme="contrast"),
    "grey": Look(vision="achromatopsia"),
    "rtl": Look(language="ar"),
}

# Of each status, what is known of the room at NOW.
STATUSES: dict[str, dict[str, Any]] = {
    "free": {"bookings": [LATER]},
    "soon": {"bookings": [replace(LATER, start=at("08:17"), end=at("09:00"))]},
    "busy": {"bookings": [replace(LATER, start=at("08:00"), end=at("09:00")), replace(LATER, id="next")]},
    "held": {"bookings": [Booking("kioskheld", at("08:00"), at("08:30"), own=True, held=True), LATER]},
    "checkin": {
        "bookings": [replace(LATER, start=at("08:00"), end=at("09:00"), check_in=CheckIn(at("07:50"), at("08:10")))]
    },
    "closed": {"policy": HOURS, "bookings": [LATER]},
    "unknown": {"known": False},
}
# What three doors on one screen show beside each other, and what is told on a busy one.
PARTS = {"some": ("free", "busy", "soon"), "others": ("own", "checkin", "held")}
TOLD: dict[str, dict[str, str]] = {
    "notice": {"kind": "notice", "level": "info", "title": "Summer party", "text": "Friday at five, in the yard."},
    "warning": {"kind": "notice", "level": "warning", "title": "Lift is out", "text": "Use the stairs at the back."},
    "emergency": {"kind": "emergency", "title": "Fire", "text": "Leave the building.\nDo not use the lifts."},
}
NAMES = ("Aare", "Bodensee", "Chiemsee", "Donau – großer Saal mit Blick", "Eder", "Fulda", "Gardasee", "Havel", "Isar")


def neighbours() -> list[tuple[Room, list[Booking]]]:
    """Rooms of a board in every status that a schedule can have, one of them with a long name."""
    known = [one for name, one in STATUSES.items() if name != "unknown"] * 2
    return [
        (_room(name, one.get("policy", Policy())), one["bookings"]) for name, one in zip(NAMES, known, strict=False)
    ]


def _room(name: str, policy: Policy) -> Room:
    return Room(name[:4].lower(), name, OAK.zone, "Berlin", str(len(name) % 4), policy=policy)


@contextmanager
def door(status: str, look: Look) -> Iterator[str]:
    """Serve the door of one room."""
    known = dict(STATUSES[status])
    room = replace(OAK, policy=known.pop("policy", OAK.policy))
    with Stage(room, moment=NOW, language=look.language, theme=look.theme, **known) as stage:
        yield f"{stage.url}/door/oak"


@contextmanager
def lobby(_status: str, look: Look) -> Iterator[str]:
    """Serve a board of rooms in every status."""
    with Stage(OAK, [], moment=NOW, language=look.language, theme=look.theme, neighbours=neighbours()) as stage:
        yield f"{stage.url}/lobby/all"


@contextmanager
def doors(status: str, look: Look) -> Iterator[str]:
    """Serve the doors of three rooms on one screen."""
    (oak, bookings), *beside = [
        _part(name, one) for name, one in zip(("oak", "elm", "ash"), PARTS[status], strict=True)
    ]
    with Stage(oak, bookings, moment=NOW, language=look.language, theme=look.theme, beside=beside) as stage:
        yield f"{stage.url}/doors/three"


def _part(slug: str, status: str) -> tuple[Room, list[Booking]]:
    known = {"own": {"bookings": [OWN, LATER]}, **STATUSES}[status]
    return Room(slug, slug.title(), OAK.zone, "Berlin", "2", policy=known.get("policy", Policy())), known["bookings"]


@contextmanager
def phone(status: str, look: Look) -> Iterator[str]:
    """Serve the page of one room on a phone."""
    with Stage(OAK, STATUSES[status]["bookings"], moment=NOW, language=look.language, theme=look.theme) as stage:
        yield f"{stage.url}/phone/oak"


@contextmanager
def told(kind: str, look: Look) -> Iterator[str]:
    """Serve a busy door on which something is told."""
    said = {"id": 1, "from": clock.iso(NOW), "until": clock.iso(at("18:00")), **TOLD[kind]}
    bookings = STATUSES["busy"]["bookings"]
    with Stage(OAK, bookings, moment=NOW, language=look.language, theme=look.theme, told=[said]) as stage:
        yield f"{stage.url}/door/oak"


@contextmanager
def floor(_status: str, look: Look) -> Iterator[str]:
    """Serve the plan of a floor with two rooms, and the way to the free one."""
    with TemporaryDirectory() as folder, Hall(Path(folder), language=look.language) as hall:
        hall.room("Spree", "Berlin", "EG", ("14:00", "15:00"))
        hall.room("Havel", "Berlin", "EG", ("10:00", "11:00"))
        drawing = drawings.read((Path(resource("samples")) / "berlin-ground-floor.svg").read_bytes())
        plan = hall.parts.store.write(plans.add, "Ground floor", "Berlin", "EG", drawing)
        hall.parts.store.write(plans.change, plan.slug, plan.name, "Berlin", "EG", (0.5, 0.86))
        hall.parts.store.write(plans.put_called, plan.slug, outlines.parts(drawing.content))
        yield f"{hall.url}/floor/{plan.slug}"


# Another kind of screen is another line here.
DISPLAYS: dict[str, Display] = {
    "door": Display(tuple(STATUSES), door),
    "doors": Display(tuple(PARTS), doors),
    "lobby": Display(("all",), lobby),
    "floor": Display(("all",), floor),
    "told": Display(tuple(TOLD), told),
    "phone": Display(("free", "busy"), phone, ((390, 844),)),
}


@contextmanager
def drawn(browser: Browser, display: str, status: str, look: Look, size: tuple[int, int]) -> Iterator[Page]:
    """Open a display as it is looked at; its letters are there and its first scene is shown."""
    viewport = {"width": size[0], "height": size[1]}
    contrast = "more" if look.theme == "contrast" else "no-preference"
    context = window(
        browser,
        viewport=viewport,
        color_scheme=look.scheme,
        contrast=contrast,
        reduced_motion="reduce",
    )
    page = context.new_page()
    with DISPLAYS[display].opened(status, look) as address:
        page.goto(address)
        page.wait_for_function("document.querySelector('[data-stamp]')?.textContent")
        page.wait_for_function("document.fonts.status == 'loaded'")
        if display == "told":
            page.wait_for_selector("[data-notice]:not([hidden]), [data-emergency][open]")
        if look.vision != "none":
            seen = context.new_cdp_session(page)
            seen.send("Emulation.setEmulatedVisionDeficiency", {"type": look.vision})
        yield page
    context.close()


def obstacles(page: Page) -> list[str]:
    """Return what axe-core finds on a display at AA."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}}).response["violations"]
    return [f"{one['id']}: {node['html'][:120]} {node['failureSummary']}" for one in found for node in one["nodes"]]


def cut_off(page: Page) -> list[str]:
    """Return what can be seen of a display and reaches beyond the glass, by more than the air around a letter."""
    return list(
        page.evaluate(
            """[...document.querySelectorAll('main *')]
            .filter(e => e.checkVisibility() && !e.closest('.unseen, svg, .line__text, .top__name'))
            .filter(e => { const box = e.getBoundingClientRect();
                const below = box.bottom > innerHeight * 1.005 + 1;
                return box.width && (box.right > innerWidth + 1 || below || box.left < -1); })
            .map(e => e.outerHTML.slice(0, 100))"""
        )
    )
