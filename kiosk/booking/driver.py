"""Driving one journal row to its end, once, whatever happened before; the room is locked meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.booking import verified
from kiosk.booking.job import WHOLE_SERIES, Job, has_come, place_of
from kiosk.booking.verified import ANSWER_SECONDS, Cancelled, Moved, Place, Taken
from kiosk.booking.withdrawal import Withdrawal
from kiosk.errors import AccessDenied, Gone, Missing
from kiosk.schedule.availability import occupies
from kiosk.schedule.model import Event, Person
from kiosk.source import CalendarSource, Draft
from kiosk.store import attendance, diary, events, journal, mirror, outcome, rooms
from kiosk.store.database import Store
from kiosk.store.journal import Command
from kiosk.store.leases import Lease

log = logging.getLogger(__name__)

# Nobody waits for an answer to a command that is older than this: it is not done any more.
FORGOTTEN = timedelta(minutes=2)
# A room answers an invitation in seconds; while it has not, its lock is given back.
Wait = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Driver:
    """What driving needs."""

    store: Store
    source: CalendarSource
    clock: clock.Clock
    carries: bool = False

    def drive(self, command: Command, lease: Lease, waited: bool = False) -> Wait | None:
        """Take the command as far as it goes; return a wait after which, unlocked meanwhile, it must be driven again.

        Raises Unreachable when Google must be asked again later, Refused when it said no.
        """
        with self.store.read() as db:
            stored = rooms.by_id(db, command.room_id)
        job = Job(command, stored, lease, waited)
        if command.state == "withdrawing":
            Withdrawal(self.store, self.source, self.clock).withdraw(job)
            return None
        reason = out_of_time(command, self.clock())
        if reason:
            # Earlier attempts may have reached Google, so it is looked at before the row is settled.
            self.store.write_durably(journal.withdraw, command, reason, self.clock())
            return None
        return self._kinds()[command.kind](job)

    def _kinds(self) -> dict[str, Callable[[Job], Wait | None]]:
        return {
            "book": self._book,
            "extend": self._reshape,
            "start": self._reshape,
            "end": self._end,
            "cancel": self._cancel,
            "release": self._release,
            "accept": self._accept,
        }

    def _book(self, job: Job) -> Wait | None:
        # Where an earlier attempt may have reached a calendar, that is asked; a room without one has only what is here.
        untried = job.command.attempts == 0 and not job.waited
        if (untried or job.stored.calendar_id is None) and self._taken_here(job):
            self._refuse(job, "taken", [], [])
        elif job.stored.calendar_id is None:
            self._confirm(job, [_local_event(job.command)])
        else:
            return self._book_in_calendar(job, place_of(job, self.store, self.source))
        return None

    def _book_in_calendar(self, job: Job, place: Place) -> Wait | None:
        try:
            mine = self._made(job, place)
            if mine.answer == "needsAction" and not job.waited:
                return self._invited(job, place)
            mine, others = verified.prove(place, job.slot, mine)
        except Taken as error:
            self._refuse(job, error.reason, error.events, [job.command.event_id])
        except Cancelled:
            self._refuse(job, "cancelled", [], [job.command.event_id])
        else:
            self._booked(job, place, mine, others)
        return None

    def _made(self, job: Job, place: Place) -> Event:
        command = job.command
        if command.note == journal.INVITED:
            found = place.find(command.event_id)
            if found and found.cancelled:
                raise Cancelled
            if found:
                return found
        marks = {"kiosk": command.id}
        draft = Draft(command.event_id, command.title, command.start, command.end, place.zone, marks, place.person)
        return verified.make(place, draft)

    def _invited(self, job: Job, place: Place) -> Wait:
        self.store.write_durably(journal.mark_invited, job.command)
        return lambda: verified.await_answer(place, job.command.event_id, ANSWER_SECONDS)

    def _booked(self, job: Job, place: Place, mine: Event, others: list[Event]) -> None:
        if not self._confirm(job, [mine, *others], reason=_unanswered(mine)) and self._was_given_up(job.command):
            verified.delete_once(place, job.command.event_id)

    def _was_given_up(self, command: Command) -> bool:
        with self.store.read() as db:
            current = journal.find(db, command.id)
        return current is not None and current.state in {"withdrawing", "refused"}

    def _taken_here(self, job: Job) -> bool:
        """Tell whether our own mirror and journal know of something in the way."""
        slots = job.change.added if job.command.old_start else (job.slot,)
        with self.store.read() as db:
            found = [booking for slot in slots for booking in diary.between(db, job.stored, slot.start, slot.end)]
        return any(booking.id != job.command.event_id for booking in found)

    def _reshape(self, job: Job) -> Wait | None:
        known = self._mirrored(job)
        if known is None:
            self._refuse(job, "gone", [], [job.command.event_id])
        elif job.stored.calendar_id is None:
            self._reshape_here(job, known)
        else:
            return self._reshape_in_calendar(job, known, place_of(job, self.store, self.source))
        return None

    def _reshape_here(self, job: Job, known: Event) -> None:
        if self._taken_here(job):
            self._refuse(job, "taken", [], [])
        else:
            self._confirm(job, [replace(known, start=job.command.start, end=job.command.end)])

    def _reshape_in_calendar(self, job: Job, known: Event, place: Place) -> Wait | None:
        # Another's copy, or one that an earlier attempt may have changed, is read before it is written.
        fresh = place.person or job.command.attempts or job.waited
        try:
            changed = verified.reshape(place, job.change, None if fresh else known)
            if changed.answer == "needsAction" and not job.waited:
                return lambda: verified.await_answer(place, changed.id, ANSWER_SECONDS)
            changed, others = verified.prove_reshaped(place, job.change, changed)
        except Taken as error:
            self._refuse(job, error.reason, [*error.events, known], [])
        except (Missing, Gone, Cancelled):
            self._refuse(job, "gone", [], [job.command.event_id])
        else:
            # Another's copy has an etag of its own.
            mine = replace(known, start=changed.start, end=changed.end) if place.person else changed
            self._confirm(job, [mine, *others], reason=_unanswered(changed))
        return None

    def _end(self, job: Job) -> Wait | None:
        try:
            if job.command.way != "release":
                return self._reshape(job)
        except AccessDenied:
            if job.command.way != "organizer":
                raise
            # We may not act for the organizer: what can be done is to give the room back.
            self.store.write(journal.change_way, job.command, "release")
        self._release(replace(job, command=replace(job.command, way="release")))
        return None

    def _cancel(self, job: Job) -> None:
        if job.stored.calendar_id:
            verified.delete_once(place_of(job, self.store, self.source), job.command.event_id)
        self._confirm(job, [], [job.command.event_id])

    def _release(self, job: Job) -> None:
        command = job.command
        if journal.is_missed(command) and self._is_settled_otherwise(job):
            return
        if job.stored.calendar_id is not None and command.note in WHOLE_SERIES:
            self._end_series(job) if command.way == "room" else self._release_series(job)
        elif command.way == "room" or job.stored.calendar_id is None:
            self._cancel(job)
        else:
            found = verified.decline(place_of(job, self.store, self.source), command.event_id, _comment(command))
            self._confirm(job, [found] if found else [], [] if found else [command.event_id])

    def _release_series(self, job: Job) -> None:
        known, place, comment = self._mirrored(job), place_of(job, self.store, self.source), _comment(job.command)
        series = known.series_id if known else ""
        if not series or verified.decline(place, series, comment) is None:
            # The room was invited to this one only.
            verified.decline(place, job.command.event_id, comment)
        if self._confirm(job, [replace(known, answer="declined")] if known else []):
            self.store.write(mirror.hasten, job.stored.id, self.clock())

    def _end_series(self, job: Job) -> None:
        """Take this date and all that follow out of the room's own calendar; one that was moved goes by itself."""
        place, known = place_of(job, self.store, self.source), self._mirrored(job)
        self.source.curtail(place.calendar_id, job.command.event_id)
        verified.delete_once(place, job.command.event_id)
        with self.store.read() as db:
            series = known.series_id if known else ""
            gone = events.following(db, job.stored.id, series, job.command.start) if series else []
        if self._confirm(job, [], [*gone, job.command.event_id]):
            self.store.write(mirror.hasten, job.stored.id, self.clock())

    def _is_settled_otherwise(self, job: Job) -> bool:
        """Settle a release that must not be: somebody has come, nobody could, or its time is not taken any more."""
        with self.store.read() as db:
            away = attendance.was_away(db, self.clock())
        if away or has_come(job, self.store):
            # An earlier attempt may have reached Google: that is undone.
            self.store.write_durably(journal.withdraw, job.command, "attended", self.clock())
            return True
        if job.stored.calendar_id is None:
            return False
        found = place_of(job, self.store, self.source).find(job.command.event_id)
        if found is None or not occupies(found):
            return self._is_given_up(job, found)
        moved = found.start != job.command.start
        if moved:
            self._refuse(job, "moved", [found], [])
        return moved

    def _is_given_up(self, job: Job, found: Event | None) -> bool:
        """Settle the release of what others have given up; after the first attempt it may have been ours."""
        here = found is not None and not found.cancelled
        if job.command.attempts and _is_as_released(job.command, found, here):
            return False
        self._refuse(job, "gone", [found] if found and here else [], [] if here else [job.command.event_id])
        return True

    def _accept(self, job: Job) -> None:
        place = place_of(job, self.store, self.source)
        try:
            mine, others = verified.accept(place, job.command.event_id, job.slot)
        except Taken as error:
            self._refuse(job, "taken", error.events, [])
        except Moved as error:
            self._refuse(job, "moved", [error.event], [])
        except (Missing, Gone, Cancelled):
            self._refuse(job, "gone", [], [job.command.event_id])
        else:
            self._confirm(job, [mine, *others])

    def _mirrored(self, job: Job) -> Event | None:
        with self.store.read() as db:
            return events.find(db, job.stored.id, job.command.event_id)

    def _confirm(self, job: Job, found: list[Event], gone: list[str] | None = None, reason: str = "") -> bool:
        return self.store.write_durably(
            outcome.confirm, job.command, job.lease, found, gone or [], self.clock(), reason
        )

    def _refuse(self, job: Job, reason: str, found: list[Event], gone: list[str]) -> None:
        self.store.write_durably(outcome.refuse, job.command, job.lease, reason, found, gone, self.clock())


