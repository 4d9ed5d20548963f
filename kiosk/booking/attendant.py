"""Waiting for people to check in, and giving back the rooms of those who do not come; no screen is needed for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.booking.counter import Asked, Declined
from kiosk.booking.desk import Desk
from kiosk.errors import KioskError, NotFound
from kiosk.schedule import checkin
from kiosk.schedule.model import Booking
from kiosk.schedule.rights import Who
from kiosk.store import attendance, diary, journal, rooms
from kiosk.store.attendance import Attendance
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
# A room is looked at again after this long, though nothing about it has changed.
LOOK_EVERY = timedelta(minutes=1)


@dataclass
class Attendant:
    """Looks after every room that wants check-ins; its steps are short and find all they need in the store."""

    desk: Desk
    store: Store
    clock: clock.Clock
    _looked: dict[int, tuple[int, datetime]] = field(default_factory=dict)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="attendance", daemon=True).start()

    def step(self) -> None:
        """Open check-ins whose time has come, and give up those that are due."""
        now = self.clock()
        with self.store.read() as db:
            wanting = [one for one in rooms.every(db) if one.room.policy.check_in != "off"]
        if not wanting:
            return
        if self.store.write(attendance.be_here, now):
            self.store.write(journal.drop_releases, now)
        for stored in wanting:
            if self._is_new(stored, now):
                with _alone(stored.room.slug):
                    self._look(stored, now)
        with self.store.read() as db:
            due = attendance.due(db, now)
        for one in due:
            with _alone(one.event_id):
                self._give_up(one, now)
            # Google may have let us wait: that was no absence.
            self.store.write(attendance.stay, self.clock())

    def _is_new(self, stored: StoredRoom, now: datetime) -> bool:
        revision, until = self._looked.get(stored.id, (-1, clock.DAWN))
        return revision != stored.revision or not until - LOOK_EVERY <= now < until

    def _look(self, stored: StoredRoom, now: datetime) -> None:
        """Begin to wait for the bookings that can be checked in by now, and say when to look again."""
        opens = stored.room.policy.opens
        with self.store.read() as db:
            found = diary.between(db, stored, now, now + opens + LOOK_EVERY)
            known = attendance.of_room(db, stored.id, (booking.id for booking in found))
        until = now + LOOK_EVERY
        for booking in found:
            if booking.check_in is None or _is_awaited(booking, known.get(booking.id)):
                continue
            if booking.check_in.opens_at > now:
                until = min(until, booking.check_in.opens_at)
            else:
                self._await(stored, booking, now)
        self._looked[stored.id] = stored.revision, until

    def _await(self, stored: StoredRoom, booking: Booking, now: datetime) -> None:
        due_at = checkin.due_at(booking.start, now, stored.room.policy, booking.end)
        self.store.write(attendance.await_, stored.id, booking, due_at, now)

    def _give_up(self, one: Attendance, now: datetime) -> None:
        with self.store.read() as db:
            stored = rooms.by_id(db, one.room_id)
            booking = diary.find(db, stored, one.event_id)
            missed = attendance.strikes(db, one.room_id, one.series_id, one.start)
        if booking is None or booking.check_in is None or booking.start != one.start:
            self.store.write(attendance.excuse, one.room_id, one.event_id, now)
        elif booking.end <= now:
            # Where there was less than the whole grace to come, or it was put off past the end, nobody is to blame.
            whole = one.due_at - max(one.at, one.start) >= stored.room.policy.grace and one.due_at <= booking.end
            self.store.write(attendance.miss if whole else attendance.excuse, one.room_id, one.event_id, now)
        else:
            self._release(stored, one, booking, checkin.strike(missed, stored.room.policy) if one.series_id else "none")

    def _release(self, stored: StoredRoom, one: Attendance, booking: Booking, strike: str) -> None:
        note = {"none": "missed", "warn": "missed_warned", "remove": "missed_series"}[strike]
        # One release for one missed check-in, however often it is tried. No request's header can have such a key.
        key = f"\x1fmissed {stored.id} {booking.id} {booking.start.isoformat()} {one.due_at.isoformat()}"
        asked = Asked("release", booking.id, stored.room.slug, note=note, key=key, who=Who("server"))
        try:
            done = self.desk.change(asked)
        except (Declined, NotFound) as error:
            # What is being booked is not settled yet: it is looked at again at the next step.
            if not isinstance(error, Declined) or error.reason != "being_booked":
                self._leave(stored, booking, str(error))
        else:
            if done.state == "refused" and done.reason != "attended":
                self._leave(stored, booking, done.reason)

    def _leave(self, stored: StoredRoom, booking: Booking, reason: str) -> None:
        log.warning("%s: %s is not released: %s", stored.room.slug, booking.id, reason)
        self.store.write(attendance.excuse, stored.id, booking.id, self.clock())

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), BEAT_SECONDS, log, "The check-ins")


@contextmanager
def _alone(about: str) -> Iterator[None]:
    """Let nothing that goes wrong with one room or booking keep the others waiting."""
    try:
        yield
    except KioskError as error:
        log.warning("%s: check-ins cannot be looked after now: %s", about, error)
    except Exception:
        log.exception("%s: check-ins cannot be looked after now", about)


def _is_awaited(booking: Booking, known: Attendance | None) -> bool:
    return known is not None and known.start == booking.start
