"""The world on disk: sqlite3, one connection, one transaction at a time."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any

from kiosk.emulator.clock import Clock
from kiosk.emulator.recurrence import Occurrence, rule_text, series, split_id
from kiosk.emulator.times import seconds_of
from kiosk.emulator.values import FOREVER, Calendar, Entry, Json

COLUMNS = (
    "calendar, id, home, ical_uid, series, original, detached, status, rule, starts, ends, created, updated, seq, data"
)


class Store:
    """Everything that outlives a request. Use it inside `transaction()` only."""

    def __init__(self, path: str, clock: Clock) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._depth = 0
        self._calendars: dict[str, Calendar] = {}
        self._touched: set[str] = set()
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.executescript(files("kiosk.emulator").joinpath("schema.sql").read_text("utf-8"))
        self._seq, self._stamp = self._last("seq"), self._last("updated")
        for name in ("world", "seed"):
            if not self.meta(name):
                self.set_meta(name, secrets.token_hex(4))

    def close(self) -> None:
        """Close the database; the store is of no use afterwards."""
        with self._lock:
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else meanwhile; nested ones join the outermost."""
        with self._lock:
            if self._depth:
                yield
                return
            self._depth = 1
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.execute("ROLLBACK")
                self._calendars.clear()
                self._touched.clear()
                raise
            else:
                self.connection.execute("COMMIT")
            finally:
                self._depth = 0

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row of a query."""
        found: tuple[Any, ...] | None = self.connection.execute(sql, values).fetchone()
        return found

    def write(self, sql: str, *values: object) -> None:
        """One change."""
        self.connection.execute(sql, values)

    def meta(self, key: str) -> str:
        """A fact about the whole world, empty when unknown."""
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        return str(found[0]) if found else ""

    def set_meta(self, key: str, value: str) -> None:
        """Remember a fact about the whole world."""
        self.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)

    def nonce(self) -> bytes:
        """Bytes for an id: decided by the world's seed, and never the same twice in one world."""
        number = int(self.meta("nonces") or 0) + 1
        self.set_meta("nonces", str(number))
        return hashlib.sha256(f"{self.meta('seed')}/{number}".encode()).digest()

    def touched(self) -> set[str]:
        """The calendars whose events have changed since this was last asked in the transaction."""
        touched, self._touched = self._touched, set()
        return touched

    def seq(self) -> int:
        """The number of the last change."""
        return self._seq

    def stamp(self) -> int:
        """A moment for `updated`, in microseconds, later than every one before it."""
        self._stamp = max(self._stamp + 1, self.clock.microseconds())
        return self._stamp

    def calendar(self, calendar_id: str) -> Calendar | None:
        """One calendar, of any kind."""
        if calendar_id not in self._calendars:
            found = self.row("SELECT * FROM calendars WHERE id = ?", calendar_id)
            if found is None:
                return None
            self._calendars[calendar_id] = _calendar(found)
        return self._calendars[calendar_id]

    def calendars(self, *kinds: str) -> list[Calendar]:
        """All calendars of those kinds, by name."""
        marks = ",".join("?" * len(kinds))
        sql = f"SELECT * FROM calendars WHERE kind IN ({marks}) ORDER BY summary, id"
        return [_calendar(row) for row in self.rows(sql, *kinds)]

    def save_calendar(self, calendar: Calendar) -> None:
        """Add or replace a calendar."""
        values = asdict(calendar)
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self.write(f"INSERT OR REPLACE INTO calendars ({names}) VALUES ({marks})", *values.values())
        self._calendars[calendar.id] = calendar

    def drop_tokens(self, calendar: Calendar) -> None:
        """Sync tokens made until now are answered 410 from here on."""
        self._seq += 1
        self.save_calendar(replace(calendar, tokens_from=self._seq))

    def stored(self, calendar_id: str, event_id: str) -> Entry | None:
        """The event if it has a row of its own, cancelled or not."""
        sql = f"SELECT {COLUMNS} FROM events WHERE calendar = ? AND id = ?"
        found = self.row(sql, calendar_id, event_id)
        return entry_of(found) if found else None

    def entry(self, calendar_id: str, event_id: str) -> Entry | None:
        """The event, or the instance of a series which that id names."""
        found = self.stored(calendar_id, event_id)
        if found and not found.detached:
            return found
        master_id, key = split_id(event_id)
        master = self.stored(calendar_id, master_id) if key else None
        if master is None or not master.rule:
            return found
        occurrence = series(master.rule).find(key)
        return found if occurrence is None else instance(master, occurrence)

    def select(self, where: str, *values: object) -> list[Entry]:
        """The events for which that condition holds, in the order of their changes."""
        sql = f"SELECT {COLUMNS} FROM events WHERE {where} ORDER BY seq"
        return [entry_of(row) for row in self.rows(sql, *values)]

    def save(self, entry: Entry) -> Entry:
        """Store an event as changed now; returns it with its new etag and derived times."""
        calendar = self.calendar(entry.calendar)
        assert calendar is not None, entry.calendar
        before = self.stored(entry.calendar, entry.id)
        self._seq += 1
        entry = replace(entry, seq=self._seq, updated=self.stamp(), **_spans(entry, calendar))
        entry.created = entry.created or entry.updated
        self._write_entry(entry)
        if before and before.rule != entry.rule:
            self.write("INSERT INTO past_rules VALUES (?, ?, ?, ?)", entry.calendar, entry.id, entry.seq, before.rule)
        self.save_calendar(replace(calendar, updated=entry.updated))
        self._touched.add(calendar.id)
        return entry

    def _write_entry(self, entry: Entry) -> None:
        own = entry.guest(entry.calendar)
        self.write(
            "INSERT OR REPLACE INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            entry.calendar, entry.id, entry.home, entry.ical_uid, entry.series, entry.original, entry.detached,
            entry.status, entry.data.get("eventType", "default"),
            own["responseStatus"] if own else "accepted", entry.data.get("transparency") != "transparent",
            entry.rule, entry.starts, entry.ends, entry.created, entry.updated, entry.seq,
            json.dumps(entry.data),
        )  # fmt: skip

    def _last(self, column: str) -> int:
        found = self.row(f"SELECT max({column}) FROM events")
        base = int(found[0] or 0) if found else 0
        floor = self.row("SELECT max(tokens_from) FROM calendars") if column == "seq" else None
        return max(base, int(floor[0] or 0) if floor else 0)