def out_of_time(command: Command, now: datetime) -> str:
    """Return why a command is not done any more, empty when it is: its time is over, or nobody waits for it."""
    if (command.old_end or command.end) <= now and command.end <= now:
        return "past"
    if command.kind not in {"book", "extend", "start", "accept"}:
        return ""
    for_now = command.kind != "book" or command.start <= command.created_at
    forgotten = command.state == "pending" and now - command.created_at > FORGOTTEN
    return "forgotten" if for_now and forgotten else ""


def _local_event(command: Command) -> Event:
    organizer = Person(command.person) if command.person else None
    return Event(
        command.event_id,
        command.start,
        command.end,
        command.title,
        organizer=organizer,
        organized_by_room=not organizer,
    )


def _unanswered(event: Event) -> str:
    return "unanswered" if event.answer == "needsAction" else ""


def _is_as_released(command: Command, found: Event | None, here: bool) -> bool:
    """Tell whether a release leaves an event like that: it deletes what the room organizes, and declines all other."""
    return not here if command.way == "room" else here and found is not None and found.answer == "declined"


def _comment(command: Command) -> str:
    comments = {
        "missed": "Nobody checked in at the room.",
        "missed_warned": "Nobody checked in at the room. After another miss the room is taken from this series.",
        "missed_series": "Nobody checked in at the room several times in a row; it is free for others from now on.",
    }
    return comments.get(command.note, "Released at the room.")
