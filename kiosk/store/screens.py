"""The screens that have shown themselves, and which of them have a notice on their glass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from peewee import Database

from kiosk.schedule.notice import Notice
from kiosk.store.models import milliseconds
from kiosk.store.plain import run
from kiosk.store.told import AckRow, ScreenRow

# A connected screen is written down again after so long, and without that is taken for lost.
SELDOM = timedelta(seconds=60)
LOST = timedelta(seconds=150)
# What has not shown itself for so long hangs nowhere any more.
KEPT = timedelta(days=14)
MOST = 5_000
CHANGE = "UPDATE screen SET hears = ?, token = ?, address = ?, seen_at = ?, connected = ?, home = ?"
Ack = tuple[int, str]
State = Literal["shown", "late", "offline"]


@dataclass(frozen=True, slots=True)
class SeenScreen:
    """A screen as it was last seen: a browser's own word, its display, how it got in, and to which process."""

    id: str
    machine: str
    display: str
    slug: str
    hears: tuple[str, ...]
    token: str
    address: str
    first_at: datetime
    seen_at: datetime
    connected: bool
    home: str = ""

    def is_connected(self, now: datetime) -> bool:
        """Tell whether it is there now, also where whoever it was connected to was killed."""
        return self.connected and abs(now - self.seen_at) < LOST


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one screen about a notice: shown `at`, or not: late (it is there) or offline."""

    screen: SeenScreen
    state: State
    at: datetime | None


def write(db: Database, seen: Collection[SeenScreen], acks: Mapping[Ack, datetime]) -> None:
    """Write down how screens were seen, and what they have shown; what is written already stays."""
    for one in seen:
        _see(db, one)
    for (notice, screen), at in acks.items():
        sql = """
            INSERT INTO ack (notice_id, screen_id, at) SELECT ?, ?, ?
            WHERE EXISTS (SELECT 1 FROM notice WHERE id = ?) AND EXISTS (SELECT 1 FROM screen WHERE id = ?)
            ON CONFLICT DO NOTHING
        """
        run(db, sql, notice, screen, milliseconds(at), notice, screen)


def _see(db: Database, one: SeenScreen) -> None:
    at = milliseconds(one.seen_at)
    is_newer: tuple[object, ...] = (one.id, at)
    sql = f"{CHANGE} WHERE id = ? AND seen_at <= ?"
    if not one.connected:
        # Whoever has lost it does not know whether it has come to another process since.
        sql, is_newer = f"{sql} AND home = ?", (*is_newer, one.home)
    values = (ScreenRow.hears.db_value(one.hears), one.token, one.address, at, one.connected, one.home)
    if run(db, sql, *values, *is_newer).rowcount:
        return
    if ScreenRow.select().count(db) < MOST:
        row = {name: getattr(one, name) for name in SeenScreen.__slots__}
        ScreenRow.insert(row).on_conflict_ignore().execute(db)


def begin(db: Database, now: datetime, homes: Collection[str] = ()) -> None:
    """Take every screen for gone but those of living processes, and forget those that were not here for long."""
    leave_dead(db, homes)
    ScreenRow.delete().where(ScreenRow.seen_at < now - KEPT).execute(db)


def leave_dead(db: Database, homes: Collection[str]) -> int:
    """Take the screens for gone that are connected to none of these processes; return how many there were."""
    where = (ScreenRow.connected == True) & ScreenRow.home.not_in(list(homes))  # noqa: E712 - becomes SQL
    return int(ScreenRow.update(connected=False).where(where).execute(db))


def every(db: Database, now: datetime) -> list[SeenScreen]:
    """Return all screens that hang somewhere, by what they show; one that shows something else now counts there."""
    rows = ScreenRow.select().order_by(ScreenRow.display, ScreenRow.slug, ScreenRow.id)
    found = [_screen(row) for row in rows.where(ScreenRow.seen_at > now - KEPT).execute(db)]
    newest: dict[str, datetime] = {}
    for one in found:
        newest[one.machine] = max(newest.get(one.machine, one.seen_at), one.seen_at)
    return [one for one in found if one.is_connected(now) or one.seen_at == newest[one.machine]]


def answers(db: Database, notice: Notice, now: datetime) -> list[Answer]:
    """Return of every screen that is to show a notice whether it does: those that do not come first."""
    shown = dict(AckRow.select(AckRow.screen, AckRow.at).where(AckRow.notice == notice.id).tuples().execute(db))
    found = [_answer(one, shown.get(one.id), now) for one in every(db, now) if notice.target.key in one.hears]
    return sorted(found, key=lambda one: ("late", "offline", "shown").index(one.state))


def shown_by(db: Database) -> dict[int, int]:
    """Return by notice how many screens have it."""
    sql = "SELECT notice_id, COUNT(*) FROM ack GROUP BY notice_id"
    return {int(number): int(count) for number, count in run(db, sql).fetchall()}


def forget(db: Database, screen: str) -> bool:
    """Forget a screen that hangs nowhere any more; False when there is none."""
    return bool(ScreenRow.delete().where(ScreenRow.id == screen).execute(db))


def _answer(one: SeenScreen, at: datetime | None, now: datetime) -> Answer:
    if at is not None:
        return Answer(one, "shown", at)
    return Answer(one, "late" if one.is_connected(now) else "offline", None)


def _screen(row: ScreenRow) -> SeenScreen:
    return SeenScreen(*(getattr(row, name) for name in SeenScreen.__slots__))
