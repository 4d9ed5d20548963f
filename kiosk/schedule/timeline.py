"""A room's day as an unbroken row of segments, and the moments at which what a screen shows can change.

Every instant taken or returned is aware and in UTC; only days are local, in the zone that comes with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from kiosk.schedule.availability import in_order, runs
from kiosk.schedule.model import Booking, Policy, Slot
from kiosk.schedule.rules import offer_changes, start_changes, whole_minute

DAWN_OF_TIME = datetime.min.replace(tzinfo=UTC)
NOTHING_YET = Slot(DAWN_OF_TIME, DAWN_OF_TIME)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a day, `end` exclusive, with the booking that has it; None when the room is free."""

    start: datetime
    end: datetime
    booking: Booking | None


@lru_cache(maxsize=4096)
def local_day(day: date, zone: ZoneInfo) -> Slot:
    """Return a local day as instants in UTC, midnight to next midnight: 23 or 25 hours when clocks change.

    Where the clock skips midnight the day begins at the skip; where midnight comes twice, at the first.
    """
    return Slot(_midnight(day, zone), _midnight(day + timedelta(days=1), zone))


def segments(bookings: Iterable[Booking], day: date, zone: ZoneInfo) -> tuple[Segment, ...]:
    """Return a local day as segments without gap or overlap, each with its booking or none.

    Where bookings overlap, the first by (start, end, id) keeps its time and the others get what is left of
    theirs: at any instant the segment's booking is the `current` one of `situation`.
    """
    return tuple(_cover(in_order(bookings), local_day(day, zone)))


def moments(
    bookings: Iterable[Booking], start: datetime, end: datetime, policy: Policy, closures: Iterable[Slot] = ()
) -> tuple[datetime, ...]:
    """Return, sorted, `start` and every instant of [start, end) at which situation, offers or check-ins can differ.

    From one moment (inclusive) to the next (exclusive) `situation` is the same in every field, `offers` are the same
    but for the ends of those that last some minutes, and a booking can be extended, begun early or checked in at
    throughout or not at all. Nothing for an empty window.
    """
    ordered = in_order(bookings)
    closed = [Booking("", slot.start, slot.end) for slot in closures]
    changes = {
        start,
        *_edges(ordered),
        *_edges(closed),
        *_check_ins(ordered),
        *_while_free(runs(ordered), policy),
        *_while_free(runs((*ordered, *closed)), policy),
        *_early_starts(ordered, policy),
    }
    return tuple(sorted(moment for moment in changes if start <= moment < end))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # fold=0 reads a skipped midnight with the offset before the skip, which is the instant of the skip.
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _cover(ordered: Sequence[Booking], span: Slot) -> Iterator[Segment]:
    covered = span.start
    for booking in ordered:
        start, end = max(booking.start, covered), min(booking.end, span.end)
        if start >= end:
            continue
        if covered < start:
            yield Segment(covered, start, None)
        yield Segment(start, end, booking)
        covered = end
    if covered < span.end:
        yield Segment(covered, span.end, None)


def _edges(ordered: Sequence[Booking]) -> Iterator[datetime]:
    for booking in ordered:
        yield booking.start
        yield booking.end


def _check_ins(ordered: Sequence[Booking]) -> Iterator[datetime]:
    for booking in ordered:
        if booking.check_in:
            yield booking.check_in.opens_at
            yield booking.check_in.due_at


def _early_starts(ordered: Sequence[Booking], policy: Policy) -> Iterator[datetime]:
    """Yield when each booking may begin early, if nothing comes before it."""
    for earlier, booking in zip((None, *ordered), ordered, strict=False):
        changes = start_changes(booking, policy)
        yield from (at for at in changes if (earlier is None or earlier.end < at) and at < booking.start)


def _while_free(taken: Sequence[Slot], policy: Policy) -> Iterator[datetime]:
    """Yield what changes while the room is free: "soon" begins, offers come and go."""
    for run, following in pairwise((NOTHING_YET, *taken)):
        within = (whole_minute(run.end), *_before(following.start, policy))
        yield from (moment for moment in within if run.end < moment < following.start)
    if taken:
        yield whole_minute(taken[-1].end)


def _before(following: datetime, policy: Policy) -> Iterator[datetime]:
    yield following - policy.soon
    yield from offer_changes(following, policy)
