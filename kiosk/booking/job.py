"""One row of the journal while it is driven: under its room's lease, at a place in a calendar."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.booking.verified import Change, Place
from kiosk.schedule.model import Slot
from kiosk.source import CalendarSource
from kiosk.store import attendance, events, journal
from kiosk.store.database import Store
from kiosk.store.journal import Command
from kiosk.store.leases import Lease
from kiosk.store.rooms import StoredRoom

# The notes of releases that a whole series is meant by.
WHOLE_SERIES = {"series", "missed_series"}


@dataclass(frozen=True, slots=True)
class Job:
    """One command being driven under its room's lease; the room's answer is waited for only once."""

    command: Command
    stored: StoredRoom
    lease: Lease
    waited: bool

    @property
    def slot(self) -> Slot:
        """The time that the command wants."""
        return Slot(self.command.start, self.command.end)

    @property
    def change(self) -> Change:
        """What the command does to the event's time."""
        old = Slot(self.command.old_start or self.command.start, self.command.old_end or self.command.end)
        return Change(self.command.event_id, old, self.slot)


def place_of(job: Job, store: Store, source: CalendarSource) -> Place:
    """Return where a job is done, with what we know of the bookings that may be met there."""
    command, calendar_id = job.command, job.stored.calendar_id
    with store.read() as db:
        ours = frozenset(journal.own_between(db, command.room_id, command.start, command.end))
        known = events.between(db, command.room_id, command.start, command.end)
    declined = {event.id: event.etag for event in known if event.answer == "declined"}
    person = command.person if command.way == "organizer" else ""
    return Place(source, calendar_id or "", job.stored.room.zone.key, person, ours, declined)


def has_come(job: Job, store: Store) -> bool:
    """Tell whether somebody has checked in."""
    with store.read() as db:
        known = attendance.find(db, job.stored.id, job.command.event_id)
    return known is not None and known.state == "in"
