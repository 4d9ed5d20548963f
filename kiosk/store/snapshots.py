"""Copies of the database for backups: consistent while the server runs, without secrets; and back again."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from peewee import Database

from kiosk.errors import UsageError
from kiosk.store import archive, moving, schema
from kiosk.store.database import Store
from kiosk.store.telling import EPOCH
from kiosk.store.wire import users

# Who is signed in, what is being tried and who acts at this moment is of no use tomorrow.
PASSING = ("session", "try", "lease", "pairing", "process", "offer", "find")
# What the server must be able to read: it signs cookies and messages.
SIGNING = "SELECT value FROM meta WHERE name = 'secret'"
HOOKS = "SELECT id, secret FROM hook WHERE secret <> ''"


def copy_served(url: str, to: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Copy the database that a PostgreSQL server keeps into a file, as `copy` does; both kinds hold the same."""
    with closing(Store(url)) as source, closing(Store(f"sqlite:///{to}")) as made:
        made.write(lambda into: source.report(lambda out: moving.take(into, out)))
    with closing(sqlite3.connect(to)) as made_file:
        return _finished(made_file, to)


def put_served(file: Path, url: str) -> None:
    """Put what a checked file holds in the place of all that a PostgreSQL server's database holds, or nothing of it."""

    def replace(into: Database, out: Database) -> None:
        moving.clear(into)
        moving.take(into, out)

    with closing(Store(f"sqlite:///{file}")) as source, closing(Store(url)) as target:
        target.write_durably(lambda into: source.report(lambda out: replace(into, out)))


def copy(database: Path, to: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Copy the database as it is at one moment, and return how many rows its tables have, and the secrets left out.

    Raises UsageError when there is no database.
    """
    if not database.is_file():
        raise UsageError(f"There is no database {database}: see KIOSK_DATABASE_URL.")
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source, closing(sqlite3.connect(to)) as made:
        source.backup(made)
        return _finished(made, to)


def _finished(made: sqlite3.Connection, to: Path) -> tuple[dict[str, int], dict[str, Any]]:
    made.execute("PRAGMA journal_mode=DELETE")
    found = _without_secrets(made)
    made.execute("VACUUM")
    counted = counts(made)
    archive.sync(to)
    return counted, found


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return {name: db.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for (name,) in db.execute(tables)}


def check(file: Path, said: Mapping[str, int]) -> int:
    """Check that a database is whole, and has the rows that were counted; return its schema. Raises UsageError."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            whole = [row[0] for row in db.execute("PRAGMA integrity_check")]
            version = int(db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0])
            counted = counts(db)
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise UsageError(f"The backup's database cannot be read ({error}).") from error
    if whole != ["ok"] or counted != dict(said):
        raise UsageError("The backup's database is not as it was when it was made.")
    if version > len(schema.STEPS):
        raise UsageError(f"The backup has schema {version}, this program knows {len(schema.STEPS)}: install the newer.")
    return version


def prepare(file: Path, kept: Mapping[str, Any] | None) -> int:
    """Make a checked copy ready to serve; return how many webhooks lack their secret. `kept`: the secrets, if known.

    Calendars are read anew, and those that follow this server read everything again.
    """
    known = kept or {"signing": secrets.token_hex(32), "hooks": {}}
    with closing(sqlite3.connect(file)) as db, db:
        fact = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        db.execute(fact, ("secret", known["signing"]))
        db.execute(fact, (EPOCH, secrets.token_hex(4)))
        for number, secret in known["hooks"].items():
            db.execute("UPDATE hook SET secret = ? WHERE id = ?", (secret, int(number)))
        db.execute("UPDATE mirror SET cursor = NULL, expired_at = NULL, expiries = 0, failures = 0")
        db.execute("UPDATE hook SET active = 0 WHERE secret = ''")
        return int(db.execute("SELECT COUNT(*) FROM hook WHERE secret = ''").fetchone()[0])


def is_filled(url: str) -> bool:
    """Tell whether there is anything in a database that a PostgreSQL server keeps."""
    with closing(Store(url)) as store, store.read() as db:
        try:
            moving.refuse_what_is_there(db)
        except UsageError:
            return True
    return False


def is_in_use(url: str) -> bool:
    """Tell whether a server works with a database, on this machine or another."""
    return _is_open(Path(url.removeprefix("sqlite:///"))) if url.startswith("sqlite:///") else users(url) > 0


def _is_open(database: Path) -> bool:
    """Tell whether a file is in use; one that nobody uses is left without a log beside it."""
    if not database.exists():
        return False
    with closing(sqlite3.connect(database, timeout=0)) as db:
        try:
            return bool(db.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete")
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:  # what is there is no database (any more): nobody can use it
            return False


def _without_secrets(db: sqlite3.Connection) -> dict[str, Any]:
    signing = db.execute(SIGNING).fetchone()
    found = {"signing": signing[0] if signing else "", "hooks": dict(db.execute(HOOKS).fetchall())}
    with db:
        db.execute("DELETE FROM meta WHERE name = 'secret'")
        db.execute("UPDATE hook SET secret = ''")
        for table in PASSING:
            db.execute(f'DELETE FROM "{table}"')
    return json.loads(json.dumps(found)) if found["signing"] else {"signing": secrets.token_hex(32), "hooks": {}}
