"""What followers bring to a hub: each parcel is done once, by the hub's own rules, or never where it was given up."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.booking.counter import FIRST_LOOK, Asked, Declined, Wish
from kiosk.booking.desk import Desk
from kiosk.errors import Busy, NotFound, UsageError
from kiosk.schedule.model import Event, Slot
from kiosk.source import Outcome, Parcel
from kiosk.store import journal, telling
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom

# Ids are made by servers of ours, and make events' ids: https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
ID = re.compile(r"[0-9a-f]{32}")
# A parcel may be carried so much later; what is older is decided as if it had just been asked for.
OLDEST = timedelta(hours=24)
# Why the rules say no for a moment only: whoever carries a parcel comes again.
PASSING = {"being_booked", "unread"}


class NotNow(Busy):
    """Nothing was done or written down; the same may be done in a moment."""


class BadParcel(UsageError):
    """No parcel has such an id."""


@dataclass(frozen=True, slots=True)
class Parcels:
    """Takes parcels at the hub's desk."""

    desk: Desk
    clock: clock.Clock

    def do(self, parcel: Parcel, stored: StoredRoom, place: str) -> Command:
        """Do a parcel, and return its command as far as it came; a repeated one is answered as before.

        What the rules decline is written down too: a request for it that arrives late must not be done after all.
        Raises NotNow while the room is being booked, and BadParcel for an id that is something else's.
        """
        known = self._known(parcel.id, stored)
        if known:
            return known
        try:
            return self._ask(parcel, stored, place)
        except Declined as error:
            if error.reason in PASSING:
                raise NotNow(error.reason) from error
            return self._bury(parcel.id, stored, error.reason)
        except NotFound:
            return self._bury(parcel.id, stored, "gone")

    def find(self, parcel_id: str) -> Command | None:
        """Return what became of a parcel, None when it never arrived. Raises BadParcel for what nobody has brought."""
        if not ID.fullmatch(parcel_id):
            raise BadParcel("This is no parcel's id.")
        with self.desk.driver.store.read() as db:
            found = journal.find(db, parcel_id)
        if found and not journal.is_carried(found):
            raise BadParcel("This was asked for here, and is not undone from elsewhere.")
        return found

    def give_up(self, parcel_id: str, stored: StoredRoom) -> Command:
        """Undo a parcel of a room, or see to it that it is never done; return its command as far as that came.

        Raises BadParcel for another room's: whoever reads a calendar knows the ids of what was booked there.
        """
        known = self._known(parcel_id, stored)
        if known is None:
            return self._bury(parcel_id, stored, journal.TAKEN_BACK)
        if known.state in journal.WAITING:
            store = self.desk.driver.store
            store.write_durably(journal.withdraw, known, journal.TAKEN_BACK, self.clock())
            self.desk.hasten()
            return self.desk.find(parcel_id)
        return self._undo(known, stored) if known.state == "confirmed" else known

    def _known(self, parcel_id: str, stored: StoredRoom) -> Command | None:
        """Return what became of a parcel of a room. Raises BadParcel for another room's."""
        known = self.find(parcel_id)
        if known and known.room_id != stored.id:
            raise BadParcel("This id came with something else before.")
        return known

    def outcome(self, command: Command) -> Outcome:
        """Return what a follower is told of a command: with the booking as it is now, where that was settled."""
        if command.state in journal.OPEN:
            return Outcome(command.state, command.reason)
        found = self._booking(command)
        gone = () if found or not command.event_id else (command.event_id,)
        return Outcome(command.state, command.reason, (found,) if found else (), gone)

    def _booking(self, command: Command) -> Event | None:
        store = self.desk.driver.store
        with store.read() as db:
            return telling.one_of(db, command.room_id, command.event_id)

    def _ask(self, parcel: Parcel, stored: StoredRoom, place: str) -> Command:
        slug, now = stored.room.slug, self.clock()
        at = max(min(parcel.asked_at, now), now - OLDEST)
        same = {"key": journal.CARRIED + parcel.id, "place": place, "id": parcel.id, "at": at}
        if parcel.act == "book":
            return self.desk.book(Wish(slug, parcel.start, parcel.end, title=parcel.title, **same))  # type: ignore[arg-type]
        asked = Asked(parcel.act, parcel.event_id, slug, until=parcel.end, series=parcel.series, **same)  # type: ignore[arg-type]
        return self.desk.change(asked)

    def _bury(self, parcel_id: str, stored: StoredRoom, reason: str) -> Command:
        """Write a parcel down as refused, unless it has been done meanwhile."""
        store = self.desk.driver.store
        store.write_durably(journal.bury, parcel_id, stored.id, journal.CARRIED + parcel_id, reason, self.clock())
        return self.desk.find(parcel_id)

    def _undo(self, done: Command, stored: StoredRoom) -> Command:
        """Undo what was done; return it as refused once that is so. A booking that is over has taken place."""
        if done.kind == "book" and done.end <= self.clock():
            return done
        undoing = self._undoing(done)
        settled = undoing is None or self._is_settled(undoing, stored)
        return replace(done, state="refused" if settled else "withdrawing", reason=journal.TAKEN_BACK)

    def _is_settled(self, undoing: Command, stored: StoredRoom) -> bool:
        """Begin to undo, unless that was begun before; tell whether it has come to its end."""
        try:
            known = self.find(undoing.id) or self._start_undoing(undoing, stored)
        except Declined as error:
            return error.reason not in PASSING
        except NotFound:
            return True
        return known.state not in journal.OPEN

    def _start_undoing(self, undoing: Command, stored: StoredRoom) -> Command:
        if undoing.kind == "cancel":
            asked = Asked("cancel", undoing.event_id, stored.room.slug, key=undoing.key, place=undoing.place)
            return self.desk.change(replace(asked, id=undoing.id))
        return self.desk.submit(undoing)

    def _undoing(self, done: Command) -> Command | None:
        """Return the command that undoes another, the same whenever it is asked; None where nothing is to be undone."""
        number = hashlib.sha256(f"{done.id} undone".encode()).hexdigest()[:32]
        fresh = replace(_anew(done, self.clock()), id=number, key=journal.CARRIED + number)
        if done.kind == "book":
            return replace(fresh, kind="cancel", note="")
        if done.kind in {"extend", "start"} and done.old_start and done.old_end:
            old = Slot(done.old_start, done.old_end)
            return replace(fresh, kind="end", start=old.start, end=old.end, old_start=done.start, old_end=done.end)
        return None


def _anew(done: Command, now: datetime) -> Command:
    fresh = replace(done, state="pending", reason="", request="", attempts=0, actor="server")
    return replace(fresh, created_at=now, due_at=now + FIRST_LOOK, settled_at=None, held_at=None)
