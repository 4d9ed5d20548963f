"""Which bookings must be checked in, when that is possible, and what becomes of those that nobody checks in."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from kiosk.schedule.model import Booking, CheckIn, Policy

Strike = Literal["none", "warn", "remove"]


def wants(booking: Booking, policy: Policy) -> bool:
    """Tell whether a booking waits, or will wait, for somebody to check in.

    Bookings made elsewhere do only where the room opts in. None does that lasts the whole day or as long as
    `policy.exempt_from`, that is an exempt person's, that is not certain yet (held here, or unanswered by the room), or
    that somebody has checked in to.
    """
    if policy.check_in == "off" or (policy.check_in == "own" and not booking.own):
        return False
    if booking.attended or booking.all_day or booking.held or booking.tentative:
        return False
    if policy.exempt_from is not None and booking.end - booking.start >= policy.exempt_from:
        return False
    return booking.person not in policy.exempt_people


def awaited(booking: Booking, policy: Policy) -> CheckIn | None:
    """Return when a booking can be checked in, as far as is known beforehand; None when it need not be.

    One that became known only after its start is awaited for longer: `due_at` tells.
    """
    if not wants(booking, policy):
        return None
    return CheckIn(booking.start - policy.opens, due_at(booking.start, booking.start, policy, booking.end))


def due_at(start: datetime, known_since: datetime, policy: Policy, end: datetime) -> datetime:
    """Return until when a check-in is awaited, at most until the booking's end.

    The grace begins at the start, or at `known_since`, when that is later: the moment from which somebody could check
    in, because the booking became known or the server was there again.
    """
    return min(max(start, known_since) + policy.grace, end)


def strike(previous: int, policy: Policy) -> Strike:
    """Return what another miss means for a series whose last `previous` occurrences were missed, none attended since.

    "warn": the next miss costs it the room. "remove": this one does.
    """
    if policy.strikes <= 0:
        return "none"
    missed = previous + 1
    if missed >= policy.strikes:
        return "remove"
    return "warn" if missed == policy.strikes - 1 else "none"