def instance(master: Entry, occurrence: Occurrence) -> Entry:
    """One occurrence of a series as an entry of its own, not stored."""
    data = {name: value for name, value in master.data.items() if name != "recurrence"}
    data |= {"start": occurrence.start, "end": occurrence.end, "originalStartTime": occurrence.start}
    return replace(
        master, id=f"{master.id}_{occurrence.key}", data=data | {"recurringEventId": master.id},
        series=master.id, original=occurrence.key, rule="", detached=False,
        starts=occurrence.starts, ends=occurrence.ends,
    )  # fmt: skip


def entry_of(row: tuple[Any, ...]) -> Entry:
    """An entry from its row."""
    (calendar, event_id, home, ical_uid, of_series, original, detached, status, rule, starts, ends, created,
     updated, seq, data) = row  # fmt: skip
    return Entry(
        calendar, event_id, home, ical_uid, json.loads(data), status, of_series, original, bool(detached), rule,
        starts, ends, created, updated, seq,
    )  # fmt: skip


def _calendar(row: tuple[Any, ...]) -> Calendar:
    calendar = Calendar(*row)
    return replace(calendar, auto_accept=bool(calendar.auto_accept))


def _spans(entry: Entry, calendar: Calendar) -> Json:
    """The columns by which an event is found in time; a series spans all its occurrences."""
    start, end = entry.data["start"], entry.data["end"]
    spans = {"starts": seconds_of(start, calendar.zone), "ends": seconds_of(end, calendar.zone), "rule": ""}
    if entry.data.get("recurrence"):
        rule = rule_text(start, end, entry.data["recurrence"], calendar.zone_name)
        spans |= {"rule": rule, "ends": min(series(rule).last_end(), FOREVER)}
    return spans
