"""The gate: one free/busy question for fifty rooms tells which of them must be listed now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from kiosk.schedule.availability import occupies, runs
from kiosk.schedule.model import Booking, Slot
from kiosk.source import Busy, CalendarSource
from kiosk.store import events, gate
from kiosk.store.database import Store
from kiosk.store.gate import Watched

SPAN = timedelta(days=2)


def ask(source: CalendarSource, store: Store, rooms: list[Watched], now: datetime) -> list[int]:
    """Ask once for all these rooms and write down what was learnt; return the rooms that must be listed now.

    Raises SourceError.
    """
    window = _window(now)
    answer = source.busy([room.calendar_id for room in rooms], window.start, window.end)
    answers = {room.room_id: answer.get(room.calendar_id, Busy(error="notFound")) for room in rooms}
    digests = {room: digest(window, busy.slots) for room, busy in answers.items() if not busy.error}
    news = {one.room_id: digests[one.room_id] for one in rooms if digests.get(one.room_id, one.digest) != one.digest}
    # What is wrong with a room that cannot be asked about, its list will tell in words.
    due = [
        room for room, busy in answers.items() if busy.error or (room in news and _differs(store, room, busy, window))
    ]
    fresh = [room for room in answers if room not in due]
    store.write(gate.note, fresh, due, news, now)
    return due


def digest(window: Slot, slots: Iterable[Slot]) -> str:
    """Return a short text that is equal for equal answers about the same stretch."""
    text = " ".join(f"{slot.start.isoformat()}/{slot.end.isoformat()}" for slot in (window, *slots))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _window(now: datetime) -> Slot:
    """Return a stretch that stays the same all day, so that equal answers have equal digests."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Slot(start, start + SPAN)


def _differs(store: Store, room: int, busy: Busy, window: Slot) -> bool:
    with store.read() as db:
        found = events.between(db, room, window.start, window.end)
    bookings = [Booking(event.id, event.start, event.end) for event in found if occupies(event)]
    return _clipped(runs(bookings), window) != _clipped(busy.slots, window)


def _clipped(slots: Iterable[Slot], window: Slot) -> list[Slot]:
    """Return slots within the window, those that touch or overlap made one."""
    cut = (Slot(max(slot.start, window.start), min(slot.end, window.end)) for slot in slots)
    return list(runs([Booking("", slot.start, slot.end) for slot in cut if slot.start < slot.end]))
