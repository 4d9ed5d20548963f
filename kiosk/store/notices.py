"""Notices and emergencies: writing, ending, and what of them screens are to know; webhooks hear of both their ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.notice import BOARDS, BREAK, ORGANISATION, Kind, Level, Notice, Target
from kiosk.store import acts, deliveries, rooms
from kiosk.store.acts import Act
from kiosk.store.plain import rows
from kiosk.store.told import AckRow, NoticeRow

LEVELS: tuple[Level, ...] = ("info", "warning")
LONGEST_TITLE, LONGEST_TEXT = 80, 600
LONGEST = timedelta(days=400)
DOORS = ("door", "doors")
DISPLAYS = (*DOORS, "phone", *BOARDS)
# Screens know what is to come for so long, and show it on time without anybody.
AHEAD = timedelta(days=7)
MOST_ON_A_SCREEN = 20
MOST_LISTED = 100
FIELDS = ("title", "text", "level", "start", "end")


class Unusable(UsageError):
    """Something about a notice cannot be used; `field` names it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Reused(UsageError):
    """The key of a request came with another request before."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants told; an emergency begins at once, and ends when somebody ends it."""

    title: str
    text: str = ""
    kind: Kind = "notice"
    level: Level = "info"
    start: datetime | None = None
    end: datetime | None = None
    target: Target = ORGANISATION


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, from where and when; `key`: of their request, the same whenever it is repeated."""

    actor: str
    place: str
    at: datetime
    key: str = ""


def check(db: Database, draft: Draft, now: datetime) -> Draft:
    """Return a draft as it would be written. Raises Unusable with the field that cannot be used."""
    title, text = " ".join(draft.title.split()), draft.text.replace("\r\n", "\n").strip()
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Unusable("title", f"A notice has a title of 1 to {LONGEST_TITLE} characters.")
    if len(text) > LONGEST_TEXT:
        raise Unusable("text", f"The text takes {LONGEST_TEXT} characters at most.")
    if draft.level not in LEVELS:
        raise Unusable("level", "A notice is info or warning.")
    check_target(db, draft.target)
    start = now if draft.kind == "emergency" else draft.start or now
    _check_times(draft, start, now)
    return Draft(title, text, draft.kind, draft.level, start, draft.end, draft.target)


def check_target(db: Database, target: Target) -> None:
    """Raise Unusable unless there is such a building, floor, room, or kind of screen."""
    known = [one.room for one in rooms.every(db)]
    building, _, floor = target.value.partition(BREAK)
    display, _, slug = target.value.partition("/")
    found = {
        "organisation": True,
        "building": any(room.building == target.value for room in known),
        "floor": any((room.building, room.floor) == (building, floor) for room in known),
        "room": any(room.slug == target.value for room in known),
        "screen": display in DISPLAYS and bool(slug) and (display not in DOORS or _are_rooms(slug, known)),
    }
    if not found[target.where]:
        field = "floor" if target.where == "floor" else target.where
        raise Unusable(field, f"There is no {target.where} {target.value.replace(BREAK, ', ')!r} here.")


def _are_rooms(slugs: str, known: Collection[Any]) -> bool:
    """Tell whether a door's address names rooms: one, or several with a plus between them."""
    return {*slugs.split("+")} <= {room.slug for room in known}


def _check_times(draft: Draft, start: datetime, now: datetime) -> None:
    if draft.kind == "emergency" and (draft.start or draft.end):
        raise Unusable("end" if draft.end else "start", "An emergency begins at once, and ends when somebody ends it.")
    if draft.kind == "notice" and draft.end is None:
        raise Unusable("end", "Say until when the notice is to be seen.")
    if draft.end and draft.end <= max(start, now):
        raise Unusable("end", "The end must come after the start, and after now.")
    if start > now + LONGEST or (draft.end and draft.end > start + LONGEST):
        raise Unusable("end", f"A notice begins and ends within {LONGEST.days} days.")


def add(db: Database, draft: Draft, by: By) -> Notice:
    """Write a notice, or return the one that the same request made before. Raises Unusable, Reused."""
    request = repr(draft)
    row = NoticeRow.select().where(NoticeRow.key == by.key).first(db) if by.key else None
    if row is not None and row.request != request:
        raise Reused("This Idempotency-Key came with another request before: use a new one.")
    if row is not None:
        return _notice(row)
    good = check(db, draft, by.at)
    values = _columns(good) | {"kind": good.kind, "created_by": by.actor, "created_at": by.at}
    number = int(NoticeRow.insert(values | {"key": by.key or None, "request": request}).execute(db))
    made = find(db, number)
    _record(db, "start_emergency" if made.kind == "emergency" else "add_notice", made, by)
    tell_of(db, by.at)
    return made


def change(db: Database, number: int, draft: Draft, by: By) -> Notice:
    """Change a notice that is not over. Raises NotFound, Unusable, and UsageError when it is over."""
    before = find(db, number)
    if before.kind == "emergency" or before.is_over(by.at):
        raise UsageError("Only a notice that is not over can be changed.")
    good = check(db, draft, by.at)
    NoticeRow.update(_columns(good)).where(NoticeRow.id == number).execute(db)
    AckRow.delete().where(AckRow.notice == number).execute(db)
    after = find(db, number)
    changed = acts.difference(_said(before), _said(after))
    acts.record(db, Act(by.at, by.actor, by.place, "edit_notice", "", "", "done", "", {"notice": number, **changed}))
    tell_of(db, by.at)
    return after


