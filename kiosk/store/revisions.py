"""Saying that a room's screens must be looked at again."""

from __future__ import annotations

from peewee import Database, fn

from kiosk.store.models import RoomRow


def touch(db: Database, room_id: int) -> None:
    """Say that a room's screens must be looked at again."""
    newest = RoomRow.alias()
    following = newest.select(fn.COALESCE(fn.MAX(newest.revision), 0) + 1)
    RoomRow.update(revision=following).where(RoomRow.id == room_id).execute(db)
