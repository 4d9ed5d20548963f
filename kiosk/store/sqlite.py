"""SQLite: a file, with one connection that reads inline, which is faster than anything else, and one that writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, SqliteDatabase

from kiosk.errors import KioskError

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


class Sqlite:
    """An SQLite file, with a writer whom SQLite itself keeps apart from those of other processes."""

    empties_beside = False

    def __init__(self, path: str) -> None:
        """Prepare two connections; the file is made when it is first used. Raises KioskError."""
        _make_folder(Path(path).parent)
        self.place = path
        self._reader = connection(path)
        self._writer = connection(path)
        self._one_reader = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """See `Engine`; reads are short."""
        with self._one_reader, self._reader.atomic():
            yield self._reader

    @contextmanager
    def reporting(self) -> Iterator[Database]:
        """See `Engine`; with a connection of its own."""
        db = connection(self.place)
        try:
            with db.atomic():
                yield db
        finally:
            db.close()

    @contextmanager
    def writing(self, durably: bool) -> Iterator[Database]:
        """See `Engine`."""
        self._writer.execute_sql(f"PRAGMA synchronous={'full' if durably else 'normal'}")
        with self._writer.atomic("IMMEDIATE"):
            yield self._writer

    def empty_log(self) -> bool:
        """Empty the write-ahead log, which still holds what has been overwritten; False while somebody reads that."""
        db = self._writer
        # Most is done while others write; for the rest they wait, and no longer than this.
        db.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        db.execute_sql(f"PRAGMA busy_timeout={EMPTYING_MILLISECONDS}").fetchall()
        try:
            [(busy, _pages, _done)] = db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            db.execute_sql(f"PRAGMA busy_timeout={PRAGMAS['busy_timeout']}").fetchall()
        return not busy

    def give_back(self) -> int:
        """Shrink the file by some pages that nothing needs; return how many it was."""
        [(before,)] = self._writer.execute_sql("PRAGMA freelist_count").fetchall()
        if before <= SPARE_PAGES:
            return 0
        self._writer.execute_sql(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
        [(after,)] = self._writer.execute_sql("PRAGMA freelist_count").fetchall()
        return int(before - after)

    def analyse(self) -> None:
        """See `Engine`."""
        self._writer.execute_sql("PRAGMA analysis_limit=400").fetchall()
        # It begins by reading, and may then not write after others have: so it waits for its turn first, as writers do.
        with self._writer.atomic("IMMEDIATE"):
            self._writer.execute_sql("PRAGMA optimize").fetchall()

    def state(self) -> int:
        """See `Engine`; SQLite has that number in memory which all connections to a file share."""
        with self._one_reader:
            # What a connection commits itself is not counted, but the one that reads commits nothing.
            [(number,)] = self._reader.connection().execute("PRAGMA data_version").fetchall()
        return int(number)

    def close(self) -> None:
        """Close both connections."""
        with self._one_reader:
            self._writer.close()
            self._reader.close()


def connection(path: str) -> SqliteDatabase:
    """Return a connection to a file, opened when it is first used. Raises KioskError."""
    if path == ":memory:":
        raise KioskError("The database must be a file: displays read it while the mirror writes it.")
    return SqliteDatabase(path, pragmas=PRAGMAS, thread_safe=False, check_same_thread=False)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KioskError(f"The folder {folder} cannot be made ({error.strerror}): see KIOSK_DATABASE_URL.") from error
