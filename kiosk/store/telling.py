"""What a hub tells those that follow it: facts of rooms, what hangs beside them, and bookings as far as all may read.

A follower is a machine on a wall. It is told what its screen shows, and what it must know to go on by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import Database

from kiosk.errors import NotFound
from kiosk.schedule import policy, privacy
from kiosk.schedule.availability import CALENDAR_ADDRESSES, HOLD, occupies
from kiosk.schedule.model import Booking, Event, Person, Policy, Room
from kiosk.schedule.notice import Notice
from kiosk.store import (
    beside,
    boards,
    diary,
    events,
    facts,
    forgetting,
    journal,
    look,
    mirror,
    notices,
    plans,
    rooms,
    tokens,
)
from kiosk.store import policies as written
from kiosk.store.beside import EXEMPT, NOBODY, SOMEBODY
from kiosk.store.models import milliseconds
from kiosk.store.plain import rows
from kiosk.store.rooms import StoredRoom

# Counts how often this database was restored.
EPOCH = "epoch"
PLACED = "SELECT plan_id, room_id, element, length(outline), x, y FROM place ORDER BY plan_id, room_id"


@dataclass(frozen=True, slots=True)
class Truth:
    """A room's bookings as its follower may know them; `as_of`: when they were known to be true, None for never."""

    events: list[Event]
    beside: dict[str, Any]
    as_of: datetime | None
    known: bool


def truth(db: Database, stored: StoredRoom, start: datetime, end: datetime, now: datetime) -> Truth:
    """Return what a follower is told of a room's bookings that overlap [start, end)."""
    found = diary.named(db, [one for one in events.between(db, stored.id, start, end) if occupies(one)])
    here = {one.id for one in found}
    held = [one for one in journal.holds(db, stored.id, start, end) if one.id not in here]
    rule = stored.room.policy
    told = [_masked(one, rule) for one in (*found, *map(_waiting, held))]
    also = beside.of_room(db, stored.id, start, end, now, rule.shows)
    return Truth(told, also, as_of(db, stored, now), diary.is_known(db, stored))


def one_of(db: Database, room_id: int, event_id: str) -> Event | None:
    """Return one booking of a room as a follower may know it, None where it does not take the room."""
    stored = rooms.by_id(db, room_id)
    made = journal.booking_in(db, stored.id, event_id)
    found = events.find(db, stored.id, event_id)
    if found is None and made and made.state == "held":
        held = journal.holds(db, stored.id, made.start, made.end)
        found = next((_waiting(one) for one in held if one.id == event_id), None)
    named = diary.named(db, [found]) if found and occupies(found) else []
    return _masked(named[0], stored.room.policy) if named else None


def state(db: Database, stored: StoredRoom) -> str:
    """Return what names the present state of a room; after a restore it is another one, whatever the numbers say."""
    return f"{facts.read(db, EPOCH) or 0}.{stored.revision}"


def states(db: Database, shown: Collection[StoredRoom], now: datetime) -> dict[int, tuple[str, datetime | None]]:
    """Return by number what names the state of rooms, and when each was known to be true."""
    known = {one.room_id: one for one in mirror.everything(db)}
    epoch = facts.read(db, EPOCH) or 0
    return {one.id: (f"{epoch}.{one.revision}", diary.as_of(one, known.get(one.id), now)) for one in shown}


def as_of(db: Database, stored: StoredRoom, now: datetime) -> datetime | None:
    """Return when a room's bookings were last known to be true."""
    return diary.as_of(stored, mirror.progress(db, stored.id), now)


def sheet(
    db: Database, display: str, slug: str, shown: Collection[StoredRoom], hears: Collection[str], now: datetime
) -> dict[str, Any]:
    """Return everything else that a screen of these rooms needs, as JSON; it says nothing of bookings."""
    theme = written.organisation(db).get("theme")
    heard = [one for one in notices.coming(db, now) if one.target.key in hears]
    return {
        "rooms": [_facts(one) for one in sorted(shown, key=lambda one: one.id)],
        "notices": [_notice(one) for one in heard],
        "look": [facts.read(db, look.LOOK) or "", look.version(db)],
        "theme": theme or "",
        "forget_after_days": forgetting.after_days(db),
        "board": _board(db, slug) if display == "lobby" else None,
        "plans": _plans(db, slug) if display == "floor" else [],
    }


