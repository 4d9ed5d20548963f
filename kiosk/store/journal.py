"""The journal: every command is a row before it is a request, and is settled exactly once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from peewee import Database

from kiosk.schedule.model import Booking
from kiosk.store.models import CommandRow
from kiosk.store.revisions import touch

Kind = Literal["book", "end", "cancel"]
State = Literal["pending", "held", "withdrawing", "confirmed", "refused"]
OPEN: tuple[State, ...] = ("pending", "held", "withdrawing")


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for: to book, end or cancel `event_id`, and what became of it.

    pending: being done, its caller waits. held: its caller was told that Google has not answered.
    withdrawing: its caller was told no, so whatever reached Google is to be removed. confirmed, refused: settled.
    """

    id: str
    room_id: int
    kind: Kind
    event_id: str
    start: datetime
    end: datetime
    title: str
    state: State
    reason: str
    key: str | None
    request: str
    attempts: int
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None


def add(db: Database, command: Command) -> bool:
    """Write a new command; False when another one came with its idempotency key first."""
    if command.key and by_key(db, command.key):
        return False
    values = {name: getattr(command, name) for name in _FIELDS if name != "room_id"}
    CommandRow.insert(**values, room=command.room_id).execute(db)
    return True


def find(db: Database, command_id: str) -> Command | None:
    """Return a command by its id."""
    return _first(db, CommandRow.id == command_id)


def by_key(db: Database, key: str) -> Command | None:
    """Return the command that came with this idempotency key."""
    return _first(db, CommandRow.key == key)


def booking_of(db: Database, event_id: str) -> Command | None:
    """Return the command that made this event; None when the event was not made here."""
    return _first(db, (CommandRow.event_id == event_id) & (CommandRow.kind == "book"))


def settle(db: Database, command: Command, state: State, reason: str, now: datetime) -> bool:
    """Settle a command that still waits; False when it was settled or withdrawn meanwhile."""
    return _move(db, command, ("pending", "held"), state=state, reason=reason, settled_at=now)


def settle_withdrawn(db: Database, command: Command, now: datetime) -> bool:
    """Settle a withdrawn command whose event is known to be gone; it keeps its reason."""
    return _move(db, command, ("withdrawing",), state="refused", settled_at=now)


def hold(db: Database, command: Command, due_at: datetime) -> bool:
    """Let a command wait for Google; False when it was settled meanwhile."""
    return _move(db, command, ("pending", "held"), state="held", due_at=due_at)


def withdraw(db: Database, command: Command, reason: str, now: datetime) -> bool:
    """Give a command up, whatever of it reached Google; False when it was settled meanwhile."""
    return _move(db, command, ("pending", "held"), state="withdrawing", reason=reason, due_at=now)


def retry_at(db: Database, command: Command, due_at: datetime) -> None:
    """Look at an open command again at that time."""
    CommandRow.update(due_at=due_at).where(CommandRow.id == command.id).execute(db)


def claim(db: Database, command: Command, until: datetime) -> Command | None:
    """Take an open command for another attempt; None when somebody else has taken or settled it."""
    where = (CommandRow.id == command.id) & (CommandRow.attempts == command.attempts) & CommandRow.state.in_(OPEN)
    if not CommandRow.update(due_at=until, attempts=CommandRow.attempts + 1).where(where).execute(db):
        return None
    return find(db, command.id)


def change_end(db: Database, command: Command, end: datetime) -> None:
    """Remember that the booking ends at another time now."""
    CommandRow.update(end=end).where(CommandRow.id == command.id).execute(db)
    touch(db, command.room_id)


def due(db: Database, now: datetime) -> list[Command]:
    """Return the open commands to look at, oldest first."""
    where = CommandRow.state.in_(OPEN) & (CommandRow.due_at <= now)
    return _list(db, where)


def wake_all(db: Database, now: datetime) -> None:
    """Let every open command be looked at now: whoever was at it is gone, or the clock was put back."""
    CommandRow.update(due_at=now).where(CommandRow.state.in_(OPEN)).execute(db)


def open_of(db: Database, room_id: int) -> list[Command]:
    """Return a room's commands that are not settled."""
    return _list(db, (CommandRow.room == room_id) & CommandRow.state.in_(OPEN))


def holds(db: Database, room_id: int, start: datetime, end: datetime) -> list[Booking]:
    """Return the room's bookings that Google does not have yet and that overlap [start, end)."""
    where = (
        (CommandRow.room == room_id)
        & (CommandRow.kind == "book")
        & (CommandRow.state == "held")
        & (CommandRow.start < end)
        & (CommandRow.end > start)
    )
    return [Booking(one.event_id, one.start, one.end, one.title, own=True, held=True) for one in _list(db, where)]


def own_between(db: Database, room_id: int, start: datetime, end: datetime) -> set[str]:
    """Return the event ids of the bookings made here that were meant for a time overlapping [start, end)."""
    where = (
        (CommandRow.room == room_id) & (CommandRow.kind == "book") & (CommandRow.start < end) & (CommandRow.end > start)
    )
    return {row[0] for row in CommandRow.select(CommandRow.event_id).where(where).tuples().execute(db)}


def own(db: Database, event_ids: Iterable[str]) -> set[str]:
    """Return those of the event ids that were made here."""
    wanted = list(event_ids)
    where = CommandRow.event_id.in_(wanted) & (CommandRow.kind == "book")
    return {row[0] for row in CommandRow.select(CommandRow.event_id).where(where).tuples().execute(db)}


def _move(db: Database, command: Command, allowed: tuple[State, ...], **changes: object) -> bool:
    where = (CommandRow.id == command.id) & CommandRow.state.in_(allowed)
    moved = bool(CommandRow.update(**changes).where(where).execute(db))
    if moved:
        touch(db, command.room_id)
    return moved


def _first(db: Database, where: object) -> Command | None:
    found = _list(db, where)
    return found[0] if found else None


def _list(db: Database, where: object) -> list[Command]:
    columns = [getattr(CommandRow, "room" if name == "room_id" else name) for name in _FIELDS]
    query = CommandRow.select(*columns).where(where).order_by(CommandRow.created_at, CommandRow.id)
    return [Command(*row) for row in query.tuples().execute(db)]


_FIELDS = tuple(Command.__slots__)
