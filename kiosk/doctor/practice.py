"""What the doctor works with, and what is known of a room before Google is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk import clock
from kiosk.google.probe import GoogleProbe
from kiosk.source import CalendarSource, DirectorySource
from kiosk.store import channels, directory, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom


@dataclass(frozen=True, slots=True)
class Practice:
    """The adapters, and what the settings say.

    `left`: requests left of this minute and of this day; `per_day`: how many there are in a day. `hook`: where Google
    announces changes, empty where it cannot; `public_url`: where the settings say this server is. `sign_in`: people
    can sign in here.
    """

    store: Store
    probe: GoogleProbe
    calendars: CalendarSource
    directory: DirectorySource
    left: Callable[[], tuple[int, int]]
    per_day: int
    public_url: str = ""
    hook: str = ""
    sign_in: bool = False
    clock: clock.Clock = clock.now


@dataclass(frozen=True, slots=True)
class Patient:
    """A linked room: how its changes are announced (live, refused, off or nothing) and why not, and its neighbours.

    `vanished`: the Directory no longer has it. `zone_nearby`: the time zone of most rooms in its building.
    """

    stored: StoredRoom
    push: str
    push_refusal: str
    vanished: bool
    zone_nearby: str


def patients(practice: Practice) -> list[Patient]:
    """Return all linked rooms."""
    now = practice.clock()
    with practice.store.read() as db:
        linked = [one for one in rooms.every(db) if one.calendar_id]
        push, vanished = channels.states(db, now), directory.vanished(db)
    nearby = _usual_zones(linked)
    return [Patient(one, *push[one.id], one.room.slug in vanished, nearby.get(one.room.building, "")) for one in linked]


def _usual_zones(linked: list[StoredRoom]) -> dict[str, str]:
    """Return, by building, the zone of more than half of its rooms."""
    zones: dict[str, list[str]] = {}
    for one in linked:
        if one.room.building:
            zones.setdefault(one.room.building, []).append(one.room.zone.key)
    found = {building: max(set(all_), key=all_.count) for building, all_ in zones.items()}
    return {
        building: zone for building, zone in found.items() if zones[building].count(zone) * 2 > len(zones[building])
    }
