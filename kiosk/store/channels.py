"""Push channels: which calendars are to announce their changes, which do, and which no longer shall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Database, fn

from kiosk.store.models import EPOCH, ChannelRow, RoomRow
from kiosk.store.plain import rows


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel; `room_id` is None when its room was deleted, `resource_id` while the source has not answered."""

    id: str
    room_id: int | None
    calendar_id: str
    address: str
    token_hash: str
    resource_id: str | None
    created_at: datetime
    renew_at: datetime
    expires_at: datetime
    verified_at: datetime | None = None
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Wanting:
    """A room whose calendar shall announce its changes and has no channel that will last."""

    room_id: int
    slug: str
    calendar_id: str
    due_at: datetime


def is_any(db: Database) -> bool:
    """Tell whether there is any channel, which something may have to be done about."""
    return bool(rows(db, "SELECT 1 FROM channel LIMIT 1"))


def has_live_push(db: Database, room_id: int, now: datetime) -> bool:
    """Tell whether a room's changes are announced at present: a verified channel of its calendar is open."""
    return bool(_live(now).where(ChannelRow.room == room_id).exists(db))


def live(db: Database, now: datetime) -> set[int]:
    """Return the numbers of all rooms whose changes are announced at present."""
    return {row[0] for row in _live(now).tuples().execute(db)}


def states(db: Database, now: datetime) -> dict[int, tuple[str, str]]:
    """Return, by room, (off, live, refused or nothing; why it was refused)."""
    announced = live(db, now)
    query = RoomRow.select(RoomRow.id, RoomRow.push, RoomRow.push_refusal)
    return {
        room: (_state(wish, room in announced, refusal), refusal) for room, wish, refusal in query.tuples().execute(db)
    }


def wish(db: Database, room_id: int, push: bool) -> None:
    """Say whether a room's changes shall be announced; earlier refusals are forgotten."""
    changes = {"push": push, "push_refusal": "", "push_refused_at": None, "push_due_at": EPOCH}
    RoomRow.update(**changes).where(RoomRow.id == room_id).execute(db)
    if not push:
        abandon(db, room_id)


def abandon(db: Database, room_id: int) -> None:
    """Mark a room's channels as to be stopped; the running server works that off."""
    ChannelRow.update(stopping=True).where(ChannelRow.room == room_id).execute(db)


def abandon_elsewhere(db: Database, address: str) -> None:
    """Mark every channel that announces at another address as to be stopped."""
    ChannelRow.update(stopping=True).where(ChannelRow.address != address).execute(db)


def wanting(db: Database, address: str, now: datetime) -> Wanting | None:
    """Return a room that needs a channel now."""
    lasting = ChannelRow.select().where(
        (ChannelRow.room == RoomRow.id)
        & (ChannelRow.calendar_id == RoomRow.calendar_id)
        & (ChannelRow.address == address)
        & ~ChannelRow.stopping
        & (ChannelRow.renew_at > now)
    )
    where = RoomRow.calendar_id.is_null(False) & RoomRow.push & (RoomRow.push_due_at <= now) & ~fn.EXISTS(lasting)
    columns = (RoomRow.id, RoomRow.slug, RoomRow.calendar_id, RoomRow.push_due_at)
    row = RoomRow.select(*columns).where(where).order_by(RoomRow.push_due_at, RoomRow.id).tuples().first(db)
    return Wanting(*row) if row else None


def begin(db: Database, wanted: Wanting, channel: Channel, claim: timedelta) -> bool:
    """Write a channel down before it is asked for; False when somebody else does that for the room."""
    where = (RoomRow.id == wanted.room_id) & (RoomRow.push_due_at == wanted.due_at)
    if not RoomRow.update(push_due_at=channel.created_at + claim).where(where).execute(db):
        return False
    values = {name: getattr(channel, name) for name in _FIELDS if name != "room_id"}
    ChannelRow.insert(**values, room=channel.room_id, due_at=channel.created_at).execute(db)
    return True


