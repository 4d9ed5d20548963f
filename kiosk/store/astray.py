"""Requests for services whose booking is no longer where it was: they move after it, or are taken back with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import Database

from kiosk.schedule.model import Booking
from kiosk.store import diary, events, journal, orders, rooms
from kiosk.store.journal import Kind
from kiosk.store.orders import Request
from kiosk.store.rooms import StoredRoom

# A booking that is moved to another room leaves one calendar before it shows up in the other.
GRACE = timedelta(minutes=2)
# Until so long after its beginning a booking that is gone counts as taken back before: Google's news take a moment.
LATE = timedelta(minutes=5)
# A request that nobody has answered is looked after for longer.
BEHIND = timedelta(hours=12)
TAKING_BACK: tuple[Kind, ...] = ("cancel", "release")


def found(db: Database, now: datetime) -> list[Request]:
    """Return the requests, with bookings still to begin, of which something is not as those who serve were told.

    Those whose booking vanished around its beginning are among them until that is settled.
    """
    living = (one for one in orders.living(db, now - BEHIND) if _is_followed(one, now))
    return [one for one in living if not _is_as_told(db, one)]


def follow(db: Database, number: int, now: datetime) -> None:
    """Let one request follow its booking, to another time or room; it is cancelled when the booking is gone."""
    one = orders.find(db, number)
    if one.state not in orders.LIVING or not _is_followed(one, now) or _is_as_told(db, one):
        return
    whereabouts = _whereabouts(db, one)
    if whereabouts:
        _stay_or_move(db, one, *whereabouts, now)
    elif _taken_back_here(db, one) or (one.missing_at and now - one.missing_at >= GRACE):
        orders.cancel(db, one.id, "server", now, reason=orders.GONE)
    elif one.missing_at is None and diary.is_known(db, rooms.by_id(db, one.room_id)):
        orders.miss(db, one, now)


def _is_followed(one: Request, now: datetime) -> bool:
    """Tell whether a request still follows its booking: what was accepted has been brought when that has begun."""
    return one.state == "requested" or one.missing_at is not None or now < one.start + LATE


def _stay_or_move(db: Database, one: Request, stored: StoredRoom, booking: Booking, now: datetime) -> None:
    if stored.room.building != one.service.building:
        orders.cancel(db, one.id, "server", now, reason=orders.MOVED_AWAY)
    elif (stored.id, booking.start) == (one.room_id, one.start):
        orders.miss(db, one, None)
    else:
        orders.move(db, one, stored, booking.start, now)


def _is_as_told(db: Database, one: Request) -> bool:
    booking = diary.find(db, rooms.by_id(db, one.room_id), one.event_id)
    return booking is not None and booking.start == one.start and one.missing_at is None


def _whereabouts(db: Database, one: Request) -> tuple[StoredRoom, Booking] | None:
    """Return the booking and its room: the one it was asked for in, else another to which it has been moved."""
    others = sorted(events.rooms_of(db, one.event_id) - {one.room_id})
    for room_id in (one.room_id, *others):
        stored = rooms.by_id(db, room_id)
        booking = diary.find(db, stored, one.event_id)
        if booking:
            return stored, booking
    return None


def _taken_back_here(db: Database, one: Request) -> bool:
    """Tell whether the booking was cancelled or released here: then nobody has to wait for it to show up again."""
    asked = (journal.last_of(db, one.room_id, one.event_id, kind) for kind in TAKING_BACK)
    return any(last is not None and last.state == "confirmed" for last in asked)
