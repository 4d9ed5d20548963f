"""Single facts about this installation, by name."""

from __future__ import annotations

from datetime import datetime

from peewee import Database

from kiosk.store.models import Meta, instant, milliseconds
from kiosk.store.plain import rows


def read(db: Database, name: str) -> str | None:
    """Return a fact, None when it was never written."""
    found = rows(db, "SELECT value FROM meta WHERE name = ?", name)
    return str(found[0][0]) if found else None


def write(db: Database, name: str, value: str) -> None:
    """Write a fact over what was known."""
    Meta.insert(name=name, value=value).on_conflict(conflict_target=[Meta.name], update={Meta.value: value}).execute(db)


def count(db: Database, name: str) -> int:
    """Return a fact that is a number, 0 when it was never written."""
    return int(read(db, name) or 0)


def forget(db: Database, name: str) -> None:
    """Know a fact no longer."""
    Meta.delete().where(Meta.name == name).execute(db)


def read_instant(db: Database, name: str) -> datetime | None:
    """Return a fact that is an instant."""
    text = read(db, name)
    return None if text is None else instant(int(text))


def write_instant(db: Database, name: str, value: datetime) -> None:
    """Write an instant."""
    write(db, name, str(milliseconds(value)))
