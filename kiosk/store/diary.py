"""A room's bookings as its screens and rules need them: mirrored events and holds, merged, with people's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from peewee import JOIN, Database

from kiosk.schedule import checkin
from kiosk.schedule.availability import CALENDAR_ADDRESSES, bookings
from kiosk.schedule.model import Booking, CheckIn, Event, Message, MessageKind, Person, Policy
from kiosk.store import attendance, events, journal, mirror, people
from kiosk.store.attendance import Attendance
from kiosk.store.journal import Command
from kiosk.store.mirror import Progress
from kiosk.store.models import MirrorRow, RoomRow
from kiosk.store.rooms import StoredRoom

# How long a door tells what went wrong, but for what can be taken back: that is told for as long as it can.
TOLD_FOR = timedelta(minutes=30)
SHORTEST_MESSAGE = timedelta(minutes=5)
LONGEST_MESSAGE = timedelta(hours=1)
MISSED = ("missed", "missed_warned", "missed_series")
# Why the end of a booking was refused of which nobody must be told: it is over, or is at another time.
OVER = ("gone", "past", "changed")


def is_known(db: Database, stored: StoredRoom) -> bool:
    """Tell whether a room's schedule has ever been read; a room without a calendar has its own."""
    if stored.calendar_id is None:
        return True
    progress = mirror.progress(db, stored.id)
    return progress is not None and progress.full_at is not None


def as_of(stored: StoredRoom, progress: Progress | None, now: datetime) -> datetime | None:
    """Return when a room's schedule was last known to be true; one without a calendar is so at any time."""
    if stored.calendar_id is None:
        return now
    return progress.checked_at if progress else None


def between(db: Database, stored: StoredRoom, start: datetime, end: datetime) -> tuple[Booking, ...]:
    """Return the room's bookings that overlap [start, end), earliest first, each with the check-in it waits for."""
    found = events.between(db, stored.id, start, end)
    own = journal.own(db, (event.id for event in found))
    told = bookings(named(db, found), own, journal.holds(db, stored.id, start, end))
    # Whose a booking made here is, the journal knows better than the Directory.
    merged = tuple(replace(one, person=own[one.id]) if own.get(one.id) else one for one in told)
    if stored.room.policy.check_in == "off":
        return merged
    known = attendance.of_room(db, stored.id, (booking.id for booking in merged))
    return tuple(_attended(booking, known.get(booking.id), stored.room.policy) for booking in merged)


def find(db: Database, stored: StoredRoom, event_id: str) -> Booking | None:
    """Return one booking of the room, None when there is none or it does not take the room."""
    event, made = events.find(db, stored.id, event_id), journal.booking_in(db, stored.id, event_id)
    if event is None:
        span = (made.start, made.end) if made and made.state == "held" else None
    else:
        span = (event.start, event.end)
    found = between(db, stored, *span) if span else ()
    return next((booking for booking in found if booking.id == event_id), None)


def picked(db: Database, places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Booking]:
    """Return bookings of any rooms, each by its room and id; what no longer takes its room is left out.

    A few queries, however many they are; check-ins are not looked at.
    """
    found = events.picked(db, places)
    known = dict(zip(found, named(db, [*found.values()]), strict=True))
    own = journal.own(db, (event_id for _room, event_id in places))
    told = {place: _told(bookings([event], own), own) for place, event in known.items()}
    held = journal.holds_of(db, [place for place in places if place not in found])
    return {place: booking for place, booking in (told | held).items() if booking}


def attended(db: Database, found: Sequence[tuple[StoredRoom, Booking]]) -> list[tuple[StoredRoom, Booking]]:
    """Return bookings, each with its room, with the check-ins they wait for; one query, however many they are."""
    places = [(stored.id, one.id) for stored, one in found if stored.room.policy.check_in != "off"]
    known, wanting = attendance.of_places(db, places), {*places}
    return [
        (stored, _attended(one, known.get((stored.id, one.id)), stored.room.policy))
        if (stored.id, one.id) in wanting
        else (stored, one)
        for stored, one in found
    ]


