"""Driving a journal row to its end at a hub: carried under its own id, which makes it one booking however often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kiosk import clock
from kiosk.booking.driver import out_of_time
from kiosk.booking.job import WHOLE_SERIES
from kiosk.errors import AccessDenied, Missing, Unreachable
from kiosk.source import HubSource, Outcome, Parcel, ParcelAct
from kiosk.store import journal, mirror, outcome, rooms
from kiosk.store.database import Store
from kiosk.store.journal import Command, Kind
from kiosk.store.leases import Lease

# How soon a hub is asked again whether it has undone something.
AGAIN = timedelta(seconds=2)
ACTS: dict[Kind, ParcelAct] = {
    "book": "book",
    "extend": "extend",
    "start": "start",
    "end": "end",
    "cancel": "cancel",
    "release": "release",
    "accept": "check_in",
    "check_in": "check_in",
}


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries what is asked for here to the hub, which does it by its own journal and rules."""

    store: Store
    hub: HubSource
    clock: clock.Clock
    carries: bool = True

    def drive(self, command: Command, lease: Lease, waited: bool = False) -> None:
        """Take the command as far as it goes. Raises Unreachable when the hub must be asked again later."""
        with self.store.read() as db:
            calendar_id = rooms.by_id(db, command.room_id).calendar_id or ""
        if command.state == "withdrawing":
            self._give_up(command, calendar_id)
            return
        reason = out_of_time(command, self.clock())
        if reason:
            # It may have reached the hub, so that is asked before the row is settled.
            self.store.write_durably(journal.withdraw, command, reason, self.clock())
            return
        self._settle(command, lease, self._carry(command, calendar_id))

    def _carry(self, command: Command, calendar_id: str) -> Outcome:
        try:
            return self.hub.carry(parcel(command, calendar_id))
        except AccessDenied as error:
            # Whoever has been paired anew may go on with what was asked for before.
            raise Unreachable(str(error), error.reason) from error

    def _settle(self, command: Command, lease: Lease, done: Outcome) -> None:
        now = self.clock()
        if done.state == "confirmed":
            found, gone = list(done.events), list(done.gone)
            self.store.write_durably(outcome.confirm, command, lease, found, gone, now, done.reason)
        elif done.state == "refused":
            found, gone = list(done.events), list(done.gone)
            self.store.write_durably(outcome.refuse, command, lease, done.reason, found, gone, now)
        elif done.state == "withdrawing":
            self.store.write_durably(journal.withdraw, command, done.reason, now)
        else:
            raise Unreachable("The hub has it, and waits for Google.", done.state)
        # The cursor knows nothing of what was stored beside it; the room is still ours, so no pass is under way.
        self.store.write(mirror.read_anew, command.room_id, now)

    def _give_up(self, command: Command, calendar_id: str) -> None:
        """Settle what was given up once the hub has undone it, or says that it never comes to be."""
        try:
            done = self.hub.give_up(command.id, calendar_id)
        except AccessDenied as error:
            raise Unreachable(str(error), error.reason) from error
        except Missing:
            done = Outcome("refused")
        if done.state not in {"refused", "confirmed"}:
            self.store.write(journal.retry_at, command, self.clock() + AGAIN)
            return
        # What took place before anybody heard of it here cannot be undone any more.
        settle = outcome.withdrawn if done.state == "refused" else journal.settle_after_all
        self.store.write(settle, command, self.clock())
        self.store.write(mirror.read_anew, command.room_id, self.clock())


def parcel(command: Command, calendar_id: str) -> Parcel:
    """Return a command as the hub is asked for it: what was asked, and when."""
    undone = command.note.removeprefix(journal.UNDO) if command.note.startswith(journal.UNDO) else ""
    act = "check_in" if undone else ACTS[command.kind]
    booking = act == "book"
    return Parcel(
        command.id,
        act,
        calendar_id,
        "" if booking else undone or command.event_id,
        command.created_at,
        start=command.start if booking else None,
        end=command.end if booking or act == "extend" else None,
        title=command.title if booking else "",
        series=command.note in WHOLE_SERIES,
    )
