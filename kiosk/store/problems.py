"""What is wrong with rooms, as somebody said at their doors: told to who looks after them, and kept until settled."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from peewee import Database

from kiosk import clock
from kiosk.errors import NotFound, TooSoon, UsageError
from kiosk.store import accounts, acts, deliveries, revisions, rooms, webhooks
from kiosk.store.acts import Act
from kiosk.store.models import RoomRow
from kiosk.store.office import ProblemRow
from kiosk.store.rooms import StoredRoom

Kind = Literal["climate", "screen", "sound", "light", "cleaning", "missing", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)
State = Literal["open", "seen", "done", "withdrawn"]
Answer = Literal["seen", "done"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
LIVING: tuple[State, ...] = ("open", "seen")
# So long a report can be taken back where it was made; nobody is told before, so that a slip of a finger tells nobody.
UNDO = timedelta(seconds=15)
# At one room, whatever became of them: more than anybody has to say, and few enough to read.
MOST, WITHIN = 10, timedelta(minutes=30)
LONGEST_NOTE = 500


class TooMany(TooSoon):
    """A room has had too many reports; the next is taken at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Too many problems were reported here. Please try again later.", until)


@dataclass(frozen=True, slots=True)
class Report:
    """Something wrong with a room; `place`: from where it was reported, `by` and `note`: who settles it, and a word."""

    id: int
    room_id: int
    kind: Kind
    state: State
    reported_at: datetime
    place: str
    by: str
    note: str
    changed_at: datetime | None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What can be said about it now."""
        return {"open": ANSWERS, "seen": ("done",)}.get(self.state, ())


def report(
    db: Database, stored: StoredRoom, kind: Kind, key: str | None, place: str, now: datetime
) -> tuple[Report, bool]:
    """Write down a problem and tell who looks after the room; return it, and whether it was known before.

    What is reported and not settled is not reported again. Raises TooMany; UsageError for a `key` used otherwise.
    """
    same = ProblemRow.select().where(ProblemRow.key == key).first(db) if key else None
    if same:
        if (same.room_id, same.kind) != (stored.id, kind):
            raise UsageError("This Idempotency-Key was used for something else.")
        return _report(same), False
    known = next((one for one in living(db, stored.id) if one.kind == kind), None)
    if known:
        return known, True
    _spare(db, stored.id, now)
    values = {"room": stored.id, "kind": kind, "key": key, "reported_at": now, "place": place}
    one = find(db, int(ProblemRow.insert(**values).execute(db)))
    ProblemRow.update(told=_tell(db, one, stored, now)).where(ProblemRow.id == one.id).execute(db)
    _show(db, one)
    _record(db, one, stored, "report_problem", "panel", now, place)
    return one, False


def withdraw(db: Database, stored: StoredRoom, number: int, place: str, now: datetime) -> Report:
    """Take a report back before anybody was told. Raises NotFound, and UsageError when it is too late."""
    one = find(db, number)
    if one.room_id != stored.id:
        raise NotFound("There is no such problem in this room.")
    if one.state == "withdrawn":
        return one
    if one.state != "open" or not now - one.reported_at <= UNDO:
        raise UsageError("Whoever looks after the room has been told already.")
    deliveries.forget(db, ProblemRow.select().where(ProblemRow.id == number).first(db).told)
    done = _change(db, one, state="withdrawn", changed_at=now)
    _record(db, done, stored, "withdraw_problem", "panel", now, place)
    return done


def answer(db: Database, number: int, state: Answer, note: str, by: str, now: datetime, place: str = "") -> Report:
    """Say that a problem is seen, or done. Raises UsageError when its state does not allow that; NotFound."""
    before = find(db, number)
    if state not in before.answers:
        raise UsageError(f"This problem is {before.state} already.")
    stored = rooms.by_id(db, before.room_id)
    said = note.strip()[:LONGEST_NOTE] or before.note
    one = _change(db, before, state=state, note=said, by=by, changed_at=now)
    _record(db, one, stored, "settle_problem" if state == "done" else "see_problem", by, now, place)
    return one


def find(db: Database, number: int) -> Report:
    """Return one problem. Raises NotFound."""
    row = ProblemRow.select().where(ProblemRow.id == number).first(db)
    if row is None:
        raise NotFound(f"There is no problem {number}. `kiosk problems list` shows them all.")
    return _report(row)


def living(db: Database, room_id: int) -> list[Report]:
    """Return what is wrong with a room and not settled, oldest first."""
    where = (ProblemRow.room == room_id) & ProblemRow.state.in_(LIVING)
    return [_report(row) for row in ProblemRow.select().where(where).order_by(ProblemRow.id).execute(db)]


def every(
    db: Database, limit: int, sees: Callable[[StoredRoom], bool] = lambda _stored: True
) -> list[tuple[Report, StoredRoom]]:
    """Return the newest problems, newest first, of the rooms that somebody `sees`."""
    known = {one.id: one for one in rooms.every(db) if sees(one)}
    where = (ProblemRow.state != "withdrawn") & ProblemRow.room.in_(list(known))
    found = ProblemRow.select().where(where).order_by(ProblemRow.id.desc()).limit(limit).execute(db)
    return [(_report(row), known[row.room_id]) for row in found]


def receivers(db: Database, stored: StoredRoom) -> Collection[str]:
    """Return whom a room's problems are told: whom its policy names, else its managers, else administrators."""
    if stored.room.policy.problems_to:
        return stored.room.policy.problems_to
    known = accounts.every(db)
    managers = [one.email for one in known if one.role == "manager" and stored.room.slug in one.scope]
    return managers or [one.email for one in known if one.role == "admin"]


