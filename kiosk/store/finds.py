"""What devices have sent for errands, for a few minutes: kept here only where several processes may be asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from peewee import Database

from kiosk.store import errands
from kiosk.store.together import FindRow

MOST = 200


@dataclass(frozen=True, slots=True)
class Find:
    """A picture or a text that a machine has sent for an errand, good until `until`."""

    kind: str
    content: bytes
    at: datetime
    until: datetime

    def is_good(self, now: datetime) -> bool:
        """Tell whether it may still be looked at."""
        return self.at <= now < self.until


def keep(db: Database, errand: int, one: Find) -> None:
    """Keep what a machine has sent; what is over, or too much, goes."""
    expire(db, one.at)
    kept = FindRow.select(FindRow.errand).order_by(FindRow.at.desc()).limit(MOST - 1).tuples().execute(db)
    FindRow.delete().where(FindRow.errand.not_in([number for (number,) in kept])).execute(db)
    values = {name: getattr(one, name) for name in Find.__slots__}
    FindRow.insert(errand=errand, **values).on_conflict(conflict_target=[FindRow.errand], update=values).execute(db)


def expire(db: Database, now: datetime) -> None:
    """Forget what is over."""
    FindRow.delete().where((FindRow.until <= now) | (FindRow.at > now)).execute(db)


def expire_with_errands(db: Database, now: datetime) -> None:
    """End errands that were not done in time, and forget what was sent for others long enough ago."""
    errands.expire(db, now)
    expire(db, now)


def find(db: Database, errand: int, now: datetime) -> Find | None:
    """Return what a machine has sent for an errand, None when nothing is here."""
    row = FindRow.select().where(FindRow.errand == errand).first(db)
    if row is None:
        return None
    found = Find(row.kind, bytes(row.content), row.at, row.until)
    return found if found.is_good(now) else None