def opened(db: Database, channel: Channel, resource_id: str, renew_at: datetime, expires_at: datetime) -> None:
    """Write down what the source made of a channel; the room may have another whenever it needs one."""
    changes = {"resource_id": resource_id, "renew_at": renew_at, "expires_at": expires_at}
    ChannelRow.update(**changes).where(ChannelRow.id == channel.id).execute(db)
    RoomRow.update(push_due_at=channel.created_at).where(RoomRow.id == channel.room_id).execute(db)


def refused(db: Database, room_id: int, reason: str, now: datetime, again_at: datetime) -> str:
    """Remember why a room's changes are not announced, and when to ask again; its slug if the reason is new."""
    row = RoomRow.select(RoomRow.slug, RoomRow.push_refusal).where(RoomRow.id == room_id).tuples().first(db)
    changes = {"push_refusal": reason, "push_refused_at": now, "push_due_at": again_at}
    RoomRow.update(**changes).where(RoomRow.id == room_id).execute(db)
    return str(row[0]) if row and row[1] != reason else ""


def postpone(db: Database, room_id: int, again_at: datetime) -> None:
    """Ask for a room's channel again at that time."""
    RoomRow.update(push_due_at=again_at).where(RoomRow.id == room_id).execute(db)


def verified(db: Database, channel: Channel, resource_id: str, now: datetime) -> None:
    """Trust a channel whose first message has come; those that it replaces are to be stopped."""
    changes = {"verified_at": now} | ({} if channel.resource_id else {"resource_id": resource_id or None})
    ChannelRow.update(**changes).where(ChannelRow.id == channel.id).execute(db)
    older = (ChannelRow.room == channel.room_id) & (ChannelRow.created_at < channel.created_at)
    ChannelRow.update(stopping=True).where(older).execute(db)
    RoomRow.update(push_refusal="", push_refused_at=None).where(RoomRow.id == channel.room_id).execute(db)


def find(db: Database, channel_id: str) -> Channel | None:
    """Return a channel by its id."""
    return _first(db, ChannelRow.id == channel_id)


def unheard(db: Database, before: datetime) -> Channel | None:
    """Return a channel begun before that time whose first message has not come."""
    return _first(db, ChannelRow.verified_at.is_null() & ~ChannelRow.stopping & (ChannelRow.created_at <= before))


def ending(db: Database, now: datetime) -> Channel | None:
    """Return a channel that is to be stopped now, or that has ended by itself."""
    return _first(db, (ChannelRow.stopping & (ChannelRow.due_at <= now)) | (ChannelRow.expires_at <= now))


def stop(db: Database, channel_id: str, due_at: datetime) -> None:
    """Have a channel stopped at that time."""
    ChannelRow.update(stopping=True, due_at=due_at).where(ChannelRow.id == channel_id).execute(db)


def forget(db: Database, channel_id: str) -> None:
    """Drop a channel that has ended or was never opened."""
    ChannelRow.delete().where(ChannelRow.id == channel_id).execute(db)


def _live(now: datetime) -> Any:
    query = ChannelRow.select(ChannelRow.room).join(RoomRow)
    return query.where(
        ChannelRow.verified_at.is_null(False)
        & ~ChannelRow.stopping
        & (ChannelRow.expires_at > now)
        & (ChannelRow.calendar_id == RoomRow.calendar_id)
    )


def _state(wished: bool, announced: bool, refusal: str) -> str:
    if not wished:
        return "off"
    return "live" if announced else ("refused" if refusal else "")


def _first(db: Database, where: object) -> Channel | None:
    columns = [getattr(ChannelRow, "room" if name == "room_id" else name) for name in _FIELDS]
    row = ChannelRow.select(*columns).where(where).order_by(ChannelRow.created_at).tuples().first(db)
    return Channel(*row) if row else None


_FIELDS = tuple(Channel.__slots__)
