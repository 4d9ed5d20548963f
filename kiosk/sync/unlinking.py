"""Taking rooms' calendars away: one room's, or those of the whole organisation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import KioskError, Refused, SourceError, Unreachable, UsageError
from kiosk.store import journal, links, rooms
from kiosk.store.journal import Command
from kiosk.store.links import Own
from kiosk.store.rooms import StoredRoom
from kiosk.sync.holding import held
from kiosk.sync.linking import Report, silent
from kiosk.sync.passes import Pass

# Drives what is open of a room's journal once more.
Settle = Callable[[int], None]
# What was cut off on its way to Google may still arrive there for so long, and can only then be removed.
STRAY = timedelta(minutes=1)
STRAY_SECONDS = 65.0
STEP_SECONDS = 1.0


@dataclass(slots=True)
class Disconnected:
    """What disconnecting a room did.

    `removed`: events that are managed in Google and are not shown here any more. `deleted`: bookings made here that
    were taken out of Google; `left`: those that are still there, each with the reason where they ought not to be.
    `refused`: what of the journal Google has not answered; `doubtful` of it may have reached Google all the same.
    """

    slug: str
    removed: int = 0
    deleted: int = 0
    left: list[str] = field(default_factory=list)
    refused: int = 0
    doubtful: int = 0

    def says(self) -> str:
        """Say it in sentences."""
        parts = [f"{_events(self.removed)} managed in Google {_are(self.removed)} removed here; Google keeps them."]
        if self.deleted:
            parts.append(f"{_bookings(self.deleted)} made here {_are(self.deleted)} deleted in Google.")
        if self.left:
            parts.append(f"{_bookings(len(self.left))} could not be deleted in Google: {self.left[0]}")
        if self.refused:
            parts.append(f"{_bookings(self.refused)} not settled with Google {_are(self.refused)} refused.")
        if self.doubtful:
            parts.append(f"{_bookings(self.doubtful)} of these may be in Google all the same: look there.")
        return " ".join(parts)


def disconnect_room(
    work: Pass, room_id: int, delete_ours: bool, settle: Settle = lambda _room: None, report: Report = silent
) -> Disconnected:
    """Take a room's calendar away: no further updates, nothing managed in Google is shown here any more.

    First the room's open journal rows are settled, or refused where Google does not answer; then, with `delete_ours`,
    the future bookings made here are deleted in Google; they stay the room's own in any case. Its push channel is
    stopped by the running server. Raises UsageError when the room is not linked, Busy while it is being booked, and
    Unreachable when bookings are to be deleted and Google does not answer: the room stays linked then.
    """
    with work.store.read() as db:
        stored = rooms.by_id(db, room_id)
    if stored.calendar_id is None:
        raise UsageError(f"The room {stored.room.slug!r} is not linked.")
    report(0, 0, "Settling what is not settled with Google yet")
    _settle(work, stored.id, settle)
    done = Disconnected(stored.room.slug)
    with held(work.store, stored.id, work.clock) as keep:
        if delete_ours:
            _delete_ours(work, stored, done, keep, report)
        done.removed, refused = work.store.write_durably(links.unlink, stored.id, work.clock())
    done.refused, done.doubtful = len(refused), sum(map(_is_doubtful, refused))
    return done


def disconnect_organisation(
    work: Pass, delete_ours: bool, settle: Settle = lambda _room: None, report: Report = silent
) -> tuple[list[Disconnected], list[tuple[str, str]]]:
    """Disconnect every linked room; return what was done, and (slug, reason) of rooms that stay linked."""
    with work.store.read() as db:
        linked = [one for one in rooms.every(db) if one.calendar_id]
    done: list[Disconnected] = []
    failed: list[tuple[str, str]] = []
    for number, stored in enumerate(linked):
        report(number, len(linked), f"Disconnecting {stored.room.name}")
        try:
            done.append(disconnect_room(work, stored.id, delete_ours, settle))
        except KioskError as error:
            failed.append((stored.room.slug, str(error)))
    report(len(linked), len(linked), "")
    return done, failed


def _settle(work: Pass, room_id: int, settle: Settle) -> None:
    """Settle what is open; what was given up is waited for, as long as a request for it may still arrive."""
    pause, give_up = threading.Event(), clock.monotonic() + STRAY_SECONDS
    settle(room_id)
    while _may_settle(work, room_id, work.clock()) and clock.monotonic() < give_up:
        pause.wait(STEP_SECONDS)
        settle(room_id)


def _may_settle(work: Pass, room_id: int, now: datetime) -> bool:
    with work.store.read() as db:
        open_ones = journal.open_of(db, room_id)
    return any(one.state == "withdrawing" and now - one.created_at < STRAY for one in open_ones)


def _delete_ours(work: Pass, stored: StoredRoom, done: Disconnected, keep: Callable[[], None], report: Report) -> None:
    with work.store.read() as db:
        ours = links.own_in_google(db, stored.id, work.clock())
    for number, own in enumerate(ours):
        report(number, len(ours), "Deleting the bookings made here in Google")
        keep()
        reason = _deleted(work, stored, own)
        if reason:
            done.left.append(reason)
        else:
            done.deleted += 1


def _deleted(work: Pass, stored: StoredRoom, own: Own) -> str:
    """Delete a booking in Google; return why it cannot be, empty when it is gone. Raises Unreachable."""
    try:
        work.source.delete(str(stored.calendar_id), own.event_id, own.person)
    except Refused as error:
        return str(error)
    except SourceError as error:
        raise Unreachable(f"{error} The room stays linked: try again, or leave its bookings in Google.") from error
    return ""


def _is_doubtful(command: Command) -> bool:
    return command.kind == "book"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def _bookings(count: int) -> str:
    return "1 booking" if count == 1 else f"{count} bookings"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
