"""SQL written out, for what runs many times a second: having it built takes longer than the database does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from peewee import Database


def run(db: Database, sql: str, *values: Any) -> Any:
    """Run a statement whose values are marked with `?` and return its cursor; instants are given in milliseconds."""
    return db.execute_sql(_marked(sql, db.param), values)


def rows(db: Database, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    found: list[tuple[Any, ...]] = run(db, sql, *values).fetchall()
    return found


@lru_cache(maxsize=1024)
def _marked(sql: str, mark: str) -> str:
    return sql if mark == "?" else sql.replace("%", "%%").replace("?", mark)


def marks(values: Sequence[Any]) -> str:
    """Return the marks of a list of values for `IN (…)`; nothing is in the list of none."""
    return ", ".join("?" * len(values)) or "NULL"
