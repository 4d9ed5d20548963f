"""One connection that reads and one that writes, so that no screen ever waits for the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from peewee import Database, DatabaseError, OperationalError, SqliteDatabase

from kiosk import runtime
from kiosk.errors import KioskError
from kiosk.measures import Measures
from kiosk.store import schema

Params = ParamSpec("Params")
Result = TypeVar("Result")
EMPTYING_MILLISECONDS = 200
# Pages that are given back at once, while other writers wait; and how many may stay, since they are soon needed.
PAGES, SPARE_PAGES = 250, 1000
PRAGMAS = {
    # Before anything else, since a database decides that when it is made: `tidy` gives back what is not needed.
    "auto_vacuum": "incremental",
    "journal_mode": "wal",
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "synchronous": "normal",
    # What is deleted, such as the name of somebody who is to be forgotten, is overwritten.
    "secure_delete": 1,
}


class Store:
    """The open database. Reads are short and inline; every write is one transaction in a real thread."""

    def __init__(self, url: str, measures: Measures | None = None) -> None:
        """Open the database, and make it what this program needs. `measures` hears how long each use took.

        Raises KioskError.
        """
        self._measures = measures or Measures()
        path = url.removeprefix("sqlite:///")
        _make_folder(Path(path).parent)
        self._path = path
        self._reader = _sqlite(path)
        self._writer = _sqlite(path)
        self._reading = threading.RLock()
        self._writing = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        # Fills a cache whose lock must never be taken in a real thread first.
        logging.getLogger("peewee").isEnabledFor(logging.DEBUG)
        try:
            self.write(schema.upgrade)
        except (DatabaseError, KioskError) as error:
            raise KioskError(f"{error} The database is {path}: see KIOSK_DATABASE_URL.") from error

    @contextmanager
    def read(self) -> Iterator[Database]:
        """Give a database that sees one moment; do nothing slow inside."""
        with self._measures.timing("read"), self._reading, self._reader.atomic():
            yield self._reader

    def report(
        self,
        fn: Callable[Concatenate[Database, Params], Result],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Run `fn(database, …)`, which only reads and may take long, in a real thread with a connection of its own."""
        with self._measures.timing("report"):
            return runtime.offload(_report, self._path, fn, args, kwargs)

    def write(
        self,
        fn: Callable[Concatenate[Database, Params], Result],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Run `fn(database, …)` in one transaction, committed when this returns; listeners hear of it."""
        return self._write("normal", fn, *args, **kwargs)

    def write_durably(
        self,
        fn: Callable[Concatenate[Database, Params], Result],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Write like `write`, and return only when a pulled plug cannot undo it."""
        return self._write("full", fn, *args, **kwargs)

    def empty_log(self) -> bool:
        """Empty the write-ahead log, which still holds what has been overwritten; False while somebody reads that."""
        return self._offloaded(_empty_log)

    def tidy(self) -> int:
        """Put the database in order: what its queries are planned by, and pages it no longer needs; return those."""
        freed = 0
        while gone := self._offloaded(_give_back):
            freed += gone
        self._offloaded(_optimize)
        return freed

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every commit of this process."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Close both connections."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    def _offloaded(self, fn: Callable[[SqliteDatabase], Result]) -> Result:
        with self._writing:
            return runtime.offload(fn, self._writer)

    def _write(self, synchronous: str, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        with self._measures.timing("write"), self._writing:
            try:
                result = runtime.offload(_transaction, self._writer, synchronous, fn, args, kwargs)
            except OperationalError as error:
                raise KioskError(f"The database cannot be written ({error}).") from error
        for listener in self._listeners:
            listener()
        return result


def _report(path: str, fn: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
    db = _sqlite(path)
    try:
        with db.atomic():
            return fn(db, *args, **kwargs)
    finally:
        db.close()


def _transaction(
    db: SqliteDatabase,
    synchronous: str,
    fn: Callable[..., Result],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Result:
    db.execute_sql(f"PRAGMA synchronous={synchronous}")
    with db.atomic("IMMEDIATE"):
        return fn(db, *args, **kwargs)


def _empty_log(db: SqliteDatabase) -> bool:
    # Most is done while others write; for the rest they wait, and no longer than this.
    db.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    db.execute_sql(f"PRAGMA busy_timeout={EMPTYING_MILLISECONDS}").fetchall()
    try:
        [(busy, _pages, _done)] = db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        db.execute_sql(f"PRAGMA busy_timeout={PRAGMAS['busy_timeout']}").fetchall()
    return not busy


def _give_back(db: SqliteDatabase) -> int:
    """Shrink the file by some pages that nothing needs; return how many it was."""
    [(before,)] = db.execute_sql("PRAGMA freelist_count").fetchall()
    if before <= SPARE_PAGES:
        return 0
    db.execute_sql(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
    [(after,)] = db.execute_sql("PRAGMA freelist_count").fetchall()
    return int(before - after)


def _optimize(db: SqliteDatabase) -> None:
    db.execute_sql("PRAGMA analysis_limit=400").fetchall()
    # It begins by reading, and may then not write after others have: so it waits for its turn first, as all writers do.
    with db.atomic("IMMEDIATE"):
        db.execute_sql("PRAGMA optimize").fetchall()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KioskError(f"The folder {folder} cannot be made ({error.strerror}): see KIOSK_DATABASE_URL.") from error


def _sqlite(path: str) -> SqliteDatabase:
    if path == ":memory:":
        raise KioskError("The database must be a file: displays read it while the mirror writes it.")
    return SqliteDatabase(path, pragmas=PRAGMAS, thread_safe=False, check_same_thread=False)
