"""Taking names out of rows, some at a time; what was used, when and how often stays countable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import reduce
from operator import or_
from typing import Any

from peewee import Database, Expression

from kiosk.schedule.availability import CALENDAR_ADDRESSES
from kiosk.store import revisions
from kiosk.store.machines import DeviceRow, ErrandRow
from kiosk.store.models import ActRow, AttendanceRow, CommandRow, EventRow
from kiosk.store.office import DeliveryRow, ProblemRow, RequestRow
from kiosk.store.told import NoticeRow

# How many rows of a kind one transaction takes: a tap that comes meanwhile waits for no more.
CHUNK = 500
# Whom the log names instead: who it was is gone, what kind of asker it was stays.
SOMEBODY = "somebody"
KINDS = ("person", "admin")
NAMELESS = ("panel", "server", "console", "stranger", SOMEBODY, *KINDS)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each kind have lost their names."""

    events: int = 0
    commands: int = 0
    check_ins: int = 0
    acts: int = 0
    requests: int = 0
    messages: int = 0
    policies: int = 0
    problems: int = 0
    stays: int = 0
    notices: int = 0
    devices: int = 0

    def __add__(self, other: Forgotten) -> Forgotten:
        """Return both together."""
        return Forgotten(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def total(self) -> int:
        """How many rows in all."""
        return sum(getattr(self, one.name) for one in fields(self))


def said(*columns: Any) -> Expression:
    """Match rows of which a column says anything."""
    found: Expression = reduce(or_, [column.is_null(False) & (column != "") for column in columns])
    return found


def events(db: Database, where: Expression) -> int:
    """Take titles and organizers out of some events; return of how many."""
    nobody = {"title": "", "organizer_email": None, "organizer_name": ""}
    found = list(EventRow.select(EventRow.id, EventRow.room).where(where).limit(CHUNK).tuples().execute(db))
    for room_id in {row[1] for row in found}:
        revisions.touch(db, room_id)
    return _update(db, EventRow.update(**nobody), EventRow.id, (row[0] for row in found))


def commands(db: Database, where: Expression) -> int:
    """Take titles and people out of some commands; return of how many."""
    found = list(CommandRow.select(CommandRow.id, CommandRow.actor).where(where).limit(CHUNK).tuples().execute(db))
    for kind in KINDS:
        mine = [number for number, actor in found if actor.partition(":")[0] == kind]
        _update(db, CommandRow.update(actor=kind), CommandRow.id, mine)
    nobody = {"title": "", "person": "", "request": "", "place": ""}
    return _update(db, CommandRow.update(**nobody), CommandRow.id, (row[0] for row in found))


def command_titles(db: Database, where: Expression) -> int:
    """Take the titles out of some commands, whoever gave them; return of how many."""
    found = CommandRow.select(CommandRow.id).where(where).limit(CHUNK).tuples().execute(db)
    return _update(db, CommandRow.update(title="", request=""), CommandRow.id, (row[0] for row in found))


def check_ins(db: Database, where: Expression) -> int:
    """Take titles and people out of some check-ins; return of how many."""
    columns = (AttendanceRow.room, AttendanceRow.event_id)
    found = list(AttendanceRow.select(*columns).where(where).limit(CHUNK).tuples().execute(db))
    for room_id, event_id in found:
        one = (AttendanceRow.room == room_id) & (AttendanceRow.event_id == event_id)
        AttendanceRow.update(title="", by="").where(one).execute(db)
    return len(found)


def acts(db: Database, where: Expression) -> int:
    """Take who it was, and from where, out of some acts; return of how many."""
    found = list(ActRow.select(ActRow.id, ActRow.actor).where(where).limit(CHUNK).tuples().execute(db))
    for actor in {row[1] for row in found}:
        mine = [number for number, whose in found if whose == actor]
        _update(db, ActRow.update(actor=nameless(actor), place=""), ActRow.id, mine)
    return len(found)


def nameless(actor: str) -> str:
    """Return what an actor is called once their name is forgotten."""
    kind = actor.partition(":")[0]
    return kind if kind in NAMELESS else SOMEBODY


def telling(db: Database, where: Expression, told: Callable[[str], bool]) -> list[int]:
    """Return the numbers of acts whose detail tells something of that kind."""
    rows = ActRow.select(ActRow.id, ActRow.detail).where(where).tuples().execute(db)
    return [number for number, text in rows if told(text)]


def details(db: Database, where: Expression) -> int:
    """Empty what some acts tell beside; return of how many."""
    found = ActRow.select(ActRow.id).where(where).limit(CHUNK).tuples().execute(db)
    return _update(db, ActRow.update(detail="{}"), ActRow.id, (row[0] for row in found))


def requests(db: Database, where: Expression) -> int:
    """Take people and their words out of some requests for services; return of how many."""
    found = [row[0] for row in RequestRow.select(RequestRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    nobody = {"by": "", "note": "", "answered_by": "", "answer": ""}
    return _update(db, RequestRow.update(**nobody), RequestRow.id, found)


def answers(db: Database, where: Expression) -> int:
    """Take who answered, and in which words, out of some requests; return of how many."""
    found = [row[0] for row in RequestRow.select(RequestRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    return _update(db, RequestRow.update(answered_by="", answer=""), RequestRow.id, found)


def problems(db: Database, where: Expression) -> int:
    """Take who answered, in which words and from where it was said, out of some reports; return of how many."""
    found = [row[0] for row in ProblemRow.select(ProblemRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    return _update(db, ProblemRow.update(by="", place="", note=""), ProblemRow.id, found)


def notices(db: Database, where: Expression) -> int:
    """Delete some notices, which may name anybody; return how many."""
    found = [row[0] for row in NoticeRow.select(NoticeRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    NoticeRow.delete().where(NoticeRow.id.in_(found)).execute(db)
    return len(found)


def writers(db: Database, where: Expression) -> int:
    """Take who wrote and who ended them out of some notices; return of how many."""
    found = [row[0] for row in NoticeRow.select(NoticeRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    return _update(db, NoticeRow.update(created_by="", ended_by=""), NoticeRow.id, found)


def devices(db: Database, where: Expression) -> int:
    """Take who let them in out of some devices; return of how many."""
    found = [row[0] for row in DeviceRow.select(DeviceRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    return _update(db, DeviceRow.update(created_by=""), DeviceRow.id, found)


def errands(db: Database, where: Expression) -> int:
    """Take who asked, and from where, out of some of what devices were asked to do; return of how many."""
    found = [row[0] for row in ErrandRow.select(ErrandRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    return _update(db, ErrandRow.update(by="", place=""), ErrandRow.id, found)


def messages(db: Database, where: Expression) -> int:
    """Delete some messages; return how many."""
    found = [row[0] for row in DeliveryRow.select(DeliveryRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    DeliveryRow.delete().where(DeliveryRow.id.in_(found)).execute(db)
    return len(found)


def in_json(text: str, person: str) -> bool:
    """Tell whether stored JSON has that very address."""
    return any(in_text(one, person) for one in _strings(json.loads(text)))


def in_text(text: str, person: str) -> bool:
    """Tell whether a text has that very address, not one that merely ends alike."""
    return re.search(rf"(?<![\w.+-]){re.escape(person)}(?![\w.-]*\w)", text.lower()) is not None


def any_in(text: str) -> bool:
    """Tell whether a text has an address of a person, and not only those of calendars."""
    return any(not one.endswith(CALENDAR_ADDRESSES) for one in re.findall(r"[\w.+-]+@[\w.-]+", text))


def _strings(value: Any) -> Iterator[str]:
    """Return every text of a JSON value, names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        value = [*value.values()]
    for one in value if isinstance(value, list) else ():
        yield from _strings(one)


def _update(db: Database, query: Any, key: Any, ids: Iterable[Any]) -> int:
    every = list(ids)
    for first in range(0, len(every), 500):
        query.where(key.in_(every[first : first + 500])).execute(db)
    return len(every)
