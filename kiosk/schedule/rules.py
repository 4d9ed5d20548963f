"""What may be booked at a room's screen, when it begins and ends, and which of two colliding bookings yields.

Every instant taken or returned is aware and in UTC; comparing with a naive one raises TypeError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kiosk.schedule.availability import conflict, in_order
from kiosk.schedule.model import Booking, Offer, Policy, Refusal, RefusalReason

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Contender:
    """An event that wants a stretch of the room's time.

    `created` is the calendar's own stamp, None when it gave none; `ours`: made here; `accepted`: the room
    accepted it.
    """

    id: str
    created: datetime | None
    ours: bool
    accepted: bool


def book_now(now: datetime) -> datetime:
    """Return the start of a booking "for now": the minute that is running."""
    return now.replace(second=0, microsecond=0)


def whole_minute(instant: datetime) -> datetime:
    """Return the first whole minute that is not before an instant."""
    floor = book_now(instant)
    return floor if floor == instant else floor + MINUTE


def ends_at(booking: Booking, now: datetime) -> datetime | None:
    """Return the new end of a booking ended early at `now`: the minute that is running.

    None when that is not after the booking's start: it is then to be deleted. A booking that is over keeps
    its end.
    """
    end = min(book_now(now), booking.end)
    return end if end > booking.start else None


def offers(bookings: Iterable[Booking], now: datetime, policy: Policy) -> tuple[Offer, ...]:
    """Return what can be booked from `book_now(now)`; nothing while the room is taken.

    First, shortest first, every duration of the policy that ends no later than the next booking starts;
    then, with `minutes` None, the time until that booking, where the policy allows its length and no
    duration equals it. Each passes `decide` with that start. They depend on the running minute only, and
    change at the instants of `offer_changes`. After a booking that ended within the running minute there is
    nothing to offer before the next minute.
    """
    start = book_now(now)
    following = next((booking for booking in in_order(bookings) if booking.end > start), None)
    if following is None:
        return _durations(start, None, policy)
    if following.start <= now:
        return ()
    fitting = _durations(start, following.start, policy)
    return (*fitting, *_until(start, following.start, fitting, policy))


def offer_changes(following: datetime, policy: Policy) -> Iterator[datetime]:
    """Yield, unsorted, the instants at which the offers can differ before a booking starts at `following`."""
    lengths = _lengths(policy)
    for length in (*lengths, policy.longest):
        yield whole_minute(following - length)
    for length in (*lengths, policy.shortest):
        yield book_now(following - length) + MINUTE


def decide(
    bookings: Iterable[Booking], start: datetime, end: datetime, now: datetime, policy: Policy
) -> Refusal | None:
    """Return why [start, end) cannot be booked at the room's screen at `now`, or None when it can.

    What is wrong with the wish itself (past, too_short, too_long, too_far) comes before what is in its way
    (taken, with the first booking that overlaps). The running minute may be booked from its beginning.
    """
    reason = _fault(start, end, now, policy)
    if reason:
        return Refusal(reason)
    in_the_way = conflict(bookings, start, end)
    return Refusal("taken", in_the_way) if in_the_way else None


def yields(mine: Contender, others: Iterable[Contender]) -> bool:
    """Tell whether `mine`, made here, must give way to one of `others` that overlap it.

    It does to any that others made and the room accepted, and among our own to the first by (created, id),
    so that of several exactly one stays; without a stamp an event counts as the latest. `others` may name
    `mine`. Needed because an event inserted directly into a room's calendar is not checked against others:
    only invitations are answered, https://developers.google.com/workspace/calendar/api/concepts/domain
    """
    rivals = [other for other in others if other.id != mine.id]
    if any(rival.accepted and not rival.ours for rival in rivals):
        return True
    return any(rival.ours and _rank(rival) < _rank(mine) for rival in rivals)


def _lengths(policy: Policy) -> tuple[timedelta, ...]:
    lengths = sorted({timedelta(minutes=minutes) for minutes in policy.durations if minutes > 0})
    return tuple(length for length in lengths if policy.shortest <= length <= policy.longest)


def _durations(start: datetime, limit: datetime | None, policy: Policy) -> tuple[Offer, ...]:
    return tuple(
        Offer(length // MINUTE, start + length)
        for length in _lengths(policy)
        if limit is None or start + length <= limit
    )


def _until(start: datetime, limit: datetime, fitting: Iterable[Offer], policy: Policy) -> tuple[Offer, ...]:
    allowed = policy.shortest <= limit - start <= policy.longest
    named = any(offer.end == limit for offer in fitting)
    return (Offer(None, limit),) if allowed and not named else ()


def _fault(start: datetime, end: datetime, now: datetime, policy: Policy) -> RefusalReason | None:
    if end <= start:
        return "too_short"
    if start < book_now(now) or end <= now:
        return "past"
    if end - start < policy.shortest:
        return "too_short"
    if end - start > policy.longest:
        return "too_long"
    if start > now + policy.ahead:
        return "too_far"
    return None


def _rank(contender: Contender) -> tuple[datetime, str]:
    return contender.created or datetime.max.replace(tzinfo=UTC), contender.id
