"""Carrying everything from one database to another, whichever kinds they are: all of it or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import peewee
from peewee import AutoField, BooleanField, Database, Model, PostgresqlDatabase

from kiosk.errors import KioskError, UsageError
from kiosk.store.plain import marks, rows, run
from kiosk.store.schema import TABLES

# How many rows are read at once; how many values a statement may write, which SQLite limits; how often it is told.
PAGE, VALUES, TOLD = 1000, 5000, 20_000
# What every database has from the beginning.
MADE_WITH_IT = "meta"
Tell = Callable[[str, int], None]
Row = tuple[Any, ...]


def take(target: Database, source: Database, tell: Tell = lambda _table, _rows: None) -> dict[str, int]:
    """Carry all rows over, compare both databases, and return how many rows each table has; `tell` hears of each table.

    Raises UsageError when something is in the target, KioskError when it does not come to hold what the source does.
    """
    refuse_what_is_there(target)
    for db in (source, target):
        _let_rest(db)
    run(target, f'DELETE FROM "{MADE_WITH_IT}"')
    found = {}
    for model in _in_order():
        name = model._meta.table_name
        found[name], sent = _carry(model, source, target, tell)
        if (found[name], sent) != _digest(_pages(model, target)):
            raise KioskError(f"The table {name} did not arrive as it was: nothing was changed.")
        tell(name, found[name])
    _number_on(target)
    return found


def clear(target: Database) -> None:
    """Take everything out of a PostgreSQL database, the log of acts too."""
    run(target, f"TRUNCATE {', '.join(_quoted(model._meta.table_name) for model in TABLES)}")


def refuse_what_is_there(target: Database) -> None:
    """Raise UsageError when any table has rows that a new database has not."""
    names = [model._meta.table_name for model in TABLES if model._meta.table_name != MADE_WITH_IT]
    full = [name for name in names if rows(target, f'SELECT 1 FROM "{name}" LIMIT 1')]
    if full:
        raise UsageError(f"That database is not empty ({', '.join(sorted(full))}): nothing was changed.")


def _let_rest(db: Database) -> None:
    """Have PostgreSQL wait within a transaction for as long as it takes to read a large table on the other side."""
    if isinstance(db, PostgresqlDatabase):
        run(db, "SET LOCAL idle_in_transaction_session_timeout = 0")


def _carry(model: type[Model], source: Database, target: Database, tell: Tell) -> tuple[int, str]:
    """Write all rows of a table, and return how many there are and what stands for all they hold."""

    def passing() -> Iterator[list[Row]]:
        count = 0
        for page in _pages(model, source):
            _write(model, target, page)
            count += len(page)
            if not count % TOLD:
                tell(model._meta.table_name, count)
            yield page

    return _digest(passing())


def _pages(model: type[Model], db: Database) -> Iterator[list[Row]]:
    """Yield a table's rows in the order of its key, so that none is met twice or missed."""
    keys = [field.column_name for field in model._meta.get_primary_keys()]
    places = [[field.column_name for field in model._meta.sorted_fields].index(key) for key in keys]
    key, known = ", ".join(map(_quoted, keys)), f"SELECT {_columns(model)} FROM {_quoted(model._meta.table_name)}"
    page = rows(db, f"{known} ORDER BY {key} LIMIT {PAGE}")
    while page:
        yield page
        after = [page[-1][place] for place in places]
        page = rows(db, f"{known} WHERE ({key}) > ({marks(keys)}) ORDER BY {key} LIMIT {PAGE}", *after)


def _write(model: type[Model], target: Database, page: list[Row]) -> None:
    fields = model._meta.sorted_fields
    flags = {number for number, field in enumerate(fields) if isinstance(field, BooleanField)}
    size = VALUES // len(fields)
    for first in range(0, len(page), size):
        part = page[first : first + size]
        values = [bool(value) if number in flags else value for row in part for number, value in enumerate(row)]
        table, places = _quoted(model._meta.table_name), ", ".join([f"({marks(fields)})"] * len(part))
        run(target, f"INSERT INTO {table} ({_columns(model)}) VALUES {places}", *values)


def _digest(pages: Iterator[list[Row]]) -> tuple[int, str]:
    count, told = 0, hashlib.sha256()
    for page in pages:
        count += len(page)
        told.update(json.dumps([[_told(value) for value in row] for row in page]).encode())
    return count, told.hexdigest()


def _told(value: Any) -> Any:
    """Return a value as it is in every kind of database: yes is 1, and no word has a zero character."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes):
        return value.hex()
    return value.replace("\0", "") if isinstance(value, str) else value


def _number_on(target: Database) -> None:
    """Let new rows have numbers that follow those that came."""
    if not isinstance(target, PostgresqlDatabase):
        return
    for model in TABLES:
        if isinstance(model._meta.primary_key, AutoField):
            name = model._meta.table_name
            following = f"""SELECT setval(pg_get_serial_sequence('"{name}"', 'id'), COALESCE(MAX(id), 0) + 1, false)"""
            run(target, f'{following} FROM "{name}"')


def _in_order() -> list[type[Model]]:
    """Return all tables, each after those that its rows name."""
    found: list[type[Model]] = peewee.sort_models(TABLES)  # type: ignore[attr-defined]
    return found


def _columns(model: type[Model]) -> str:
    return ", ".join(_quoted(field.column_name) for field in model._meta.sorted_fields)


def _quoted(name: str) -> str:
    return f'"{name}"'
