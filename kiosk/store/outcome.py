"""What a command came to: its row, the mirror and the room's revision move in one transaction."""

from __future__ import annotations

from datetime import datetime

from peewee import Database

from kiosk.schedule.model import Booking, Event
from kiosk.store import attendance, events, journal, leases, mirror
from kiosk.store.journal import Command
from kiosk.store.leases import Lease
from kiosk.store.revisions import touch

# How actors begin that are programs with an access token: nobody is at the room.
PROGRAM = "admin"


def begin(db: Database, command: Command, now: datetime) -> bool:
    """Write a new command; a check-in is done by that, and stops a release for want of it, wherever that is by now.

    False when another came with its idempotency key first.
    """
    added = journal.add(db, command)
    if added and command.kind == "check_in":
        _come(db, command, now)
        touch(db, command.room_id)
        release = journal.last_of(db, command.room_id, command.event_id, "release")
        if release and journal.is_missed(release):
            journal.withdraw(db, release, "attended", now)
    return added


def confirm(
    db: Database, command: Command, lease: Lease, found: list[Event], gone: list[str], now: datetime, reason: str = ""
) -> bool:
    """Settle a command as done with the events the calendar gave; False when it was withdrawn meanwhile.

    Raises LeaseLost when the lease ran out: somebody else may have acted on the room since.
    """
    leases.check(db, lease, now)
    moved = journal.settle(db, command, "confirmed", reason, now)
    if moved:
        mirror.write_through(db, command.room_id, found, gone)
        _attend(db, command, now)
    return moved


def refuse(
    db: Database, command: Command, lease: Lease, reason: str, found: list[Event], gone: list[str], now: datetime
) -> bool:
    """Settle a command as refused; what the calendar showed instead is stored, so that the screens know why."""
    leases.check(db, lease, now)
    mirror.write_through(db, command.room_id, found, gone)
    return journal.settle(db, command, "refused", reason, now)


def withdrawn(db: Database, command: Command, now: datetime) -> bool:
    """Settle a given-up command: the event of a booking is known not to be in the calendar.

    Any other that was given up leaves the event as the calendar has it.
    """
    if command.kind == "book":
        mirror.write_through(db, command.room_id, [], [command.event_id])
    return journal.settle_withdrawn(db, command, now)


def release_but_one(db: Database, command: Command, now: datetime) -> None:
    """Settle the release of a series to one date of which somebody has come: the others stay released."""
    if journal.settle_but_one(db, command, now):
        mirror.hasten(db, command.room_id, now)


def _attend(db: Database, command: Command, now: datetime) -> None:
    """Whoever books for now, extends or begins early at the room is there: that is a check-in. A program is not."""
    room, event_id = command.room_id, command.event_id
    if command.note.startswith(journal.UNDO):
        _come(db, command, now)
        attendance.come_after_all(db, room, command.note.removeprefix(journal.UNDO), now, command.actor)
    elif command.kind in {"extend", "start"} or (command.kind == "book" and command.start <= command.created_at):
        if not command.actor.startswith(PROGRAM):
            _come(db, command, now)
    elif command.kind == "end":
        attendance.finish(db, room, event_id, command.start, command.end, now)
    elif command.kind == "accept":
        attendance.come_after_all(db, room, event_id, now, command.actor)
    elif journal.is_missed(command):
        attendance.miss(db, room, event_id, now)


def _come(db: Database, command: Command, now: datetime) -> None:
    event = events.find(db, command.room_id, command.event_id)
    series = event.series_id if event else ""
    booking = Booking(command.event_id, command.start, command.end, command.title, series_id=series)
    attendance.enter(db, command.room_id, booking, now, command.actor)