def _told(found: Sequence[Booking], own: Mapping[str, str]) -> Booking | None:
    """Return the one booking there may be, with whose it is: of those made here the journal knows it best."""
    return next((replace(one, person=own.get(one.id) or one.person) for one in found), None)


def free_until(db: Database, start: datetime, end: datetime, horizon: datetime) -> dict[int, datetime | None]:
    """Return, by number, the rooms that are free for [start, end), and when each is taken next before `horizon`.

    Rooms whose schedule has never been read are left out. Two queries, however many rooms there are.
    """
    taken = events.first_uses(db, start, horizon)
    for room_id, begins in journal.first_holds(db, start, horizon).items():
        taken[room_id] = min(begins, taken.get(room_id, begins))
    return {room_id: taken.get(room_id) for room_id in _known(db) if taken.get(room_id, end) >= end}


def _known(db: Database) -> list[int]:
    read = MirrorRow.full_at.is_null(False) | RoomRow.calendar_id.is_null()
    query = RoomRow.select(RoomRow.id).join(MirrorRow, JOIN.LEFT_OUTER).where(read)
    return [row[0] for row in query.tuples().execute(db)]


def messages(db: Database, stored: StoredRoom, now: datetime) -> tuple[Message, ...]:
    """Return what must be told at the room's door now or was lately, earliest first."""
    settled = journal.settled_since(db, stored.id, now - LONGEST_MESSAGE)
    came = attendance.of_room(db, stored.id, (one.event_id for one in settled))
    absent = {event_id for event_id, known in came.items() if known.state == "missed"}
    told = (_message(one, stored.room.policy, one.event_id in absent) for one in settled)
    return tuple(message for message in told if message and message.until > now)


def _message(one: Command, policy: Policy, absent: bool) -> Message | None:
    kind = _missed(one, absent) if journal.is_missed(one) else _refused(one)
    if kind is None or one.settled_at is None:
        return None
    missed, end = kind in MISSED, max(one.end, one.old_end or one.end)
    lasts = min(policy.undo, LONGEST_MESSAGE) if missed else TOLD_FOR
    until = min(one.settled_at + lasts, max(end, one.settled_at + SHORTEST_MESSAGE))
    undo = one.event_id if missed and kind != "missed_series" else ""
    return Message(kind, one.settled_at, until, one.start, end, one.title, one.reason, undo)


def _missed(one: Command, absent: bool) -> MessageKind | None:
    if one.state != "confirmed":
        return "given_away" if one.state == "refused" and one.reason == journal.TAKEN else None
    if absent:
        return cast("MessageKind", one.note)
    return "series_lost" if one.note == "missed_series" else None


def _refused(one: Command) -> MessageKind | None:
    if one.state != "refused" or one.reason == journal.TAKEN_BACK:
        return None
    if one.kind != "book":
        return "change_refused" if one.held_at and one.reason not in OVER else None
    if one.held_at:
        return "hold_refused"
    return "invite_declined" if one.reason == "declined" else None


def _attended(booking: Booking, known: Attendance | None, policy: Policy) -> Booking:
    if known and known.start == booking.start:
        if known.state != "open":
            return replace(booking, attended=known.state == "in")
        # The policy may have changed meanwhile, or the booking: one that need not be checked in is not waited for.
        awaited = CheckIn(booking.start - policy.opens, known.due_at) if checkin.wants(booking, policy) else None
        return replace(booking, check_in=awaited)
    return replace(booking, check_in=checkin.awaited(booking, policy))


def named(db: Database, found: list[Event]) -> list[Event]:
    """Name organizers as the Directory does; whoever it does not know stays unnamed, where its people are known.

    A calendar that organizes (a group's, a secondary one) is nobody the Directory could know.
    """
    known = people.names(db, {event.organizer.email.lower() for event in found if event.organizer})
    return found if known is None else [replace(event, organizer=_person(event.organizer, known)) for event in found]


def _person(organizer: Person | None, known: Mapping[str, str]) -> Person | None:
    if organizer is None or organizer.email.lower().endswith(CALENDAR_ADDRESSES):
        return organizer
    name = known.get(organizer.email.lower())
    return None if name is None else Person(organizer.email, organizer.name or name)
