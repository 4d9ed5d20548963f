"""What a phone that has scanned the code at a door may ask of the API: its one room, as whoever stands there may."""

from __future__ import annotations

from datetime import datetime

from flask import request

from kiosk.store import tries
from kiosk.store.tries import Resting
from kiosk.web.access import PHONE, Gate, stranger
from kiosk.web.openapi.operation import said
from kiosk.web.problems import too_soon
from kiosk.web.wording import gettext as _

# Whatever is not named here is refused: other rooms, people's names, the log of acts, new links.
ABOUT_A_ROOM = {"api.one_room", "api.schedule", "api.free_rooms", "api.book", "api.report", "api.withdraw"}
ABOUT_A_BOOKING = {"api.check-in", "api.end", "api.extend", "api.start", "api.release", "api.cancel"}


def check(gate: Gate, now: datetime) -> None:
    """Raise a problem unless a phone's visit lets it ask what it asks; each visit books a few times only."""
    visit = gate.presented(request)
    room = gate.room_of(visit)
    if not room or request.endpoint not in ABOUT_A_ROOM | ABOUT_A_BOOKING or _named() != room or _signs():
        raise stranger()
    if request.endpoint == "api.book":
        _count(gate, visit.removeprefix(PHONE), now)


def _named() -> str:
    """Return the room that the request is about, as whoever answers it reads it."""
    if request.endpoint in ABOUT_A_ROOM:
        return str((request.view_args or {}).get("slug", ""))
    return said("room") or ""


def _signs() -> bool:
    """Tell whether a PIN is tried: on a phone people say who they are by signing in."""
    return said("as_") is not None


def _count(gate: Gate, visit: str, now: datetime) -> None:
    try:
        gate.store.write(tries.begin_visit, visit, now)
    except Resting as error:
        sentence = _("This phone has booked often enough. Please try again later, or sign in.")
        raise too_soon("resting", "Too many bookings", sentence, error.until, now) from error
