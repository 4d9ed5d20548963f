"""What machines are asked to do from afar: queued, taken by the machine itself, answered, and over after a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from peewee import Database

from kiosk.errors import NotFound, UsageError
from kiosk.store import acts, devices
from kiosk.store.acts import Act
from kiosk.store.machines import ErrandRow
from kiosk.store.models import instant, milliseconds
from kiosk.store.plain import rows, run

What = Literal[
    "identify",
    "reload",
    "screenshot",
    "restart_display",
    "reboot",
    "screen_on",
    "screen_off",
    "brightness",
    "collect_logs",
]
ACTS: tuple[What, ...] = get_args(What)
State = Literal["queued", "taken", "done", "failed", "expired"]
LIFE, KEPT = timedelta(minutes=5), timedelta(days=7)
# So many wait for one machine at most: nobody means more.
MOST = 20
LONGEST_SAID = 500
COLUMNS = ("id", "device_id", "act", "value", "state", "by", "created_at", "expires_at", "ended_at", "said")


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that a machine is asked to do, by whom and until when; `said`: what it answered."""

    id: int
    device: int
    act: str
    value: str
    state: State
    by: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, from where, and when."""

    actor: str
    place: str
    now: datetime


def ask(db: Database, device: int, act: str, value: str, by: By) -> Errand:
    """Ask a machine to do something. Raises UsageError, NotFound."""
    one = devices.find(db, device)
    if one.revoked_at is not None:
        raise UsageError(f"{one.name} is revoked: it hears nothing from here.")
    _check(act, value)
    expire(db, by.now)
    waiting = (ErrandRow.device == device) & (ErrandRow.state == "queued")
    if ErrandRow.select().where(waiting).count(db) >= MOST:
        raise UsageError(f"{one.name} is asked to do {MOST} things already.")
    values = {"device": device, "act": act, "value": value, "by": by.actor, "place": by.place}
    number = ErrandRow.insert(**values, created_at=by.now, expires_at=by.now + LIFE).execute(db)
    detail: dict[str, str | int] = {
        "device": device,
        "name": one.name,
        "what": act,
        **({"value": value} if value else {}),
    }
    acts.record(db, Act(by.now, by.actor, by.place, "ask_device", "", "", "done", "", detail))
    return find(db, int(number))


def waiting(db: Database, now: datetime) -> list[tuple[int, str]]:
    """Return (machine, act) of what nobody has taken yet."""
    return [(device, act) for device, act, until in queued(db) if until > now]


def queued(db: Database) -> list[tuple[int, str, datetime]]:
    """Return (machine, act, until when it is to be taken) of what nobody has taken, expired or not."""
    sql = "SELECT device_id, act, expires_at FROM errand WHERE state = ? ORDER BY id"
    return [(int(device), str(act), instant(until)) for device, act, until in rows(db, sql, "queued")]


def take(db: Database, device: int, now: datetime, only: tuple[str, ...] = ()) -> list[Errand]:
    """Return what a machine is to do now, each once; `only`: these acts alone."""
    where = (ErrandRow.device == device) & (ErrandRow.state == "queued") & (ErrandRow.expires_at > now)
    where = where & ErrandRow.act.in_(only) if only else where
    found = [row.id for row in ErrandRow.select(ErrandRow.id).where(where).order_by(ErrandRow.id).execute(db)]
    for number in found:
        ErrandRow.update(state="taken", taken_at=now).where(ErrandRow.id == number).execute(db)
    return [find(db, number) for number in found]


def answer(db: Database, device: int, number: int, done: bool, said: str, now: datetime) -> Errand:
    """Write down what became of something that a machine has taken. Raises NotFound, UsageError."""
    one = of_device(db, device, number)
    if one.state not in {"taken", "done", "failed"}:
        raise UsageError("This was not taken, or is over.")
    values = {"state": "done" if done else "failed", "said": said[:LONGEST_SAID], "ended_at": now}
    ErrandRow.update(**values).where((ErrandRow.id == number) & (ErrandRow.state == "taken")).execute(db)
    return find(db, number)


def expire(db: Database, now: datetime) -> int:
    """End what was not done in time, and forget what is long over; return how many were ended."""
    run(db, "DELETE FROM errand WHERE expires_at < ?", milliseconds(now - KEPT))
    sql = "UPDATE errand SET state = ?, ended_at = ? WHERE state IN (?, ?) AND expires_at <= ?"
    moment = milliseconds(now)
    return int(run(db, sql, "expired", moment, "queued", "taken", moment).rowcount)


def recent(db: Database, device: int, limit: int) -> list[Errand]:
    """Return what a machine was asked last, newest first."""
    return _errands(db, "device_id = ? ORDER BY id DESC LIMIT ?", device, limit)


def find(db: Database, number: int) -> Errand:
    """Return one errand. Raises NotFound."""
    found = _errands(db, "id = ?", number)
    if not found:
        raise NotFound("Nobody was asked for that.")
    return found[0]


def of_device(db: Database, device: int, number: int) -> Errand:
    """Return one errand of a machine. Raises NotFound, for another machine's too."""
    one = find(db, number)
    if one.device != device:
        raise NotFound("Nobody was asked for that.")
    return one


def _check(act: str, value: str) -> None:
    if act not in ACTS:
        raise UsageError(f"A device cannot be asked to {act!r}; it can {', '.join(ACTS)}.")
    if act == "brightness" and not (value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= 100):
        raise UsageError("The brightness is a whole number from 1 to 100.")
    if act != "brightness" and value:
        raise UsageError(f"There is nothing to say about {act}.")


def _errands(db: Database, where: str, *values: Any) -> list[Errand]:
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    return [_errand(*row) for row in rows(db, f"SELECT {names} FROM errand WHERE {where}", *values)]


def _errand(
    number: int, device: int, act: str, value: str, state: State, by: str,
    created_at: int, expires_at: int, ended_at: int | None, said: str,
) -> Errand:  # fmt: skip
    ended = None if ended_at is None else instant(ended_at)
    return Errand(number, device, act, value, state, by, instant(created_at), instant(expires_at), ended, said)
