"""What of a room's bookings goes into the history: its events, and what only the journal and the check-ins tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import Database

from kiosk.schedule.availability import CALENDAR_ADDRESSES, occupies
from kiosk.schedule.model import Event
from kiosk.schedule.occupancy import CheckedIn, Stay, minute_after, minute_of
from kiosk.store import attendance, journal, stays
from kiosk.store.journal import UNDO, Command
from kiosk.store.rooms import StoredRoom
from kiosk.store.stays import Kept, Mark


@dataclass(frozen=True, slots=True)
class Deeds:
    """What was done here about a room's bookings, by event: who made them, ended, gave back, and took back.

    `undone`: by a released event, the booking that took its place when somebody came after all.
    """

    made: Mapping[str, Command]
    ended: Mapping[str, Command]
    given_back: Mapping[str, Command]
    undone: Mapping[str, str]
    checked_in: Mapping[str, CheckedIn]


def gather(db: Database, stored: StoredRoom, found: Sequence[Event], start: datetime, end: datetime) -> list[Kept]:
    """Return the bookings of a room that overlap [start, end), of which `found` has the events."""
    deeds, mark = _deeds(db, stored, found, start, end), stays.marker(db)
    there = {event.id: event for event in found if occupies(event)}
    instead = {new for old, new in deeds.undone.items() if old in deeds.given_back}
    kept = [_of_event(event, deeds, mark) for event in there.values() if event.id not in instead]
    known = {event.id: event for event in found}
    lost = [_given_back(one, known, deeds, mark) for name, one in deeds.given_back.items() if name not in there]
    return kept + [one for one in lost if one]


def of_event(event: Event, mark: Mark) -> Kept:
    """Return an event that was added to the past, of which nothing is known here."""
    return _of_event(event, Deeds({}, {}, {}, {}, {}), mark)


def _deeds(db: Database, stored: StoredRoom, found: Sequence[Event], start: datetime, end: datetime) -> Deeds:
    done = journal.confirmed_between(db, stored.id, start, end)
    ids = {event.id for event in found} | {one.event_id for one in done}
    came = attendance.of_room(db, stored.id, ids) if stored.room.policy.check_in != "off" else {}
    checked: dict[str, CheckedIn] = {}
    for name, one in came.items():
        if one.state == "in" or one.state == "missed":  # noqa: PLR1714 - so that the type is known
            checked[name] = one.state
    books = [one for one in done if one.kind == "book"]
    undone = {one.note.removeprefix(UNDO): one.event_id for one in books if one.note.startswith(UNDO)}
    back = {one.event_id: one for one in done if one.kind in {"release", "cancel"}}
    ended = {one.event_id: one for one in done if one.kind == "end"}
    return Deeds({one.event_id: one for one in books}, ended, back, undone, checked)


def _of_event(event: Event, deeds: Deeds, mark: Mark) -> Kept:
    made, ended = deeds.made.get(event.id), deeds.ended.get(event.id)
    planned = max(event.end, ended.old_end or event.end) if ended else event.end
    stay = Stay(
        start=minute_of(event.start),
        end=minute_after(event.end),
        planned=minute_after(planned),
        lead=_lead(event.start, event.end, made.created_at if made else event.created),
        people=event.attendees,
        checked_in=deeds.checked_in.get(event.id, ""),
        here=made is not None,
    )
    return Kept(stay, mark(event.id), mark(event.series_id), mark(_organizer(event, made)))


def _given_back(one: Command, known: Mapping[str, Event], deeds: Deeds, mark: Mark) -> Kept | None:
    """Return a booking that was given back while it ran; None when that was done before it began."""
    event, made = known.get(one.event_id), deeds.made.get(one.event_id)
    again = known.get(deeds.undone.get(one.event_id, ""))
    back = again.end if again else one.settled_at or one.created_at
    planned = max(one.end, again.end) if again else one.end
    end = min(back, planned)
    if minute_after(end) <= minute_of(one.start):
        return None
    stay = Stay(
        start=minute_of(one.start),
        end=minute_after(end),
        planned=minute_after(planned),
        lead=_lead(one.start, planned, made.created_at if made else event.created if event else None),
        people=event.attendees if event else 0,
        checked_in=deeds.checked_in.get(one.event_id, ""),
        here=made is not None,
        released=one.kind == "release" and end < planned,
    )
    series, organizer = (event.series_id, _organizer(event, made)) if event else ("", made.person if made else "")
    return Kept(stay, mark(again.id if again else one.event_id), mark(series), mark(organizer))


def _lead(start: datetime, end: datetime, made: datetime | None) -> int | None:
    """Return how many minutes before its start a booking was made; None for what was only entered when it was over."""
    if made is None or made >= end:
        return None
    return max(0, minute_of(start) - minute_of(made))


def _organizer(event: Event, made: Command | None) -> str:
    address = event.organizer.email.lower() if event.organizer and not event.organized_by_room else ""
    return (made.person if made else "") or ("" if address.endswith(CALENDAR_ADDRESSES) else address)
