"""A room's bookings as its screens and rules need them: mirrored events and holds, merged."""

from __future__ import annotations

from datetime import datetime

from peewee import Database

from kiosk.schedule.availability import bookings
from kiosk.schedule.model import Booking
from kiosk.store import events, journal


def between(db: Database, room_id: int, start: datetime, end: datetime) -> tuple[Booking, ...]:
    """Return the room's bookings that overlap [start, end), earliest first."""
    found = events.between(db, room_id, start, end)
    own = journal.own(db, (event.id for event in found))
    return bookings(found, own, journal.holds(db, room_id, start, end))
