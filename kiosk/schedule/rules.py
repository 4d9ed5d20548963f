"""What may be booked at a room's screen, when it begins and ends, and which of two colliding bookings yields.

Every instant taken or returned is aware and in UTC; comparing with a naive one raises TypeError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from kiosk.schedule.availability import Ordered, conflict, in_order, without
from kiosk.schedule.model import Booking, Offer, Policy, Refusal, RefusalReason, Slot

MINUTE = timedelta(minutes=1)
EXTENSIONS = (timedelta(minutes=15), timedelta(minutes=30))
# Whoever wants more than this on top looks for another slot.
LONGEST_EXTENSION = timedelta(minutes=60)
# A booking further away than this is not begun early: it would be another one.
EARLIEST = timedelta(minutes=60)


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


def offers(
    bookings: Iterable[Booking], now: datetime, policy: Policy, closures: Iterable[Slot] = ()
) -> tuple[Offer, ...]:
    """Return what can be booked from `book_now(now)`; nothing while the room is taken, closed or not bookable at all.

    First, shortest first, every duration of the policy that ends no later than the next booking or closure
    starts; then, with `minutes` None, the time until that, where the policy allows its length and no duration
    equals it. Each passes `decide` with that start. They depend on the running minute only, and change at the
    instants of `offer_changes`. After a booking or a closure that ended within the running minute there is
    nothing to offer before the next minute.
    """
    start = book_now(now)
    ahead = [taken.start for taken in (*in_order(bookings), *closures) if taken.end > start]
    if policy.bookable == "nobody" or any(begins <= now for begins in ahead):
        return ()
    if not ahead:
        return _durations(start, None, policy)
    limit = min(ahead)
    fitting = _durations(start, limit, policy)
    return (*fitting, *_until(start, limit, fitting, policy))


def offer_changes(following: datetime, policy: Policy) -> Iterator[datetime]:
    """Yield, unsorted, the instants at which the offers can differ before a booking starts at `following`."""
    lengths = _lengths(policy)
    for length in (*lengths, policy.longest):
        yield whole_minute(following - length)
    for length in (*lengths, policy.shortest):
        yield book_now(following - length) + MINUTE


def decide(
    bookings: Iterable[Booking],
    start: datetime,
    end: datetime,
    now: datetime,
    policy: Policy,
    closures: Iterable[Slot] = (),
) -> Refusal | None:
    """Return why [start, end) cannot be booked at the room's screen at `now`, or None when it can.

    What is wrong with the wish itself (not_bookable, past, too_short, too_long, too_far) comes before what is in its
    way (taken, with the first booking that overlaps, then closed). The running minute may be booked from its beginning.
    """
    reason = "not_bookable" if policy.bookable == "nobody" else _fault(start, end, now, policy)
    return Refusal(reason) if reason else _in_the_way(bookings, (Slot(start, end),), closures)


def decide_change(
    bookings: Iterable[Booking],
    booking: Booking,
    start: datetime,
    end: datetime,
    now: datetime,
    policy: Policy,
    closures: Iterable[Slot] = (),
) -> Refusal | None:
    """Return why a booking cannot be changed to [start, end) at `now`, or None when it can.

    Only the minutes that it takes besides those it has are looked at, and its length only where it grows; the
    booking may be among `bookings`. One that is moved begins in the running minute at the earliest.
    """
    return _decide_change(without(bookings, booking), booking, start, end, now, policy, closures)


def _decide_change(
    others: Ordered,
    booking: Booking,
    start: datetime,
    end: datetime,
    now: datetime,
    policy: Policy,
    closures: Iterable[Slot],
) -> Refusal | None:
    if policy.bookable == "nobody":
        return Refusal("not_bookable")
    if end <= start:
        return Refusal("too_short")
    if end <= now or (start != booking.start and start < book_now(now)):
        return Refusal("past")
    if end - start > max(policy.longest, booking.end - booking.start):
        return Refusal("too_long")
    before, after = Slot(start, min(end, booking.start)), Slot(max(start, booking.end), end)
    added = [slot for slot in (before, after) if slot.start < slot.end]
    return _in_the_way(others, added, closures)


def extensions(
    bookings: Iterable[Booking], booking: Booking, now: datetime, policy: Policy, closures: Iterable[Slot] = ()
) -> tuple[Offer, ...]:
    """Return by how much the booking under way can be extended: some minutes, or (`minutes` None) until what is next.

    At most three, the shortest first, and the same from its start to its end; each passes `decide_change`. What is
    next, a booking or a closure, counts where it is near and no other offer ends there.
    """
    if not booking.start <= now < booking.end:
        return ()
    others, closed = without(bookings, booking), tuple(closures)
    ends = [Offer(length // MINUTE, booking.end + length) for length in EXTENSIONS]
    starts = [*(other.start for other in others), *(slot.start for slot in closed)]
    limit = min((start for start in starts if start >= booking.end), default=None)
    if limit and booking.end < limit <= booking.end + LONGEST_EXTENSION and all(offer.end != limit for offer in ends):
        ends = [*(offer for offer in ends if offer.end < limit), Offer(None, limit)]
    return tuple(
        offer for offer in ends if not _decide_change(others, booking, booking.start, offer.end, now, policy, closed)
    )


def starts_early(
    bookings: Iterable[Booking], booking: Booking, now: datetime, policy: Policy, closures: Iterable[Slot] = ()
) -> datetime | None:
    """Return the running minute where a booking that begins within the hour may begin then; None when it may not.

    The answer changes with the running minute, and from one to none at the edges of bookings and closures and at the
    instants of `start_changes`.
    """
    start = book_now(now)
    if not now < booking.start <= start + EARLIEST:
        return None
    refusal = decide_change(bookings, booking, start, booking.end, now, policy, closures)
    return None if refusal else start


def start_changes(booking: Booking, policy: Policy) -> Iterator[datetime]:
    """Yield, unsorted, the instants from which a booking is near, and short, enough to begin early."""
    yield whole_minute(booking.start - EARLIEST)
    yield whole_minute(booking.end - policy.longest)


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
    return _between(policy.durations, policy.shortest, policy.longest)


@lru_cache(maxsize=1024)
def _between(durations: tuple[int, ...], shortest: timedelta, longest: timedelta) -> tuple[timedelta, ...]:
    lengths = sorted({timedelta(minutes=minutes) for minutes in durations if minutes > 0})
    return tuple(length for length in lengths if shortest <= length <= longest)


def _durations(start: datetime, limit: datetime | None, policy: Policy) -> tuple[Offer, ...]:
    return tuple(
        Offer(length // MINUTE, start + length)
        for length in _lengths(policy)
        if limit is None or start + length <= limit
    )


def _in_the_way(bookings: Iterable[Booking], wanted: Iterable[Slot], closures: Iterable[Slot]) -> Refusal | None:
    taken, closed = in_order(bookings), tuple(closures)
    for slot in wanted:
        found = conflict(taken, slot.start, slot.end)
        if found:
            return Refusal("taken", found)
        if any(one.start < slot.end and slot.start < one.end for one in closed):
            return Refusal("closed")
    return None


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
