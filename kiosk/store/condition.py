"""How the database is: whole or damaged, how large, and how much room its disk has left."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from peewee import Database

from kiosk.store.plain import rows

MOST_PROBLEMS = 3


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes: of the database, of its write-ahead log, free on their disk, and the disk's."""

    database: int
    log: int
    free: int
    disk: int


@dataclass(frozen=True, slots=True)
class Served:
    """A database that a server of PostgreSQL keeps: its bytes; `is_durable`: it outlives a power cut."""

    version: str
    size: int
    is_durable: bool


def server(db: Database) -> Served:
    """Ask PostgreSQL how it and its database are."""
    sql = "SELECT current_setting('server_version'), pg_database_size(current_database())"
    [(version, size)] = rows(db, sql)
    safe = rows(db, "SELECT current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'")
    return Served(version.split()[0], size, safe[0][0])


def space(path: Path) -> Space:
    """Look at the disk on which the database is. Raises OSError."""
    log, disk = path.with_name(f"{path.name}-wal"), shutil.disk_usage(path.parent)
    return Space(path.stat().st_size, log.stat().st_size if log.exists() else 0, disk.free, disk.total)


def problems(path: Path) -> list[str]:
    """Read the whole database and say what is damaged, a few things at most; that may take minutes."""
    try:
        with closing(sqlite3.connect(path)) as db:
            found = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({MOST_PROBLEMS})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [text for text in found if text != "ok"]
