"""Buildings that have another name now: what was said of the old name holds for the new one."""

from __future__ import annotations

from peewee import Database

from kiosk.store import accounts, carrying, policies, services
from kiosk.store.models import RoomRow


def carry(db: Database, old: str, new: str, merges: bool = True) -> bool:
    """Let a building keep what is said of it, and return whether it did: not where a room still has the old name.

    Rooms that name no building are none: nothing is carried from them or to them. `merges`: also to a name that other
    rooms have, whose caterers and policies these then are too. Raises UsageError when the policy of some room would
    contradict itself.
    """
    if not old or not new or old == new or _rooms(db, old) or (not merges and _rooms(db, new) > 1):
        return False
    services.carry(db, old, new)
    accounts.carry_building(db, old, new)
    policies.carry(db, old, new)
    carrying.building(db, old, new)
    return True


def _rooms(db: Database, building: str) -> int:
    return int(RoomRow.select().where(RoomRow.building == building).count(db))
