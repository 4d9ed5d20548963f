"""Which of a calendar's events take the room, and what that makes of any moment or stretch of time.

Every instant taken or returned is aware and in UTC; comparing with a naive one raises TypeError. Functions
that take bookings accept them in any order and ignore those whose end is not after their start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kiosk.schedule.model import Booking, Event, Policy, Situation, Slot

# They say where a person works or was born; a room's calendar meets them only through subscribed calendars.
NOT_A_USE = frozenset({"workingLocation", "birthday"})
# A booking that a hub has taken, and that Google does not have yet.
HOLD = "hold"
# Addresses of calendars (rooms, groups, imports): no person reads them as a name.
CALENDAR_ADDRESSES = ("@calendar.google.com", ".calendar.google.com")


def occupies(event: Event) -> bool:
    """Tell whether an event takes the room.

    An event the room declined stays in the room's calendar with status "confirmed": only the room's own
    answer tells. An unanswered or tentative invitation takes the room until Google says otherwise. Imported
    events may end before they start; those take nothing. Fields: status, transparency, eventType and
    attendees[].responseStatus of https://developers.google.com/workspace/calendar/api/v3/reference/events
    """
    return (
        not event.cancelled
        and not event.transparent
        and event.answer != "declined"
        and event.kind not in NOT_A_USE
        and event.start < event.end
    )


def bookings(events: Iterable[Event], own: Collection[str], holds: Iterable[Booking] = ()) -> tuple[Booking, ...]:
    """Return the uses of a room, sorted by (start, end, id), from its events and the holds taken here.

    `own` has the ids of the events made here (a set, for speed). What is private has no title and no owner.
    A hold whose id is among the events gives way to that event, even to a declined or cancelled one: Google
    has answered.
    """
    known = tuple(events)
    answered = {event.id for event in known}
    taken = [_booking(event, event.id in own) for event in known if occupies(event)]
    waiting = [_masked(hold) for hold in holds if hold.id not in answered]
    return in_order((*taken, *waiting))


class Ordered(tuple[Booking, ...]):
    """Bookings that last, sorted by (start, end, id): a day is looked at hundreds of times, and sorted once."""

    __slots__ = ()


def in_order(bookings: Iterable[Booking]) -> Ordered:
    """Return the bookings that last at all, sorted by (start, end, id)."""
    if isinstance(bookings, Ordered):
        return bookings
    lasting = [booking for booking in bookings if booking.start < booking.end]
    return Ordered(sorted(lasting, key=lambda booking: (booking.start, booking.end, booking.id)))


def without(bookings: Iterable[Booking], booking: Booking) -> Ordered:
    """Return the bookings that last at all but for one, sorted by (start, end, id)."""
    return Ordered([other for other in in_order(bookings) if other.id != booking.id])


def runs(bookings: Iterable[Booking]) -> tuple[Slot, ...]:
    """Return the unbroken stretches in which the room is taken; bookings that touch or overlap are one."""
    merged: list[Slot] = []
    for booking in in_order(bookings):
        if merged and booking.start <= merged[-1].end:
            merged[-1] = Slot(merged[-1].start, max(merged[-1].end, booking.end))
        else:
            merged.append(Slot(booking.start, booking.end))
    return tuple(merged)


def fill(events: Iterable[Event], start: datetime, end: datetime) -> bool:
    """Tell whether events take the room at every moment of [start, end)."""
    reached = start
    for event in sorted(filter(occupies, events), key=lambda event: event.start):
        if event.start > reached:
            break
        reached = max(reached, event.end)
    return reached >= end


def situation(bookings: Iterable[Booking], now: datetime, policy: Policy, closures: Iterable[Slot] = ()) -> Situation:
    """Return what holds in the room at `now`: status "free", "soon", "busy", "held", "checkin" or "closed".

    Of several bookings under way, the current one is the first in (start, end, id); the room is held, or waits for
    a check-in, only when that one does. "soon" begins `policy.soon` before the next booking. `next` starts after
    now, so it may overlap the current one. `closures` are in order and apart, as `hours.closures` gives them: they
    end the freedom, which is no "soon", and never a booking; `until` of a closed room is the closure's end.
    """
    ordered = in_order(bookings)
    current = next((booking for booking in ordered if booking.start <= now < booking.end), None)
    following = next((booking for booking in ordered if booking.start > now), None)
    if current:
        return _taken(current, following, _run_end(ordered, now), now)
    closing = next((slot for slot in closures if slot.end > now), None)
    if closing and closing.start <= now:
        return _closed(following, closing)
    return _free(following, now, policy.soon, closing)


def conflict(bookings: Iterable[Booking], start: datetime, end: datetime) -> Booking | None:
    """Return the first booking, in (start, end, id), that overlaps [start, end); touching is no overlap."""
    overlapping = (b for b in in_order(bookings) if b.start < end and start < b.end and start < end)
    return next(overlapping, None)


def free_slots(
    bookings: Iterable[Booking], start: datetime, end: datetime, shortest: timedelta = timedelta(0)
) -> tuple[Slot, ...]:
    """Return the stretches of [start, end) that no booking takes and that last at least `shortest`."""
    return tuple(gap for gap in _gaps(runs(bookings), start, end) if gap.end - gap.start >= shortest)


def _gaps(taken: Sequence[Slot], start: datetime, end: datetime) -> Iterator[Slot]:
    free_from = start
    for run in taken:
        if free_from < min(run.start, end):
            yield Slot(free_from, min(run.start, end))
        free_from = max(free_from, run.end)
    if free_from < end:
        yield Slot(free_from, end)


def _booking(event: Event, own: bool) -> Booking:
    return _masked(
        Booking(
            id=event.id,
            start=event.start,
            end=event.end,
            title=event.title,
            owner=_owner(event),
            private=event.private,
            all_day=event.all_day,
            own=own,
            held=event.kind == HOLD,
            tentative=event.answer in {"needsAction", "tentative"},
            person=_person(event),
            by_room=event.organized_by_room,
            series_id=event.series_id,
        )
    )


def _masked(booking: Booking) -> Booking:
    return replace(booking, title="", owner="") if booking.private else booking


def _owner(event: Event) -> str:
    organizer = event.organizer
    if organizer is None or event.organized_by_room:
        return ""
    if organizer.name or not organizer.email.lower().endswith(CALENDAR_ADDRESSES):
        return organizer.name or organizer.email
    return ""


def _person(event: Event) -> str:
    organizer = event.organizer
    if organizer is None or event.organized_by_room or organizer.email.lower().endswith(CALENDAR_ADDRESSES):
        return ""
    return organizer.email.lower()


def _run_end(ordered: Sequence[Booking], now: datetime) -> datetime | None:
    return next((run.end for run in runs(ordered) if run.start <= now < run.end), None)


def _taken(current: Booking, following: Booking | None, until: datetime | None, now: datetime) -> Situation:
    check_in = None if current.held else current.check_in
    # A later booking's start changes `next`; nobody but its own end can displace the current booking.
    changes_at = min(current.end, following.start) if following else current.end
    if check_in and now < check_in.due_at:
        return Situation("checkin", current, following, until, min(changes_at, check_in.due_at))
    return Situation("held" if current.held else "busy", current, following, until, changes_at)


def _closed(following: Booking | None, closing: Slot) -> Situation:
    changes_at = min(closing.end, following.start) if following else closing.end
    return Situation("closed", None, following, closing.end, changes_at)


def _free(following: Booking | None, now: datetime, soon: timedelta, closing: Slot | None) -> Situation:
    ends = [slot.start for slot in (following, closing) if slot]
    until = min(ends, default=None)
    if following is None or until != following.start:
        return Situation("free", None, following, until, until)
    soon_at = following.start - soon
    if soon_at <= now:
        return Situation("soon", None, following, until, until)
    return Situation("free", None, following, until, soon_at)
