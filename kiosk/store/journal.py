"""The journal: every command is a row before it is a request, and is settled exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from peewee import Database

from kiosk.schedule.model import Booking, Slot
from kiosk.schedule.rights import Way
from kiosk.store import acts
from kiosk.store.acts import Act
from kiosk.store.models import instant, milliseconds
from kiosk.store.plain import marks, rows, run
from kiosk.store.revisions import slug_of, touch

Kind = Literal["book", "extend", "start", "end", "cancel", "release", "accept", "check_in"]
State = Literal["pending", "held", "withdrawing", "confirmed", "refused"]
OPEN: tuple[State, ...] = ("pending", "held", "withdrawing")
# What gives an event its time.
TIMED: tuple[Kind, ...] = ("book", "extend", "start", "end")
LOGGED = ("held", "confirmed", "refused")
# Why a hold was withdrawn that somebody took back: nobody must be told.
TAKEN_BACK = "taken_back"
# Why a release stands that somebody came too late for: another has the room by now.
TAKEN = "taken"
# The note of a booking whose room has been invited and has not answered yet.
INVITED = "invited"
# Begins the note of a booking that takes back the release of another, whose id follows.
UNDO = "undo "
# Begins the idempotency key of what a follower has brought; no request's header can have such a key.
CARRIED = "\x1fparcel "


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


def numbers(db: Database) -> dict[str, int]:
    """Return how many commands there are of each state."""
    return {state: int(count) for state, count in rows(db, "SELECT state, COUNT(*) FROM command GROUP BY state")}


def waits_since(db: Database) -> datetime | None:
    """Return when the oldest of the commands was asked for that are not settled; None when all are."""
    [(moment,)] = rows(db, f"SELECT MIN(created_at) FROM command WHERE {IS_OPEN}")
    return None if moment is None else instant(moment)


def add(db: Database, command: Command) -> bool:
    """Write a new command; False when it is here already, or another one came with its idempotency key first."""
    if find(db, command.id) or (command.key and by_key(db, command.key)):
        return False
    run(db, INSERT, *(_stored(getattr(command, name)) for name in _FIELDS))
    if command.state not in OPEN:
        log_of(db, command)
    return True


def bury(db: Database, command_id: str, room_id: int, key: str, reason: str, now: datetime) -> bool:
    """Write down that a command which was never done never will be; False when it is known by now."""
    nothing = Command(command_id, room_id, "book", "", now, now, "", "refused", reason, key, "", 0, now, now, now)
    if find(db, command_id) or by_key(db, key):
        return False
    run(db, INSERT, *(_stored(getattr(nothing, name)) for name in _FIELDS))
    return True


def find(db: Database, command_id: str) -> Command | None:
    """Return a command by its id."""
    return _first(db, "id = ?", command_id)


def by_key(db: Database, key: str) -> Command | None:
    """Return the command that came with this idempotency key."""
    return _first(db, "key = ?", key)


def booking_in(db: Database, room_id: int, event_id: str) -> Command | None:
    """Return the command that made this event in that room; None when it was not made here."""
    return _first(db, "room_id = ? AND event_id = ? AND kind = 'book'", room_id, event_id)


def take_back(db: Database, made: Command, asked: Command, now: datetime) -> bool:
    """Give up a hold because somebody asked for it; False when Google has answered meanwhile."""
    if not withdraw(db, made, TAKEN_BACK, now):
        return False
    return add(db, replace(asked, state="confirmed", settled_at=now))


def settle(db: Database, command: Command, state: State, reason: str, now: datetime) -> bool:
    """Settle a command that still waits; False when it was settled or withdrawn meanwhile."""
    return _move(db, command, WAITING, state=state, reason=reason, settled_at=now)


def settle_withdrawn(db: Database, command: Command, now: datetime, reason: str = "") -> bool:
    """Settle a withdrawn command whose event is known to be gone; it keeps its reason, unless there is a newer one."""
    return _move(db, command, ("withdrawing",), state="refused", reason=reason or command.reason, settled_at=now)


def settle_after_all(db: Database, command: Command, now: datetime) -> bool:
    """Settle a withdrawn command as done: it was, and it is too late to undo that."""
    return _move(db, command, ("withdrawing",), state="confirmed", reason="", settled_at=now)


def settle_but_one(db: Database, command: Command, now: datetime) -> bool:
    """Settle the withdrawn release of a series as done, but for the date to which somebody has come."""
    return _move(db, command, ("withdrawing",), state="confirmed", settled_at=now)


def hold(db: Database, command: Command, due_at: datetime, now: datetime) -> bool:
    """Let a command wait for Google; False when it was settled meanwhile."""
    return _move(db, command, WAITING, state="held", due_at=due_at, held_at=command.held_at or now)


def withdraw(db: Database, command: Command, reason: str, now: datetime) -> bool:
    """Give a command up, whatever of it reached Google; False when it was settled meanwhile."""
    return _move(db, command, WAITING, state="withdrawing", reason=reason, due_at=now)


def retry_at(db: Database, command: Command, due_at: datetime) -> None:
    """Look at an open command again at that time."""
    run(db, "UPDATE command SET due_at = ? WHERE id = ?", milliseconds(due_at), command.id)


def claim(db: Database, command: Command, until: datetime) -> Command | None:
    """Take an open command for another attempt; None when somebody else has taken or settled it."""
    sql = f"UPDATE command SET due_at = ?, attempts = attempts + 1 WHERE id = ? AND attempts = ? AND {IS_OPEN}"
    if not run(db, sql, milliseconds(until), command.id, command.attempts).rowcount:
        return None
    return find(db, command.id)


def mark_invited(db: Database, command: Command) -> None:
    """Remember that the room has been invited: until it answers, its time is given to nobody else here."""
    run(db, "UPDATE command SET note = ? WHERE id = ?", INVITED, command.id)


def change_way(db: Database, command: Command, way: Way) -> None:
    """Remember that a command is done in another way than was hoped."""
    run(db, "UPDATE command SET way = ? WHERE id = ?", way, command.id)


def invited_between(db: Database, room_id: int, start: datetime, end: datetime) -> bool:
    """Tell whether a booking that overlaps [start, end) waits for the room's answer."""
    sql = f"SELECT 1 FROM command WHERE {BOOKED} AND state = 'pending' AND note = ? LIMIT 1"
    return bool(rows(db, sql, room_id, milliseconds(end), milliseconds(start), INVITED))


