"""A room's bookings as its screens and rules need them: mirrored events and holds, merged, with people's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from peewee import Database

from kiosk.schedule.availability import CALENDAR_ADDRESSES, bookings
from kiosk.schedule.model import Booking, Event, Person
from kiosk.store import events, journal, mirror, people
from kiosk.store.rooms import StoredRoom


def is_known(db: Database, stored: StoredRoom) -> bool:
    """Tell whether a room's schedule has ever been read; a room without a calendar has its own."""
    if stored.calendar_id is None:
        return True
    progress = mirror.progress(db, stored.id)
    return progress is not None and progress.full_at is not None


def between(db: Database, room_id: int, start: datetime, end: datetime) -> tuple[Booking, ...]:
    """Return the room's bookings that overlap [start, end), earliest first."""
    found = events.between(db, room_id, start, end)
    own = journal.own(db, (event.id for event in found))
    return bookings(_named(db, found), own, journal.holds(db, room_id, start, end))


def _named(db: Database, found: list[Event]) -> list[Event]:
    """Name organizers as the Directory does; whoever it does not know stays unnamed, where its people are known.

    A calendar that organizes (a group's, a secondary one) is nobody the Directory could know.
    """
    known = people.names(db, {event.organizer.email.lower() for event in found if event.organizer})
    return found if known is None else [replace(event, organizer=_person(event.organizer, known)) for event in found]


def _person(organizer: Person | None, known: Mapping[str, str]) -> Person | None:
    if organizer is None or organizer.email.lower().endswith(CALENDAR_ADDRESSES):
        return organizer
    name = known.get(organizer.email.lower())
    return None if name is None else Person(organizer.email, organizer.name or name)
