"""Saying that a room's screens must be looked at again: done with every change, so its SQL is written once."""

from __future__ import annotations

from peewee import Database


def touch(db: Database, room_id: int) -> None:
    """Say that a room's screens must be looked at again."""
    following = 'SELECT COALESCE(MAX("revision"), 0) + 1 FROM "room"'
    db.execute_sql(f'UPDATE "room" SET "revision" = ({following}) WHERE "id" = {db.param}', (room_id,))


def slug_of(db: Database, room_id: int) -> str:
    """Return a room's word in addresses, empty when it is not here any more."""
    row = db.execute_sql(f'SELECT "slug" FROM "room" WHERE "id" = {db.param}', (room_id,)).fetchone()
    return str(row[0]) if row else ""