def settled_since(db: Database, room_id: int, since: datetime) -> list[Command]:
    """Return what was settled of a room since then, oldest first."""
    found = _list(db, "room_id = ? AND settled_at > ?", room_id, milliseconds(since))
    return sorted(found, key=lambda one: one.settled_at or since)


def last_of(db: Database, room_id: int, event_id: str, kind: Kind) -> Command | None:
    """Return the newest command of that kind about an event of a room."""
    found = _list(db, "room_id = ? AND event_id = ? AND kind = ?", room_id, event_id, kind)
    return found[-1] if found else None


def agreed(db: Database, room_id: int, event_id: str) -> Slot | None:
    """Return the time that an event was last given here with everybody's knowledge; None when it never was."""
    sql = f"room_id = ? AND event_id = ? AND state = 'confirmed' AND kind IN ({marks(TIMED)})"
    found = _list(db, sql, room_id, event_id, *TIMED)
    last = max(reversed(found), key=lambda one: (one.settled_at or one.created_at, one.kind != "book"), default=None)
    return Slot(last.start, last.end) if last else None


def rooms_of(db: Database, event_id: str) -> set[int]:
    """Return the rooms in which that event was booked here."""
    found = rows(db, "SELECT room_id FROM command WHERE event_id = ? AND kind = 'book'", event_id)
    return {row[0] for row in found}


def due(db: Database, now: datetime) -> list[Command]:
    """Return the open commands to look at, oldest first."""
    return _list(db, f"{IS_OPEN} AND due_at <= ?", milliseconds(now))


def next_due(db: Database) -> datetime | None:
    """Return when the next open command is to be looked at; None when there is none."""
    [(moment,)] = rows(db, f"SELECT MIN(due_at) FROM command WHERE {IS_OPEN}")
    return None if moment is None else instant(moment)


def is_missed(command: Command) -> bool:
    """Tell whether a command is a release for want of a check-in."""
    return command.kind == "release" and command.note.startswith("missed")


def is_carried(command: Command) -> bool:
    """Tell whether a follower has brought a command: nobody stands here who could ask again."""
    return (command.key or "").startswith(CARRIED)


def drop_releases(db: Database, now: datetime) -> None:
    """Give up every release for want of a check-in that is not settled: it is to be decided anew."""
    for one in filter(is_missed, _list(db, IS_OPEN)):
        withdraw(db, one, "attended", now)


def wake_all(db: Database, now: datetime) -> None:
    """Let every open command be looked at now: whoever was at it is gone, or the clock was put back."""
    run(db, f"UPDATE command SET due_at = ? WHERE {IS_OPEN}", milliseconds(now))


def open_of(db: Database, room_id: int) -> list[Command]:
    """Return a room's commands that are not settled."""
    return _list(db, f"room_id = ? AND {IS_OPEN}", room_id)


def holds(db: Database, room_id: int, start: datetime, end: datetime) -> list[Booking]:
    """Return the room's bookings that Google does not have yet and that overlap [start, end)."""
    found = _list(db, f"{BOOKED} AND state = 'held'", room_id, milliseconds(end), milliseconds(start))
    return [_held(one) for one in found]