def revisions(db: Database) -> dict[int, int]:
    """Return a number for each room that grows with every change of it."""
    return dict(rows(db, "SELECT id, revision FROM room"))


def beside_rooms(db: Database, now: datetime) -> str:
    """Return what names everything that is told beside rooms; it differs when one of it may have changed."""
    hung = [notices.coming(db, now), boards.every(db), plans.every(db), rows(db, PLACED)]
    plain = [look.version(db), written.organisation(db).get("theme"), tokens.endings(db), forgetting.after_days(db)]
    return hashlib.sha256(repr([hung, plain]).encode()).hexdigest()


def digest(sheet: Any) -> str:
    """Return what names something that is told."""
    return hashlib.sha256(json.dumps(sheet, sort_keys=True).encode()).hexdigest()[:24]


def _facts(stored: StoredRoom) -> dict[str, Any]:
    room = stored.room
    plain = {name: getattr(room, name) for name in ("slug", "name", "building", "floor", "capacity")}
    lists = {"equipment": list(room.equipment), "reported": list(room.reported)}
    return {"id": stored.id, **plain, **lists, "zone": room.zone.key, "policy": _words(room)}


def _words(room: Room) -> dict[str, str]:
    """Return a room's policy in words, without anybody's address."""
    exempt = (EXEMPT,) if room.policy.exempt_people else ()
    return policy.write(replace(room.policy, problems_to=(), exempt_people=exempt))


def _notice(one: Notice) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("id", "kind", "level", "title", "text")}
    span = {"start": milliseconds(one.start), "end": milliseconds(one.end) if one.end else None}
    return {**plain, **span, "place": one.target.where, "value": one.target.value}


def _board(db: Database, slug: str) -> dict[str, Any] | None:
    try:
        found = boards.find(db, slug)
    except NotFound:
        return None
    return {name: getattr(found, name) for name in boards.Board.__slots__}


def _plans(db: Database, slug: str) -> list[dict[str, Any]]:
    """Return the plans of a plan's building, with where their rooms are; their files are fetched one by one."""
    try:
        own = plans.find(db, slug)
    except NotFound:
        return []
    return [_plan(db, one) for one in plans.of_building(db, own)]


def _plan(db: Database, one: plans.Plan) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in plans.Plan.__slots__ if name != "id"}
    places = [{name: getattr(place, name) for name in plans.Place.__slots__} for place in plans.places(db, one)]
    return {**plain, "places": places}


def _waiting(hold: Booking) -> Event:
    """Return a booking that Google does not have yet as an event."""
    organizer = Person(hold.person) if hold.person else None
    return Event(
        hold.id, hold.start, hold.end, hold.title, kind=HOLD, organizer=organizer, organized_by_room=not organizer
    )


def _masked(event: Event, rule: Policy) -> Event:
    """Return an event without what its follower need not know, and without what the room's level hides."""
    parts = privacy.PARTS[rule.shows] if not event.private else frozenset()
    return replace(
        event,
        title=event.title if "title" in parts else "",
        private=event.private and bool(privacy.PARTS[rule.shows]),
        organizer=_somebody(event, rule, "owner" in parts),
        attendees=0,
        etag="",
        ical_uid="",
        created=None,
    )


def _somebody(event: Event, rule: Policy, named: bool) -> Person | None:
    if event.organizer is None:
        return None
    name, email = event.organizer.name, event.organizer.email.lower()
    if email.endswith(CALENDAR_ADDRESSES):
        return Person(NOBODY, name if named else "")
    alias = EXEMPT if email in rule.exempt_people else SOMEBODY
    return Person(alias, (name or event.organizer.email) if named else "")