def _spare(db: Database, room_id: int, now: datetime) -> None:
    where = (ProblemRow.room == room_id) & (ProblemRow.reported_at > now - WITHIN) & (ProblemRow.reported_at <= now)
    recent = [row.reported_at for row in ProblemRow.select().where(where).order_by(ProblemRow.reported_at).execute(db)]
    if len(recent) >= MOST:
        raise TooMany(recent[-MOST] + WITHIN)


def _tell(db: Database, one: Report, stored: StoredRoom, now: datetime) -> list[str]:
    """Write what webhooks and mails are to say, for when the report cannot be taken back any more."""
    due, room = now + UNDO, stored.room
    data = {"room": room.slug, "problem": one.id, "kind": one.kind}
    hooks = webhooks.wanting(db, "problem.reported")
    told = [deliveries.announce_to(db, hook, "problem.reported", data, now, due) for hook in hooks]
    letter: dict[str, Any] = {
        **data,
        "room_name": room.name,
        "floor": room.floor,
        "building": room.building,
        "zone": room.zone.key,
        "start": clock.iso(one.reported_at),
        "path": "/admin/problems",
    }
    return told + [deliveries.mail(db, to, "problem.reported", letter, now, due) for to in receivers(db, stored)]


def _change(db: Database, one: Report, **changes: object) -> Report:
    ProblemRow.update(**changes).where(ProblemRow.id == one.id).execute(db)
    changed = find(db, one.id)
    _show(db, changed)
    return changed


def _show(db: Database, one: Report) -> None:
    """Bring to the room's screens what is reported there."""
    kinds = [known.kind for known in living(db, one.room_id)]
    RoomRow.update(reported=kinds).where(RoomRow.id == one.room_id).execute(db)
    revisions.touch(db, one.room_id)


def _record(db: Database, one: Report, stored: StoredRoom, act: str, by: str, now: datetime, place: str) -> None:
    detail: dict[str, str | int] = {"problem": one.id, "kind": one.kind}
    acts.record(db, Act(now, by, place, act, stored.room.slug, "", "done", "", detail))


def _report(row: ProblemRow) -> Report:
    return Report(*(getattr(row, name) for name in Report.__slots__))