def holds_of(db: Database, places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Booking]:
    """Return those bookings, each by its room and id, that Google does not have yet."""
    ids = [event_id for _room_id, event_id in places]
    found = _list(db, f"kind = 'book' AND state = 'held' AND event_id IN ({marks(ids)})", *ids)
    return {(one.room_id, one.event_id): _held(one) for one in found if (one.room_id, one.event_id) in {*places}}


def first_holds(db: Database, start: datetime, end: datetime) -> dict[int, datetime]:
    """Return, by room, when the first booking begins that Google does not have yet and that overlaps [start, end)."""
    sql = """
        SELECT room_id, MIN(start) FROM command
        WHERE kind = 'book' AND state = 'held' AND start < ? AND "end" > ? GROUP BY room_id
    """
    return {room: instant(begins) for room, begins in rows(db, sql, milliseconds(end), milliseconds(start))}


def own_between(db: Database, room_id: int, start: datetime, end: datetime) -> set[str]:
    """Return the event ids of the bookings made here that were meant for a time overlapping [start, end)."""
    sql = f"SELECT event_id FROM command WHERE {BOOKED}"
    return {row[0] for row in rows(db, sql, room_id, milliseconds(end), milliseconds(start))}


def confirmed_between(db: Database, room_id: int, start: datetime, end: datetime) -> list[Command]:
    """Return what was done in a room about bookings that overlapped [start, end), oldest first."""
    where = """room_id = ? AND state = 'confirmed' AND start < ? AND COALESCE(old_end, "end") > ?"""
    return _list(db, where, room_id, milliseconds(end), milliseconds(start))


def own(db: Database, event_ids: Iterable[str]) -> dict[str, str]:
    """Return those of the event ids that were made here, each with the person in whose name, or nobody's."""
    wanted = list(event_ids)
    if not wanted:
        return {}
    sql = f"SELECT event_id, person FROM command WHERE event_id IN ({marks(wanted)}) AND kind = 'book'"
    return dict(rows(db, sql, *wanted))


def log_of(db: Database, command: Command) -> None:
    """Write into the log of acts what became of a command."""
    at = command.settled_at or command.held_at or command.created_at
    span = {"start": milliseconds(command.start), "end": milliseconds(command.end)}
    detail = {**span, "way": command.way, "note": command.note}
    said = (command.kind, slug_of(db, command.room_id), command.event_id, command.state, command.reason)
    acts.record(db, Act(at, command.actor, command.place, *said, detail))


def _held(one: Command) -> Booking:
    return Booking(one.event_id, one.start, one.end, one.title, own=True, held=True, person=one.person, by_room=True)


def _move(db: Database, command: Command, allowed: Sequence[State], **changes: Any) -> bool:
    changed = ", ".join(f"{name} = ?" for name in changes)
    sql = f"UPDATE command SET {changed} WHERE id = ? AND state IN ({marks(allowed)})"
    moved = bool(run(db, sql, *map(_stored, changes.values()), command.id, *allowed).rowcount)
    if moved:
        touch(db, command.room_id)
        if changes.get("state") in LOGGED:
            log_of(db, replace(command, **changes))
    return moved


def _first(db: Database, where: str, *values: Any) -> Command | None:
    found = _list(db, where, *values)
    return found[0] if found else None


def _list(db: Database, where: str, *values: Any) -> list[Command]:
    return [_command(row) for row in rows(db, f"{SELECT} WHERE {where} ORDER BY created_at, id", *values)]


def _command(row: Sequence[Any]) -> Command:
    known = zip(_FIELDS, row, strict=True)
    values: list[Any] = [instant(value) if name in INSTANTS and value is not None else value for name, value in known]
    return Command(*values)


def _stored(value: Any) -> Any:
    return milliseconds(value) if isinstance(value, datetime) else value


_FIELDS = tuple(Command.__slots__)
INSTANTS = {
    "start", "end", "due_at", "created_at", "settled_at", "old_start", "old_end", "held_at",
}  # fmt: skip
_COLUMNS = ", ".join(f'"{name}"' for name in _FIELDS)
SELECT = f"SELECT {_COLUMNS} FROM command"
INSERT = f"INSERT INTO command ({_COLUMNS}) VALUES ({marks(_FIELDS)})"
WAITING: tuple[State, ...] = ("pending", "held")
IS_OPEN = f"state IN ({', '.join(repr(one) for one in OPEN)})"
# A booking of a room (?) that begins before an instant (?) and ends after another (?).
BOOKED = """room_id = ? AND kind = 'book' AND start < ? AND "end" > ?"""
