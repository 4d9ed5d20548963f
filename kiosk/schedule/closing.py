"""When a room cannot be booked by anybody: outside of its hours, and while it is out of order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from kiosk.schedule.availability import situation
from kiosk.schedule.hours import closures
from kiosk.schedule.model import Booking, Room, Situation, Slot

# Stands for an end that nobody knows yet.
FOREVER = datetime.max.replace(tzinfo=UTC)


def lifted_at(room: Room) -> datetime | None:
    """Return when a room is in order again, FOREVER when nobody knows; None when nothing is wrong with it."""
    outage = room.policy.out_of_order
    if outage is None:
        return None
    return datetime.combine(outage.day, outage.at, tzinfo=room.zone).astimezone(UTC) if outage.day else FOREVER


def is_out_of_order(room: Room, moment: datetime) -> bool:
    """Tell whether a room is out of order at a moment."""
    lifted = lifted_at(room)
    return lifted is not None and moment < lifted


def shut(room: Room, start: datetime, end: datetime) -> tuple[Slot, ...]:
    """Return the stretches of [start, end) in which a room is closed or out of order, in order and apart."""
    found = closures(room.policy.hours, room.zone, start, end)
    lifted = lifted_at(room)
    if lifted is None or lifted <= start or end <= start:
        return found
    return tuple(_joined([Slot(start, min(lifted, end)), *found]))


def seen(room: Room, bookings: Iterable[Booking], now: datetime, closed: Sequence[Slot]) -> Situation:
    """Return what holds in a room at `now`; while it is out of order it is closed, whoever has booked it.

    `until` is then when it is in order again, None when nobody knows.
    """
    found = situation(bookings, now, room.policy, closed)
    lifted = lifted_at(room)
    if lifted is None or lifted <= now:
        return found
    until = None if lifted == FOREVER else lifted
    changes = [moment for moment in (until, found.changes_at) if moment]
    return replace(found, status="closed", until=until, changes_at=min(changes, default=None))


def _joined(slots: Sequence[Slot]) -> list[Slot]:
    joined: list[Slot] = []
    for slot in sorted(slots, key=lambda one: one.start):
        if joined and slot.start <= joined[-1].end:
            joined[-1] = Slot(joined[-1].start, max(joined[-1].end, slot.end))
        else:
            joined.append(slot)
    return joined
