"""Driving one journal row to its end, once, whatever happened before; the room is locked meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.booking import verified
from kiosk.booking.verified import Cancelled, Taken
from kiosk.errors import Changed, Gone, Missing
from kiosk.schedule.model import Event
from kiosk.source import CalendarSource, Draft
from kiosk.store import diary, events, journal, outcome, rooms
from kiosk.store.database import Store
from kiosk.store.journal import Command
from kiosk.store.leases import Lease
from kiosk.store.rooms import StoredRoom

# A request that was cut off may still arrive at Google; only after this long is a missing event really missing.
STRAY = timedelta(minutes=1)
# Nobody waits for an answer to a booking "for now" that is older than this: it is not made any more.
FORGOTTEN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Driver:
    """What driving needs."""

    store: Store
    source: CalendarSource
    clock: clock.Clock

    def drive(self, command: Command, lease: Lease) -> None:
        """Take the command as far as it goes. Raises Unreachable when Google must be asked again later."""
        stored = self._room(command)
        if command.state == "withdrawing":
            self._withdraw(command, stored)
        elif command.kind == "book":
            self._book(command, stored, lease)
        elif command.kind == "end":
            self._end(command, stored, lease)
        else:
            self._cancel(command, stored, lease)

    def _room(self, command: Command) -> StoredRoom:
        with self.store.read() as db:
            return rooms.by_id(db, command.room_id)

    def _book(self, command: Command, stored: StoredRoom, lease: Lease) -> None:
        reason = self._out_of_time(command)
        if reason:
            # Earlier attempts may have reached Google, so the event is looked for before the row is settled.
            self.store.write(journal.withdraw, command, reason, self.clock())
        elif command.attempts == 0 and self._taken_here(command):
            self._refuse(command, lease, "taken", [], [])
        elif stored.calendar_id is None:
            self._confirm(command, lease, [_local_event(command)])
        else:
            self._book_in_calendar(command, stored, stored.calendar_id, lease)

    def _out_of_time(self, command: Command) -> str:
        now = self.clock()
        if command.end <= now:
            return "past"
        forgotten = command.state == "pending" and now - command.created_at > FORGOTTEN
        return "forgotten" if forgotten else ""

    def _taken_here(self, command: Command) -> bool:
        with self.store.read() as db:
            taken = diary.between(db, command.room_id, command.start, command.end)
        return any(booking.id != command.event_id for booking in taken)

    def _book_in_calendar(self, command: Command, stored: StoredRoom, calendar_id: str, lease: Lease) -> None:
        draft = Draft(
            command.event_id, command.title, command.start, command.end, stored.room.zone.key, {"kiosk": command.id}
        )
        try:
            mine, others = verified.book(self.source, calendar_id, draft, self._ours(command))
        except Taken as error:
            self._refuse(command, lease, "taken", error.events, [command.event_id])
        except Cancelled:
            self._refuse(command, lease, "cancelled", [], [command.event_id])
        else:
            if not self._confirm(command, lease, [mine, *others]) and self._was_given_up(command):
                self.source.delete(calendar_id, command.event_id)

    def _was_given_up(self, command: Command) -> bool:
        with self.store.read() as db:
            current = journal.find(db, command.id)
        return current is not None and current.state in {"withdrawing", "refused"}

    def _ours(self, command: Command) -> frozenset[str]:
        with self.store.read() as db:
            return frozenset(journal.own_between(db, command.room_id, command.start, command.end))

    def _confirm(self, command: Command, lease: Lease, found: list[Event], gone: list[str] | None = None) -> bool:
        return self.store.write_durably(outcome.confirm, command, lease, found, gone or [], self.clock())

    def _refuse(self, command: Command, lease: Lease, reason: str, found: list[Event], gone: list[str]) -> None:
        self.store.write_durably(outcome.refuse, command, lease, reason, found, gone, self.clock())

    def _withdraw(self, command: Command, stored: StoredRoom) -> None:
        """Make sure that nothing of a given-up booking is or will be in the calendar."""
        if stored.calendar_id and command.kind == "book":
            found = self._find(stored.calendar_id, command.event_id)
            if found and not found.cancelled:
                self.source.delete(stored.calendar_id, command.event_id)
            elif found is None and self._may_be_under_way(command):
                self.store.write(journal.retry_at, command, command.created_at + STRAY)
                return
        self.store.write(outcome.withdrawn, command, self.clock())

    def _may_be_under_way(self, command: Command) -> bool:
        return self.clock() - command.created_at < STRAY

    def _find(self, calendar_id: str, event_id: str) -> Event | None:
        try:
            return self.source.get(calendar_id, event_id)
        except Missing:
            return None

    def _end(self, command: Command, stored: StoredRoom, lease: Lease) -> None:
        with self.store.read() as db:
            event = events.find(db, stored.id, command.event_id)
        if event is None:
            self._refuse(command, lease, "gone", [], [command.event_id])
        elif stored.calendar_id is None:
            self._confirm(command, lease, [replace(event, end=command.end)])
        else:
            self._end_in_calendar(command, stored.calendar_id, event, stored.room.zone.key, lease)

    def _end_in_calendar(self, command: Command, calendar_id: str, event: Event, zone: str, lease: Lease) -> None:
        try:
            changed = self._change_end(calendar_id, event, command.end, zone)
        except (Missing, Gone, Cancelled):
            self._refuse(command, lease, "gone", [], [event.id])
        else:
            self._confirm(command, lease, [changed])

    def _change_end(self, calendar_id: str, event: Event, end: datetime, zone: str) -> Event:
        try:
            return self.source.change_end(calendar_id, event, end, zone)
        except Changed:
            # The room's own answer changes the etag too: look once more at what it is now.
            fresh = self.source.get(calendar_id, event.id)
        if fresh.cancelled:
            raise Cancelled("The booking was cancelled in Google Calendar.", "cancelled")
        return fresh if fresh.end <= end else self.source.change_end(calendar_id, fresh, end, zone)

    def _cancel(self, command: Command, stored: StoredRoom, lease: Lease) -> None:
        if stored.calendar_id:
            self.source.delete(stored.calendar_id, command.event_id)
        self._confirm(command, lease, [], [command.event_id])


def _local_event(command: Command) -> Event:
    return Event(command.event_id, command.start, command.end, command.title, organized_by_room=True)
