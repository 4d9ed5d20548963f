"""A booking that is proved: insert with our own id, read the slot again, and yield if we came second."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from kiosk import clock
from kiosk.errors import Duplicate, Missing, Refused, Unreachable
from kiosk.schedule.availability import occupies
from kiosk.schedule.model import Event
from kiosk.schedule.rules import Contender, yields
from kiosk.source import CalendarSource, Draft, read_window

ANSWER_SECONDS = 15.0
STEP_SECONDS = 1.0


class Taken(Refused):
    """The slot belongs to somebody else; `events` is what the calendar holds there."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__("Somebody else has this time.", "taken")
        self.events = list(events)


class Cancelled(Refused):
    """Our event was made and then cancelled in the calendar."""


def look(source: CalendarSource, calendar_id: str, start: datetime, end: datetime, mine: str) -> list[Event]:
    """Return what occupies the slot besides our own event."""
    found = read_window(source, calendar_id, start, end)
    return [event for event in found if event.id != mine and occupies(event)]


def book(source: CalendarSource, calendar_id: str, draft: Draft, ours: frozenset[str]) -> tuple[Event, list[Event]]:
    """Make the booking and prove it; return our event and the other events seen in its slot.

    `ours`: ids of other bookings made here that may lie in the slot. Raises Taken after withdrawing our event,
    Cancelled when somebody cancelled it, Unreachable when the outcome is not known yet.
    """
    others = look(source, calendar_id, draft.start, draft.end, draft.id)
    if others and not _exists(source, calendar_id, draft.id):
        raise Taken(others)
    mine = insert_once(source, calendar_id, draft)
    others = _answered(source, calendar_id, draft)
    if yields(_contender(mine, frozenset({mine.id})), [_contender(other, ours) for other in others]):
        source.delete(calendar_id, draft.id)
        raise Taken(others)
    return mine, others


def insert_once(source: CalendarSource, calendar_id: str, draft: Draft) -> Event:
    """Insert the event, whatever became of earlier attempts; the id decides, never a second id."""
    try:
        return source.insert(calendar_id, draft)
    except (Duplicate, Unreachable) as error:
        try:
            found = source.get(calendar_id, draft.id)
        except Missing:
            raise Unreachable("Google has not taken the booking.") from error
    if found.cancelled:
        raise Cancelled("The booking was cancelled in Google Calendar.", "cancelled")
    return found


def _exists(source: CalendarSource, calendar_id: str, event_id: str) -> bool:
    try:
        return not source.get(calendar_id, event_id).cancelled
    except Missing:
        return False


def _answered(source: CalendarSource, calendar_id: str, draft: Draft) -> list[Event]:
    """Read the slot again until the room has answered every invitation in it, or 15 seconds have passed."""
    pause = threading.Event()
    give_up = clock.monotonic() + ANSWER_SECONDS
    while True:
        others = look(source, calendar_id, draft.start, draft.end, draft.id)
        if clock.monotonic() > give_up or not any(event.answer == "needsAction" for event in others):
            return others
        pause.wait(STEP_SECONDS)


def _contender(event: Event, ours: frozenset[str]) -> Contender:
    return Contender(event.id, event.created, event.id in ours, event.answer == "accepted")
