"""A room with a little history, for tests of what is told of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from kiosk import clock
from kiosk.schedule import hours
from kiosk.schedule.model import Booking, Event
from kiosk.store import attendance, events, history, past_rooms, policies
from kiosk.store.database import Store

OPENING = hours.parse("Mon-Sun 08:00-18:00")
ZONE = clock.zone("Europe/Berlin")


def at(day: date, hour: int) -> datetime:
    """Return an hour of a local day."""
    return clock.local_midnight(day, ZONE) + timedelta(hours=hour)


def remember(
    store: Store, room_id: int, first: date, days: int, attendees: int = 3, opening: hours.Hours = OPENING
) -> None:
    """Let a room of our own be booked every day from ten to twelve, and nobody come to every second booking.

    Its days are closed; on each it is open for ten hours, unless `opening` says otherwise.
    """
    store.write(policies.change, room_id, {"check-in": "all"})
    store.write(past_rooms.follow, at(first, 1))
    for number in range(days):
        day = first + timedelta(days=number)
        event = Event(f"{room_id}-{day}", at(day, 10), at(day, 12), "Review", attendees=attendees)
        booking = Booking(event.id, event.start, event.end)
        store.write(events.upsert, room_id, [event])
        store.write(attendance.await_, room_id, booking, event.start, event.start)
        if number % 2:
            store.write(attendance.miss, room_id, event.id, event.start)
        else:
            store.write(attendance.enter, room_id, booking, event.start, "panel")
    with store.read() as db:
        past = past_rooms.of_room(db, room_id)
    assert past
    for number in range(days):
        assert store.write(history.close, past.id, first.toordinal() + number, opening)
