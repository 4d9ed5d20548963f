"""Undoing what was given up: whatever of a command has reached Google, or may still arrive there, must not stay."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.booking import verified
from kiosk.booking.job import WHOLE_SERIES, Job, has_come, place_of
from kiosk.booking.verified import Moved, Place, Taken
from kiosk.errors import AccessDenied
from kiosk.schedule.model import Event
from kiosk.source import CalendarSource
from kiosk.store import journal, mirror, outcome
from kiosk.store.database import Store
from kiosk.store.journal import Command

log = logging.getLogger(__name__)

# A request that was cut off may still arrive at Google; only after this long is a missing event really missing.
STRAY = timedelta(minutes=1)
# Google's refusal to let us act for somebody.
DELEGATION = "delegation"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What undoing needs."""

    store: Store
    source: CalendarSource
    clock: clock.Clock

    def withdraw(self, job: Job) -> None:
        """Make sure that nothing of a given-up command is or will be in the calendar."""
        undo = {
            "book": self._unmake,
            "extend": self._put_back,
            "start": self._put_back,
            "accept": self._decline_again,
            "release": self._take_again,
        }
        act = undo.get(job.command.kind)
        if act is None or not job.stored.calendar_id or act(job):
            self.store.write(outcome.withdrawn, job.command, self.clock())
        else:
            self.store.write(journal.retry_at, job.command, job.command.created_at + STRAY)

    def _unmake(self, job: Job) -> bool:
        """Delete the event if it is there; False while a request for it may still arrive."""
        try:
            found = verified.remove(place_of(job, self.store, self.source), job.command.event_id)
        except AccessDenied as error:
            if error.reason != DELEGATION:
                raise
            # We may no longer act for that person: what has reached Google, the room has been invited to.
            found = verified.decline(place_of(job, self.store, self.source), job.command.event_id, "")
        return found is not None or not self._may_be_under_way(job.command)

    def _put_back(self, job: Job) -> bool:
        with self.store.read() as db:
            agreed = journal.agreed(db, job.stored.id, job.command.event_id)
        if agreed == job.slot:
            return True  # the same was asked for twice, and done for the other
        moved = verified.put_back(place_of(job, self.store, self.source), job.change)
        return moved is not None or not self._may_be_under_way(job.command)

    def _decline_again(self, job: Job) -> bool:
        if not has_come(job, self.store):
            verified.decline_again(place_of(job, self.store, self.source), job.command.event_id, job.slot)
        return not self._may_be_under_way(job.command)

    def _take_again(self, job: Job) -> bool:
        """Undo a release of which somebody has come after all; False while a request for it may still arrive.

        Of a series only the date to which they have come is taken again.
        """
        command, place = job.command, place_of(job, self.store, self.source)
        if command.reason != "attended":
            return True
        found = place.find(command.event_id)
        if command.way == "room" and (found is None or found.cancelled):
            self.store.write_durably(journal.add, _anew(command, self.clock()))
        elif found and found.answer == "declined":
            self._accept_again(job, place, found)
        else:
            return not self._may_be_under_way(command)
        if command.note in WHOLE_SERIES:
            self.store.write_durably(outcome.release_but_one, command, self.clock())
        return True

    def _accept_again(self, job: Job, place: Place, found: Event) -> None:
        try:
            mine, others = verified.accept(place, found.id, job.slot)
        except Taken as error:
            log.warning("%s: %s has lost its time to somebody else", job.stored.room.slug, found.id)
            mine, others = found, error.events
            if has_come(job, self.store):
                self.store.write_durably(journal.settle_withdrawn, job.command, self.clock(), journal.TAKEN)
        except Moved as error:
            log.warning("%s: %s is at another time now", job.stored.room.slug, found.id)
            mine, others = error.event, []
        self.store.write(mirror.write_through, job.stored.id, [mine, *others], [])

    def _may_be_under_way(self, command: Command) -> bool:
        return self.clock() - command.created_at < STRAY


def _anew(released: Command, now: datetime) -> Command:
    """Return the command that books again what was deleted before somebody came."""
    return Command(
        id=released.id[::-1],
        room_id=released.room_id,
        kind="book",
        event_id=f"kiosk{released.id[::-1]}",
        start=released.start,
        end=released.end,
        title=released.title,
        state="held",
        reason="",
        key=None,
        request="",
        attempts=0,
        due_at=now,
        created_at=now,
        note=journal.UNDO + released.event_id,
        held_at=now,
        actor=released.actor,
    )
