"""What a command came to: its row, the mirror and the room's revision move in one transaction."""

from __future__ import annotations

from datetime import datetime

from peewee import Database

from kiosk.schedule.model import Event
from kiosk.store import journal, leases, mirror
from kiosk.store.journal import Command
from kiosk.store.leases import Lease


def confirm(db: Database, command: Command, lease: Lease, found: list[Event], gone: list[str], now: datetime) -> bool:
    """Settle a command as done with the events the calendar gave; False when it was withdrawn meanwhile.

    Raises LeaseLost when the lease ran out: somebody else may have acted on the room since.
    """
    leases.check(db, lease, now)
    moved = journal.settle(db, command, "confirmed", "", now)
    if moved:
        mirror.write_through(db, command.room_id, found, gone)
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

    Ending or cancelling one that was given up leaves the event as the calendar has it.
    """
    if command.kind == "book":
        mirror.write_through(db, command.room_id, [], [command.event_id])
    return journal.settle_withdrawn(db, command, now)
