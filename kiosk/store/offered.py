"""What devices may act on beside their own rooms, for a while: rooms that their doors offered, and bookings there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from peewee import Database

from kiosk.store.together import OfferRow

# So long a room that a door has offered can be booked there, and the booking taken back.
OFFERED = timedelta(minutes=15)


def note(db: Database, device: int, names: Collection[str], now: datetime) -> None:
    """Write down the rooms that a device was offered just now, or the booking that it made in one."""
    OfferRow.delete().where((OfferRow.until <= now) | (OfferRow.until > now + OFFERED)).execute(db)
    for name in names:
        row = OfferRow.insert(device=device, name=name, until=now + OFFERED)
        row.on_conflict(
            conflict_target=[OfferRow.device, OfferRow.name], update={OfferRow.until: now + OFFERED}
        ).execute(db)


def holds(db: Database, device: int, name: str, now: datetime) -> bool:
    """Tell whether a device was offered that room, or made that booking, not too long ago."""
    mine = (OfferRow.device == device) & (OfferRow.name == name)
    good = (OfferRow.until > now) & (OfferRow.until <= now + OFFERED)
    return bool(OfferRow.select().where(mine & good).exists(db))
