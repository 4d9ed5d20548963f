"""The journal: every command is a row before it is a request, and is settled exactly once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from peewee import Database

from kiosk.schedule.model import Booking
from kiosk.schedule.rights import Way
from kiosk.store import acts
from kiosk.store.acts import Act
from kiosk.store.models import CommandRow, milliseconds
from kiosk.store.revisions import slug_of, touch

Kind = Literal["book", "extend", "start", "end", "cancel", "release", "accept", "check_in"]
State = Literal["pending", "held", "withdrawing", "confirmed", "refused"]
OPEN: tuple[State, ...] = ("pending", "held", "withdrawing")
LOGGED = ("held", "confirmed", "refused")
# Why a hold was withdrawn that somebody took back: nobody must be told.
TAKEN_BACK = "taken_back"
# The note of a booking whose room has been invited and has not answered yet.
INVITED = "invited"
# Begins the note of a booking that takes back the release of another, whose id follows.
UNDO = "undo "


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for about `event_id`, and what became of it.

    pending: being done, its caller waits. held: its caller was told that Google has not answered.
    withdrawing: its caller was told no, so whatever reached Google is to be removed. confirmed, refused: settled.
    `accept` takes a release back. `old_start`, `old_end`: the booking's before it was changed. `way`: where it is
    done (the rights' word); `person`: in whose name, empty for the room's. `note`: why, where nobody asked.
    `held_at`: since when it has waited for Google. `actor`, `place`: who asked, from where.
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
    settled_at: datetime | None = None
    old_start: datetime | None = None
    old_end: datetime | None = None
    way: Way = "room"
    person: str = ""
    note: str = ""
    held_at: datetime | None = None
    actor: str = "panel"
    place: str = ""


def add(db: Database, command: Command) -> bool:
    """Write a new command; False when another one came with its idempotency key first."""
    if command.key and by_key(db, command.key):
        return False
    values = {name: getattr(command, name) for name in _FIELDS if name != "room_id"}
    CommandRow.insert(**values, room=command.room_id).execute(db)
    if command.state not in OPEN:
        log_of(db, command)
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


def booking_in(db: Database, room_id: int, event_id: str) -> Command | None:
    """Return the command that made this event in that room; None when it was not made here."""
    return _first(db, (CommandRow.room == room_id) & (CommandRow.event_id == event_id) & (CommandRow.kind == "book"))


def take_back(db: Database, made: Command, asked: Command, now: datetime) -> bool:
    """Give up a hold because somebody asked for it; False when Google has answered meanwhile."""
    if not withdraw(db, made, TAKEN_BACK, now):
        return False
    return add(db, replace(asked, state="confirmed", settled_at=now))


def settle(db: Database, command: Command, state: State, reason: str, now: datetime) -> bool:
    """Settle a command that still waits; False when it was settled or withdrawn meanwhile."""
    return _move(db, command, ("pending", "held"), state=state, reason=reason, settled_at=now)


def settle_withdrawn(db: Database, command: Command, now: datetime) -> bool:
    """Settle a withdrawn command whose event is known to be gone; it keeps its reason."""
    return _move(db, command, ("withdrawing",), state="refused", settled_at=now)


def hold(db: Database, command: Command, due_at: datetime, now: datetime) -> bool:
    """Let a command wait for Google; False when it was settled meanwhile."""
    since = command.held_at or now
    return _move(db, command, ("pending", "held"), state="held", due_at=due_at, held_at=since)


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


def mark_invited(db: Database, command: Command) -> None:
    """Remember that the room has been invited: until it answers, its time is given to nobody else here."""
    CommandRow.update(note=INVITED).where(CommandRow.id == command.id).execute(db)


def change_way(db: Database, command: Command, way: Way) -> None:
    """Remember that a command is done in another way than was hoped."""
    CommandRow.update(way=way).where(CommandRow.id == command.id).execute(db)


def invited_between(db: Database, room_id: int, start: datetime, end: datetime, besides: str = "") -> bool:
    """Tell whether another booking that overlaps [start, end) waits for the room's answer."""
    where = (
        (CommandRow.room == room_id)
        & (CommandRow.state == "pending")
        & (CommandRow.note == INVITED)
        & (CommandRow.id != besides)
        & (CommandRow.start < end)
        & (CommandRow.end > start)
    )
    return bool(CommandRow.select().where(where).exists(db))


def settled_since(db: Database, room_id: int, since: datetime) -> list[Command]:
    """Return what was settled of a room since then, oldest first."""
    return sorted(
        _list(db, (CommandRow.room == room_id) & (CommandRow.settled_at > since)),
        key=lambda one: one.settled_at or since,
    )


def last_of(db: Database, room_id: int, event_id: str, kind: Kind) -> Command | None:
    """Return the newest command of that kind about an event of a room."""
    where = (CommandRow.room == room_id) & (CommandRow.event_id == event_id) & (CommandRow.kind == kind)
    found = _list(db, where)
    return found[-1] if found else None


def rooms_of(db: Database, event_id: str) -> set[int]:
    """Return the rooms in which that event was booked here."""
    where = (CommandRow.event_id == event_id) & (CommandRow.kind == "book")
    return {row[0] for row in CommandRow.select(CommandRow.room).where(where).tuples().execute(db)}


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
    return [_held(one) for one in _list(db, where)]


def first_holds(db: Database, start: datetime, end: datetime) -> dict[int, datetime]:
    """Return, by room, when the first booking begins that Google does not have yet and that overlaps [start, end)."""
    where = (CommandRow.kind == "book") & (CommandRow.state == "held") & (CommandRow.start < end)
    query = CommandRow.select(CommandRow.room, CommandRow.start).where(where & (CommandRow.end > start))
    found: dict[int, datetime] = {}
    for room, begins in query.tuples().execute(db):
        found[room] = min(begins, found.get(room, begins))
    return found


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


def _held(one: Command) -> Booking:
    return Booking(one.event_id, one.start, one.end, one.title, own=True, held=True, person=one.person, by_room=True)


def _move(db: Database, command: Command, allowed: tuple[State, ...], **changes: object) -> bool:
    where = (CommandRow.id == command.id) & CommandRow.state.in_(allowed)
    moved = bool(CommandRow.update(**changes).where(where).execute(db))
    if moved:
        touch(db, command.room_id)
        if changes.get("state") in LOGGED:
            log_of(db, replace(command, **changes))  # type: ignore[arg-type]
    return moved


def log_of(db: Database, command: Command) -> None:
    """Write into the log of acts what became of a command."""
    at = command.settled_at or command.held_at or command.created_at
    detail: dict[str, str | int] = {"start": milliseconds(command.start), "end": milliseconds(command.end)}
    detail |= {"way": command.way, "note": command.note}
    slug = slug_of(db, command.room_id)
    acts.record(
        db,
        Act(
            at,
            command.actor,
            command.place,
            command.kind,
            slug,
            command.event_id,
            command.state,
            command.reason,
            detail,
        ),
    )


def _first(db: Database, where: object) -> Command | None:
    found = _list(db, where)
    return found[0] if found else None


def _list(db: Database, where: object) -> list[Command]:
    columns = [getattr(CommandRow, "room" if name == "room_id" else name) for name in _FIELDS]
    query = CommandRow.select(*columns).where(where).order_by(CommandRow.created_at, CommandRow.id)
    return [Command(*row) for row in query.tuples().execute(db)]


_FIELDS = tuple(Command.__slots__)
