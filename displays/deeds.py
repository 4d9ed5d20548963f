"""What can be done at a door about the booking under way or the next one, each by one tap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from displays.scene import Use, use
from kiosk.schedule.model import Booking, Policy, Situation, Slot
from kiosk.schedule.rights import Act, Who, ways
from kiosk.schedule.rules import extensions, starts_early

# Whoever stands before the panel and has not said who they are.
ANYBODY = Who("panel")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done about a booking by one tap.

    `minutes`, or `until` a moment: how far it is extended. `asks`: somebody else's meeting, which is only changed
    after a question. `loud`: what the screen asks for; the others are for those who want them.
    """

    act: Act
    booking: str
    minutes: int | None = None
    until: datetime | None = None
    asks: Use | None = None
    loud: bool = True


def deeds(
    bookings: Sequence[Booking], moment: datetime, found: Situation, policy: Policy, closures: Sequence[Slot]
) -> tuple[Deed, ...]:
    """Return what anybody may do at a moment with the booking under way, or with the next while the room is free."""
    if found.current and found.status == "checkin":
        return (Deed("check_in", found.current.id), *_end(found.current, policy, loud=False))
    if found.current:
        return (*_end(found.current, policy), *_extend(bookings, moment, found.current, policy, closures))
    if found.next and found.status in ("free", "soon"):
        return (*_check_in_early(found.next, moment), *_start(bookings, moment, found.next, policy, closures))
    return ()


def _end(booking: Booking, policy: Policy, loud: bool = True) -> Iterator[Deed]:
    if ways("end", booking, ANYBODY, policy):
        yield Deed("end", booking.id, asks=_asks(booking), loud=loud)


def _extend(
    bookings: Sequence[Booking], moment: datetime, booking: Booking, policy: Policy, closures: Sequence[Slot]
) -> Iterator[Deed]:
    if booking.held or not ways("extend", booking, ANYBODY, policy):
        return
    for offer in extensions(bookings, booking, moment, policy, closures):
        until = offer.end if offer.minutes is None else None
        yield Deed("extend", booking.id, offer.minutes, until, _asks(booking))


def _check_in_early(booking: Booking, moment: datetime) -> Iterator[Deed]:
    if booking.check_in and booking.check_in.opens_at <= moment:
        yield Deed("check_in", booking.id, loud=False)


def _start(
    bookings: Sequence[Booking], moment: datetime, booking: Booking, policy: Policy, closures: Sequence[Slot]
) -> Iterator[Deed]:
    if booking.held or not ways("start", booking, ANYBODY, policy):
        return
    if starts_early(bookings, booking, moment, policy, closures):
        yield Deed("start", booking.id, asks=_asks(booking), loud=False)


def _asks(booking: Booking) -> Use | None:
    """Return whose meeting it is where it is not one that was made here by nobody in particular."""
    return None if booking.own and not booking.person else use(booking)
