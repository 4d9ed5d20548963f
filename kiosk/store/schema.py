"""Bringing a database to this program's schema, one numbered step after the other."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from peewee import Database

from kiosk.errors import KioskError
from kiosk.store import acts, facts, guards, machines, models, office, past, together, told

TABLES = (*models.TABLES, *office.TABLES, *told.TABLES, *past.TABLES, *machines.TABLES, *together.TABLES)


def upgrade(db: Database) -> None:
    """Apply the steps that this database has not seen. Raises KioskError when it is newer than the program."""
    version = _version(db)
    if version > len(STEPS):
        raise KioskError(
            f"The database has schema {version}, this program knows {len(STEPS)}: install the newer one again."
        )
    for step in STEPS[version:]:
        step(db)
    facts.write(db, "schema", str(len(STEPS)))


def secret(db: Database) -> str:
    """Return this installation's secret, which signs cookies."""
    return facts.read(db, "secret") or ""


def _version(db: Database) -> int:
    return int(facts.read(db, "schema") or 0) if db.table_exists("meta") else 0


def _first(db: Database) -> None:
    with db.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES, safe=False)
    for guard in acts.GUARDS:
        guards.post(db, guard)
    facts.write(db, "secret", secrets.token_hex(32))


STEPS: tuple[Callable[[Database], None], ...] = (_first,)
