"""What can be done at a door about the booking under way or the next one, each by one tap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from displays.names import ANYBODY
from displays.scene import Use, use
from kiosk.schedule.model import Booking, Policy, Situation, Slot
from kiosk.schedule.rights import Act, Who, ways
from kiosk.schedule.rules import extensions, starts_early


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done about a booking by one tap.

    `minutes`, or `until` a moment: how far it is extended. `asks`: somebody else's meeting, which is only changed
    after a question. `whose`: only the person whose booking it is may, with their PIN: how they are shown here, which
    may be not at all. `loud`: what the screen asks for; the others are for those who want them.
    """

    act: Act
    booking: str
    minutes: int | None = None
    until: datetime | None = None
    asks: Use | None = None
    whose: str | None = None
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
    yield from _allowed(Deed("end", booking.id, loud=loud), booking, policy)


def _extend(
    bookings: Sequence[Booking], moment: datetime, booking: Booking, policy: Policy, closures: Sequence[Slot]
) -> Iterator[Deed]:
    if booking.held:
        return
    for offer in extensions(bookings, booking, moment, policy, closures):
        until = offer.end if offer.minutes is None else None
        yield from _allowed(Deed("extend", booking.id, offer.minutes, until), booking, policy)


def _check_in_early(booking: Booking, moment: datetime) -> Iterator[Deed]:
    if booking.check_in and booking.check_in.opens_at <= moment:
        yield Deed("check_in", booking.id, loud=False)


def _start(
    bookings: Sequence[Booking], moment: datetime, booking: Booking, policy: Policy, closures: Sequence[Slot]
) -> Iterator[Deed]:
    if not booking.held and starts_early(bookings, booking, moment, policy, closures):
        yield from _allowed(Deed("start", booking.id, loud=False), booking, policy)


def _allowed(deed: Deed, booking: Booking, policy: Policy) -> Iterator[Deed]:
    """Offer a deed to anybody, or else to the person whose booking it is, where people may say who they are."""
    if ways(deed.act, booking, ANYBODY, policy):
        yield replace(deed, asks=_asks(booking))
    elif policy.names and booking.person and ways(deed.act, booking, Who("person", booking.person), policy):
        yield replace(deed, whose=booking.owner)


def _asks(booking: Booking) -> Use | None:
    """Return whose meeting it is where it is not one that was made here by nobody in particular."""
    return None if booking.own and not booking.person else use(booking)
