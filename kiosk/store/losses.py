"""What a crash of the database has taken back: noticed before anything else is written, and made good.

Most is written without waiting for the disk (`Engine.writing`), so a crash takes back the last moments, in order and
never torn. The processes live on, and go by what is gone: they have drawn revisions that would be given to something
else now, and took it for done that the room they had claimed was scheduled again.
"""

from __future__ import annotations

from datetime import datetime

from peewee import Database

from kiosk.store import facts, leases
from kiosk.store.leases import ROOM
from kiosk.store.plain import run

LIFE = "life"
# Further than all revisions that can be given in the moments which a crash takes back. Those were newer than all that
# are left, so rooms of which something was lost have another revision than they had, whatever the others have.
LEAP = 1_000_000
LEAPING = f"UPDATE room SET revision = revision + {LEAP} WHERE revision = (SELECT MAX(revision) FROM room)"
# Whoever holds a room learns that when it is checked, and begins anew.
FREEING = f"UPDATE lease SET owner = '' WHERE name LIKE '{ROOM}%'"
WAKING = "UPDATE command SET due_at = 0 WHERE settled_at IS NULL"


def make_good(db: Database, life: str, now: datetime) -> None:
    """Have everything looked at again that may be lost, when the database has begun another life since the last write.

    `life`: names the time since the database began, or began anew after a crash. This has to be on the disk before
    anybody relies on it.
    """
    if not db.table_exists("meta"):
        return
    before = facts.read(db, LIFE)
    if before == life:
        return
    facts.write(db, LIFE, life)
    # Whose first write here this is, nothing of theirs can have been lost here.
    if not before:
        return
    run(db, LEAPING)
    leases.end_claims(db, now)
    run(db, FREEING)
    run(db, WAKING)
