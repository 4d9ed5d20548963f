"""One person's bookings in all rooms, for the list that they see of themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import Database

from kiosk.schedule.model import Booking
from kiosk.store import diary, rooms
from kiosk.store.models import milliseconds
from kiosk.store.plain import rows
from kiosk.store.rooms import StoredRoom

ORGANIZED = 'SELECT room_id, event_id FROM event WHERE LOWER(organizer_email) = ? AND "end" > ?'
BOOKED = """
    SELECT room_id, event_id FROM command WHERE kind = 'book' AND person = ? AND state <> 'refused' AND "end" > ?
"""
# A booking may have been extended since it was made, by less than this.
EXTENDED = timedelta(days=1)


def upcoming(db: Database, email: str, now: datetime, limit: int = 200) -> list[tuple[StoredRoom, Booking]]:
    """Return what a person has booked or organizes that is not over, earliest first, each with its room."""
    person = email.strip().lower()
    found = {*rows(db, ORGANIZED, person, milliseconds(now)), *rows(db, BOOKED, person, milliseconds(now - EXTENDED))}
    known = {one.id: one for one in rooms.every(db)}
    asked = ((known[room_id], diary.find(db, known[room_id], event_id)) for room_id, event_id in found)
    theirs = [(stored, one) for stored, one in asked if one and one.person == person and one.end > now]
    return sorted(theirs, key=lambda pair: (pair[1].start, pair[0].room.name, pair[1].id))[:limit]
