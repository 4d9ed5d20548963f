"""Bringing a database to this program's schema, one numbered step after the other."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from peewee import Database

from kiosk.errors import KioskError
from kiosk.store.models import TABLES, Meta


def upgrade(db: Database) -> None:
    """Apply the steps that this database has not seen. Raises KioskError when it is newer than the program."""
    version = _version(db)
    if version > len(STEPS):
        raise KioskError(
            f"The database has schema {version}, this program knows {len(STEPS)}: install the newer one again."
        )
    for step in STEPS[version:]:
        step(db)
    _set(db, "schema", str(len(STEPS)))


def secret(db: Database) -> str:
    """Return this installation's secret, which signs cookies."""
    row = Meta.select(Meta.value).where(Meta.name == "secret").tuples().first(db)
    return str(row[0]) if row else ""


def _version(db: Database) -> int:
    if not db.table_exists("meta"):
        return 0
    row = Meta.select(Meta.value).where(Meta.name == "schema").tuples().first(db)
    return int(row[0]) if row else 0


def _set(db: Database, name: str, value: str) -> None:
    Meta.insert(name=name, value=value).on_conflict(conflict_target=[Meta.name], update={Meta.value: value}).execute(db)


def _first(db: Database) -> None:
    with db.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES, safe=False)
    _set(db, "secret", secrets.token_hex(32))


STEPS: tuple[Callable[[Database], None], ...] = (_first,)
