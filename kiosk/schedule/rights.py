"""Who may do what about a booking, and in which way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.schedule.model import Booking, Policy, RefusalReason

Asker = Literal["panel", "person", "admin", "server"]
Act = Literal["extend", "end", "start", "cancel", "release", "check_in"]
Way = Literal["room", "organizer", "release"]


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: whoever stands at a panel, a person known by address, an administrator, or the server itself.

    `email` is in small letters, as a booking's `person` is; empty for somebody who has not said who they are.
    """

    kind: Asker
    email: str = ""
    name: str = ""


def ways(act: Act, booking: Booking, who: Who, policy: Policy) -> tuple[Way, ...]:
    """Return the ways in which `who` may do that about a booking, the best first; none when they may not.

    "room": in the room's own calendar. "organizer": on the organizer's copy. "release": the room declines, and the
    organizer's appointment stays. What was made here for nobody in particular is anybody's; what was made here in a
    person's name is that person's; any other is managed by its organizer, and only what the policy switches on is done
    about it. To end what may only be released is to release it.
    """
    if act == "check_in":
        return ("room",) if booking.check_in else ()
    if booking.own and not booking.person:
        return ("room",)
    if booking.own and booking.person == who.email:
        return ("release",) if act == "release" else ("organizer",)
    return _of_others(act, booking, who, policy)


def may_book(who: Who, policy: Policy) -> RefusalReason | None:
    """Return why `who` may not book at all, or None."""
    if policy.bookable == "nobody":
        return "not_bookable"
    return "people_only" if policy.bookable == "people" and who.kind == "panel" else None


def _of_others(act: Act, booking: Booking, who: Who, policy: Policy) -> tuple[Way, ...]:
    changed = policy.edit_meetings and bool(booking.person)
    if act == "end" and changed:
        return ("organizer", "release")
    if act in {"release", "end"}:
        return _released(act, booking, who, policy)
    return ("organizer",) if changed and act != "cancel" else ()


def _released(act: Act, booking: Booking, who: Who, policy: Policy) -> tuple[Way, ...]:
    owner = bool(who.email) and who.email == booking.person
    allowed = policy.owners_release and (owner or who.kind == "admin")
    if not allowed and not (who.kind == "server" and act == "release"):
        return ()
    # A room cannot decline what it organizes itself.
    return ("room",) if booking.by_room else ("release",)
