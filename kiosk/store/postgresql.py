"""PostgreSQL: several connections that read, and one that writes while no other process does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from peewee import Database

from kiosk import clock, runtime
from kiosk.errors import DatabaseAway, KioskError
from kiosk.store.wire import LOCKED, TROUBLE, Wire, code_of

SCHEME = "postgresql://"
Result = TypeVar("Result")
# begins(database, what names the time since the server began or crashed, now)
Begins = Callable[[Database, str, datetime], None]
log = logging.getLogger(__name__)
# So many read at the same time; others wait for one of them.
READERS = 6
# Writers of all processes follow one another by this lock of the database, as they do with SQLite: whatever a
# transaction looks at stays as it is until it is over.
LOCK = 0x6B696F736B
WRITE = f"""
    BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit TO {{}};
    SELECT pg_advisory_xact_lock({LOCK}), txid_current()
"""
DURABLY = "SET LOCAL synchronous_commit TO on"
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LONG_READ = f"{READ}; SET LOCAL statement_timeout = '10min'"
# A server that could not be reached is left alone for as long, so that nobody waits for it one after the other.
REST_SECONDS = 0.5
# How often, and how long after each other, a server is asked what became of the last transaction.
QUESTIONS, BETWEEN_SECONDS = 40, 0.25
# Tables that name people. A vacuum takes as long as it takes, while others write.
VACUUMED = (
    *("act", "attendance", "command", "delivery", "device", "errand", "event", "health", "hook", "notice"),
    *("pairing", "person", "pin", "problem", "request", "stay"),
)
AT_LEISURE = "SET statement_timeout = 0"


class Postgresql:
    """A database of a PostgreSQL server; connections that are lost are made anew by whoever needs one next."""

    empties_beside = True

    def __init__(self, url: str, begins: Begins = lambda *_new: None) -> None:
        """Prepare connections; `begins(database, life, now)` writes first on every new one. Raises KioskError."""
        self.place = _place(url)
        self._url = url
        self._begins = begins
        self._writer: Wire | None = None
        self._idle: list[Wire] = []
        self._seats = threading.BoundedSemaphore(READERS)
        self._mine = threading.local()
        self._rests_until = 0.0
        self._is_away = False
        Wire(url)

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """See `Engine`; whoever reads within a read sees the same moment."""
        known: Wire | None = getattr(self._mine, "db", None)
        if known:
            yield known
            return
        with self._seats:
            self._mine.db = db = self._begun(self._idle, READ)
            try:
                yield from self._used(db)
            finally:
                del self._mine.db
                self._idle += [] if db.is_closed() else [db]

    @contextmanager
    def reporting(self) -> Iterator[Database]:
        """See `Engine`; with a connection of its own."""
        db = self._begun([], LONG_READ)
        try:
            yield from self._used(db)
        finally:
            db.drop()

    @contextmanager
    def writing(self, durably: bool) -> Iterator[Database]:
        """See `Engine`."""
        before, self._writer = self._writer, None
        db = self._begun([before] if before else [], WRITE.format("on" if durably else "off"))
        try:
            yield from self._used(db, int(db.told[0][1]))
        finally:
            self._writer = None if db.is_closed() else db

    def empty_log(self) -> bool:
        """Have the server take away rows that were changed or deleted; False while somebody else is at a table."""
        return self._beside(_vacuum)

    def give_back(self) -> int:
        """Return 0: the server does that by itself (autovacuum)."""
        return 0

    def analyse(self) -> None:
        """Leave that to the server, which does it by itself (autovacuum)."""

    def state(self) -> None:
        """See `Engine`; asking for it would cost as much as looking."""

    def close(self) -> None:
        """Close all connections."""
        for db in (*self._idle, *filter(None, [self._writer])):
            db.drop()
        self._idle, self._writer = [], None

    def _beside(self, fn: Callable[[Wire], Result]) -> Result:
        """Use a connection of its own, outside of transactions. Raises DatabaseAway when it is lost meanwhile."""
        db = self._opened()
        try:
            return fn(db)
        except TROUBLE as error:
            raise self._away(error) if db.is_lost(error) else error from error
        finally:
            db.drop()

    def _begun(self, known: list[Wire], words: str) -> Wire:
        """Begin a transaction on a connection that is known, or on a new one where all of these are lost."""
        while known:
            db = known.pop()
            try:
                return _begin(db, words)
            except TROUBLE as error:
                is_lost = db.is_lost(error)
                db.drop()
                if not is_lost:
                    raise
        db = self._opened()
        try:
            return _begin(db, words)
        except TROUBLE as error:
            is_lost = db.is_lost(error)
            db.drop()
            raise self._away(error) if is_lost else error from error

    def _used(self, db: Wire, number: int = 0) -> Iterator[Wire]:
        """Lend a connection on which a transaction has begun, and end that; `number`: its own, if it writes."""
        try:
            try:
                if number and not db.has_written:
                    self._write_first(db)
                yield db
            finally:
                db.end()
        except BaseException as error:
            self._undo(db, error)
            raise
        try:
            db.commit()
        except TROUBLE as error:
            is_lost = db.is_lost(error)
            db.drop()
            if not is_lost:
                raise
            if number and not self._has_happened(number, db.life):
                raise self._away(error) from error
        db.has_written = bool(number)

    def _write_first(self, db: Wire) -> None:
        """Write what is to be written before all else, and durably, since what follows counts on it."""
        db.execute_sql(DURABLY)
        self._begins(db, db.life, clock.now())

    def _undo(self, db: Wire, error: BaseException) -> None:
        with suppress(*TROUBLE):
            db.rollback()
            return
        db.drop()
        if isinstance(error, TROUBLE):
            raise self._away(error) from error

    def _has_happened(self, number: int, life: str) -> bool:
        """Ask what became of a transaction whose end nobody has heard of. Raises DatabaseAway when nobody knows."""
        for _ in range(QUESTIONS):
            with suppress(DatabaseAway):
                state = self._beside(partial(_status, number=number, life=life))
                if state != "in progress":
                    return state == "committed"
            runtime.rest(BETWEEN_SECONDS)
        raise DatabaseAway(self._sentence("nobody knows whether it has kept the last change"))

    def _opened(self) -> Wire:
        """Open a connection, in a real thread since finding the server may take long. Raises DatabaseAway."""
        if clock.monotonic() < self._rests_until:
            raise DatabaseAway(self._sentence("it could not be reached a moment ago"))
        db = Wire(self._url)
        try:
            runtime.offload(db.connect)
        except TROUBLE as error:
            self._rests_until = clock.monotonic() + REST_SECONDS
            raise self._away(error) from error
        if self._is_away:
            self._is_away = False
            log.warning("The database %s answers again", self.place)
        return db

    def _away(self, error: Exception) -> DatabaseAway:
        """Return the error for all who need a server that is away; the first of them is logged."""
        sentence = self._sentence(" ".join(str(error).split()))
        if not self._is_away:
            self._is_away = True
            log.error("%s It is tried again whenever it is needed", sentence)
        return DatabaseAway(sentence)

    def _sentence(self, why: str) -> str:
        return f"The database {self.place} cannot be reached ({why})."


def _status(db: Wire, number: int, life: str) -> str:
    """Return what became of a transaction; after a crash nothing, since others may have its number by now."""
    return str(db.execute_sql(f"SELECT txid_status({number})").fetchall()[0][0]) if db.life == life else ""


def _vacuum(db: Wire) -> bool:
    """Vacuum what names people; False where PostgreSQL's own care, or an administrator's, keeps a table too long."""
    db.execute_sql(AT_LEISURE)
    kept = [name for name in VACUUMED if not _is_vacuumed(db, name)]
    return not kept


def _is_vacuumed(db: Wire, name: str) -> bool:
    try:
        db.execute_sql(f'VACUUM "{name}"')
    except TROUBLE as error:
        if code_of(error) != LOCKED:
            raise
        return False
    return True


def _begin(db: Wire, words: str) -> Wire:
    found = db.execute_sql(words)
    db.told = found.fetchall() if found.description else []
    db.push_transaction(db.transaction())
    return db


def _place(url: str) -> str:
    """Return where a database is, as people may read it: without a password. Raises KioskError."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise KioskError(f"The address of the database cannot be read ({error}).") from error
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0] or "this machine"
    return f"{parts.path.strip('/') or parts.username or 'kiosk'} on {host}{port}"
