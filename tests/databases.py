"""Which database a test runs on: an SQLite file, or a database of PostgreSQL that stands for that file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import psycopg2
import pytest
from psycopg2.extras import DictCursor

from tests import cluster

Engine = Literal["sqlite", "postgresql"]
ENGINES: tuple[Engine, ...] = ("sqlite", "postgresql")
# Of the test that runs at present.
_running: list[Engine] = ["sqlite"]


def url(file: Path) -> str:
    """Return the address of the database that a test would have in this file, the same whenever it is asked."""
    return f"sqlite:///{file}" if _running[-1] == "sqlite" else cluster.shared().fresh(file)


def rows(file: Path, sql: str, *values: object) -> list[Any]:
    """Ask that database, past all the product's code; rows are read by name or number."""
    if _running[-1] == "postgresql":
        return _asked(psycopg2.connect(url(file), cursor_factory=DictCursor), sql.replace("?", "%s"), values)
    line = sqlite3.connect(file, timeout=10)
    line.row_factory = sqlite3.Row
    return _asked(line, sql, values)


def _asked(line: Any, sql: str, values: tuple[object, ...]) -> list[Any]:
    with closing(line), line:
        cursor = line.cursor()
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []


def tables(file: Path) -> list[str]:
    """Return the names of that database's tables."""
    own = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    }
    return [name for (name,) in rows(file, own[_running[-1]])]


def damage(file: Path) -> list[str]:
    """Return what is wrong with that database as such; PostgreSQL's own is looked after by its own tests."""
    found = rows(file, "PRAGMA integrity_check") if _running[-1] == "sqlite" else []
    return [row[0] for row in found if row[0] != "ok"]


def everything(file: Path) -> dict[str, list[Any]]:
    """Return all rows of that database, by table."""
    return {table: rows(file, f'SELECT * FROM "{table}"') for table in tables(file)}


def text(file: Path) -> str:
    """Return all that stands in that database."""
    return "\n".join(str([*row]) for found in everything(file).values() for row in found)


def begin(engine: Engine) -> None:
    """Let databases be of this engine until `end`."""
    _running.append(engine)


def end() -> None:
    """Remove what was made, and go on with the engine of before."""
    if _running.pop() == "postgresql":
        cluster.shared().clear()


def on_both(metafunc: pytest.Metafunc, fixtures: set[str], files: set[str] | None = None) -> None:
    """Run a test that uses one of these fixtures on both engines, unless it is marked as one of SQLite's own.

    `files`: those whose tests do so, which is where engines can differ; with TESTS_ON_BOTH=1 all files do.
    """
    is_asked = not files or metafunc.module.__name__.rpartition(".")[2] in files or "TESTS_ON_BOTH" in os.environ
    if is_asked and fixtures & {*metafunc.fixturenames} and not metafunc.definition.get_closest_marker("sqlite"):
        metafunc.parametrize("engine", ENGINES, indirect=True)
