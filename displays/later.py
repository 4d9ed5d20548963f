"""When a room can be booked later today or tomorrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from displays.names import Names, names
from displays.scene import DAY
from kiosk.schedule.availability import free_slots
from kiosk.schedule.model import Booking, Room, Slot
from kiosk.schedule.rules import offers
from kiosk.schedule.timeline import local_day

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long, how far ahead and in whose name a room can be booked.

    `durations` and `ahead` are minutes: what one booking may last, and how far away its start may be.
    """

    durations: tuple[int, ...]
    ahead: int
    names: Names


@dataclass(frozen=True, slots=True)
class Later:
    """What can be booked on a local day and the next one: the open and free stretches of each, and on which terms."""

    today: tuple[Slot, ...]
    tomorrow: tuple[Slot, ...]
    terms: Terms


def later(room: Room, bookings: Sequence[Booking], closures: Sequence[Slot], day: date, known: Slot) -> Later | None:
    """Return what can be booked on `day` and the next one, as far as the room is `known`; None when nothing can be."""
    policy = room.policy
    durations = tuple(offer.minutes for offer in offers((), known.start, policy) if offer.minutes)
    whose = names(policy)
    if not whose or not durations or policy.ahead < MINUTE:
        return None
    taken = [*bookings, *(Booking("", closure.start, closure.end) for closure in closures)]
    shortest = min(durations) * MINUTE

    def stretches(one: date) -> tuple[Slot, ...]:
        whole = local_day(one, room.zone)
        return free_slots(taken, max(whole.start, known.start), min(whole.end, known.end), shortest)

    return Later(stretches(day), stretches(day + DAY), Terms(durations, policy.ahead // MINUTE, whose))
