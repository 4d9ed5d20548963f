"""One person's bookings in all rooms, for the list that they see of themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import Database

from kiosk.schedule.model import Booking
from kiosk.store import diary, rooms
from kiosk.store.models import milliseconds
from kiosk.store.plain import rows
from kiosk.store.rooms import StoredRoom

# An index of this very expression serves it.
ORGANIZED = 'SELECT room_id, event_id FROM event WHERE LOWER(organizer_email) = ? AND "end" > ?'
BOOKED = """
    SELECT room_id, event_id FROM command WHERE person = ? AND "end" > ? AND kind = 'book' AND state <> 'refused'
"""
# A booking may have been extended since it was made, by less than this.
EXTENDED = timedelta(days=1)


def upcoming(db: Database, email: str, now: datetime, limit: int = 200) -> list[tuple[StoredRoom, Booking]]:
    """Return what a person has booked or organizes that is not over, earliest first, each with its room.

    A few queries, however much it is.
    """
    person = email.strip().lower()
    found = {*rows(db, ORGANIZED, person, milliseconds(now)), *rows(db, BOOKED, person, milliseconds(now - EXTENDED))}
    places = [(room_id, event_id) for room_id, event_id in found]
    known = rooms.some(db, {room_id for room_id, _event_id in places})
    picked = [(known[place[0]], booking) for place, booking in diary.picked(db, places).items()]
    theirs = [(stored, one) for stored, one in picked if one.person == person and one.end > now]
    ordered = sorted(theirs, key=lambda pair: (pair[1].start, pair[0].room.name, pair[1].id))
    return diary.attended(db, ordered[:limit])