def end(db: Database, number: int, by: By) -> Notice:
    """End a notice or an emergency now; one that is over stays as it is. Raises NotFound."""
    before = find(db, number)
    if before.is_over(by.at):
        return before
    changes = {"ended_at": by.at, "ended_by": by.actor}
    NoticeRow.update(changes).where(NoticeRow.id == number).execute(db)
    _record(db, f"end_{before.kind}", before, by)
    tell_of(db, by.at, by.actor)
    return find(db, number)


def find(db: Database, number: int) -> Notice:
    """Return one notice or emergency. Raises NotFound."""
    row = NoticeRow.select().where(NoticeRow.id == number).first(db)
    if row is None:
        raise NotFound(f"There is no notice {number}. `kiosk notices list` shows them all.")
    return _notice(row)


def coming(db: Database, now: datetime) -> list[Notice]:
    """Return what screens are to know now: emergencies first, then by start."""
    # Every screen that comes asks, and mostly there is nothing.
    if not rows(db, "SELECT 1 FROM notice WHERE ended_at IS NULL LIMIT 1"):
        return []
    alive = NoticeRow.ended_at.is_null() & (NoticeRow.end.is_null() | (NoticeRow.end > now))
    query = NoticeRow.select().where(alive & (NoticeRow.start <= now + AHEAD))
    found = [_notice(row) for row in query.order_by(NoticeRow.kind, NoticeRow.start, NoticeRow.id).execute(db)]
    return sorted(found, key=lambda one: one.kind != "emergency")


def emergencies(db: Database, now: datetime) -> list[Notice]:
    """Return the emergencies that are on, the newest first."""
    return [one for one in reversed(coming(db, now)) if one.kind == "emergency"]


def every(db: Database, now: datetime) -> list[Notice]:
    """Return all that run or come, then what is over, the newest first."""
    rows = NoticeRow.select().order_by(NoticeRow.start.desc(), NoticeRow.id.desc()).execute(db)
    found = [_notice(row) for row in rows]
    alive = [one for one in found if not one.is_over(now)]
    return alive[::-1] + [one for one in found if one.is_over(now)][:MOST_LISTED]


def is_any(db: Database) -> bool:
    """Tell whether something is on or comes, or has ended without webhooks having been told."""
    return bool(
        rows(db, "SELECT 1 FROM notice WHERE (ended_at IS NULL AND told <> 'ended') OR told = 'started' LIMIT 1")
    )


def is_news(db: Database, now: datetime) -> bool:
    """Tell whether something has begun or ended that webhooks have not been told."""
    return bool(_begun(now).exists(db) or _over(now).exists(db))


def tell_of(db: Database, now: datetime, by: str = "server") -> int:
    """Tell webhooks of everything that has begun or ended since; return how much that was."""
    begun = [_notice(row) for row in _begun(now).execute(db)]
    for one in begun:
        _announce(db, one, "started", by if by != "server" else one.created_by, now)
    over = [_notice(row) for row in _over(now).execute(db)]
    for one in over:
        _announce(db, one, "ended", one.ended_by or "server", now)
    return len(begun) + len(over)


def _begun(now: datetime) -> Any:
    return NoticeRow.select().where((NoticeRow.told == "") & (NoticeRow.start <= now) & NoticeRow.ended_at.is_null())


def _over(now: datetime) -> Any:
    ended = NoticeRow.ended_at.is_null(False) | (NoticeRow.end <= now)
    return NoticeRow.select().where((NoticeRow.told == "started") & ended)


def _announce(db: Database, one: Notice, what: str, by: str, now: datetime) -> None:
    NoticeRow.update(told=what).where(NoticeRow.id == one.id).execute(db)
    data = {"notice": one.id, **_said(one), "target": one.target.parts, "by": acts_kind(by)}
    deliveries.announce(db, f"{one.kind}.{what}", {**data, "start": clock.iso(one.start)}, now)


def acts_kind(actor: str) -> str:
    """Return what kind of actor somebody is: webhooks are told of no person."""
    kind = actor.partition(":")[0]
    return kind if kind in {"server", "admin", "console"} else "person"


def _record(db: Database, act: str, one: Notice, by: By) -> None:
    detail: dict[str, str | int] = {"notice": one.id, "title": one.title, "target": str(one.target)}
    acts.record(db, Act(by.at, by.actor, by.place, act, "", "", "done", "", detail))


def _said(one: Notice) -> Mapping[str, Any]:
    end = clock.iso(one.end) if one.end else None
    said = {"title": one.title, "text": one.text, "level": one.level, "start": clock.iso(one.start), "end": end}
    return said | {"target": str(one.target)}


def _columns(draft: Draft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in FIELDS}
    return values | {"place": draft.target.where, "value": draft.target.value}


def _notice(row: NoticeRow) -> Notice:
    target = Target(row.place, row.value)  # type: ignore[arg-type]
    values = {name: getattr(row, name) for name in Notice.__slots__ if name != "target"}
    return Notice(target=target, **values)
