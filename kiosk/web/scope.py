"""What a device may ask of the API: what concerns the rooms that it shows, and a room that its door offered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask import request

from kiosk.errors import NotFound
from kiosk.store import offered, rooms
from kiosk.store.database import Store
from kiosk.store.devices import Device
from kiosk.web.access import Gate, not_yours
from kiosk.web.openapi.operation import said

# Whatever is not named here is refused: lists of rooms, other people's requests, the log of acts, notices.
ABOUT_A_ROOM = {
    *("api.one_room", "api.schedule", "api.free_rooms", "api.link", "api.book", "api.presence"),
    *("api.known", "api.report", "api.withdraw"),
}
ABOUT_A_BOOKING = {"api.check-in", "api.end", "api.extend", "api.start", "api.release", "api.cancel"}


@dataclass(frozen=True, slots=True)
class Offers:
    """What devices may act on beside their own rooms: by device, rooms that their doors offered, and bookings there."""

    store: Store

    def made(self, device: Device, names: Collection[str], now: datetime) -> None:
        """Remember the rooms that a device was offered just now, or the booking that it made in one."""
        self.store.write(offered.note, device.id, names, now)

    def holds(self, device: Device, name: str, now: datetime) -> bool:
        """Tell whether a device was offered that room, or made that booking, not too long ago."""
        with self.store.read() as db:
            return offered.holds(db, device.id, name, now)


def check(gate: Gate, device: Device, offers: Offers, now: datetime) -> None:
    """Raise a problem unless a device may ask what it asks."""
    own, endpoint = gate.reaches(device), request.endpoint or ""
    if endpoint == "api.people_with_pins":
        allowed = _has_names(gate, own)
    elif endpoint in ABOUT_A_ROOM | ABOUT_A_BOOKING:
        slug = _named()
        allowed = slug in own or offers.holds(device, _elsewhere(slug), now)
    else:
        allowed = False
    if not allowed:
        raise not_yours()


def _named() -> str:
    """Return the room that the request is about, as whoever answers it reads it."""
    if request.endpoint in ABOUT_A_ROOM:
        return str((request.view_args or {}).get("slug", ""))
    return said("room") or ""


def _elsewhere(slug: str) -> str:
    """Return what a device must have been given to do this in a room that is not its own; nothing ever is ""."""
    if request.endpoint == "api.book":
        return slug
    return f"booking {(request.view_args or {}).get('event_id')}" if request.endpoint == "api.cancel" else ""


def _has_names(gate: Gate, slugs: Collection[str]) -> bool:
    """Tell whether people say who they are at one of these rooms."""
    with gate.store.read() as db:
        for slug in slugs:
            try:
                if rooms.by_slug(db, slug).room.policy.names:
                    return True
            except NotFound:
                continue
    return False
