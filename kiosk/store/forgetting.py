"""Forgetting whom past bookings were for: names and titles go, what was used and how often stays countable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from peewee import Database, Expression, fn

from kiosk.errors import UsageError
from kiosk.schedule.availability import CALENDAR_ADDRESSES
from kiosk.store import accounts, facts, journal, revisions, sessions
from kiosk.store.models import ActRow, AttendanceRow, CommandRow, EventRow, PinRow
from kiosk.store.office import DeliveryRow, ProblemRow, RequestRow

AFTER_DAYS = "forget_after_days"
LAST = "forgot_at"
MOST_DAYS = 3650
CHUNK = 2000
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
    problems: int = 0

    def __add__(self, other: Forgotten) -> Forgotten:
        """Return both together."""
        return Forgotten(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def total(self) -> int:
        """How many rows in all."""
        return sum(getattr(self, one.name) for one in fields(self))


def after_days(db: Database) -> int:
    """Return after how many days names are forgotten, 0 for never."""
    return int(facts.read(db, AFTER_DAYS) or 0)


def set_after_days(db: Database, days: int) -> None:
    """Say after how many days names are forgotten, 0 for never. Raises UsageError."""
    if not 0 <= days <= MOST_DAYS:
        raise UsageError(f"Names are forgotten after 1 to {MOST_DAYS} days, or never (0).")
    facts.write(db, AFTER_DAYS, str(days))
    facts.forget(db, LAST)


def last(db: Database) -> datetime | None:
    """Return when past bookings were looked through last."""
    return facts.read_instant(db, LAST)


def note(db: Database, now: datetime) -> None:
    """Write down that past bookings have been looked through."""
    facts.write_instant(db, LAST, now)


def forget_before(db: Database, before: datetime) -> Forgotten:
    """Take names and titles out of some of what was over before an instant; nothing is left when none are counted."""
    old_command = (CommandRow.end < before) & CommandRow.state.not_in(journal.OPEN)
    old_message = (DeliveryRow.created_at < before) & (DeliveryRow.way == "mail") & (DeliveryRow.state != "waiting")
    old_request = (RequestRow.start < before) & _named(RequestRow.by, RequestRow.answered_by)
    return Forgotten(
        events=_events(db, (EventRow.end < before) & _named(EventRow.title, EventRow.organizer_email)),
        commands=_commands(db, old_command & _named(CommandRow.title, CommandRow.person, CommandRow.request)),
        check_ins=_check_ins(db, (AttendanceRow.end < before) & _named(AttendanceRow.title, AttendanceRow.by)),
        acts=_acts(db, (ActRow.at < before) & (ActRow.actor.not_in(NAMELESS) | _named(ActRow.place)))
        + _old_details(db, before),
        requests=_requests(db, old_request),
        messages=_messages(db, old_message),
        problems=_problems(db, (ProblemRow.reported_at < before) & _named(ProblemRow.by, ProblemRow.place)),
    )


def erase(db: Database, email: str, now: datetime) -> Forgotten:
    """Take a person out of everything that is over, with their PIN and sessions. Raises UsageError.

    What is still to come is the calendar's, and stays; so does an account, which is removed by itself.
    """
    person = email.strip().lower()
    if not accounts.ADDRESS.fullmatch(person):
        raise UsageError(f"{email!r} is not a person's address, such as anna@example.org.")
    PinRow.delete().where(PinRow.email == person).execute(db)
    sessions.close_all(db, person)
    actor = ActRow.actor.in_((person, *(f"{kind}:{person}" for kind in KINDS)))
    said_by = AttendanceRow.by.in_([f"{kind}:{person}" for kind in KINDS])
    theirs = _of_person(person)
    past = (CommandRow.end <= now) & CommandRow.state.not_in(journal.OPEN)
    ids = {row[0] for row in CommandRow.select(CommandRow.event_id).where(past & theirs).tuples().execute(db)}
    ids |= {row[0] for row in EventRow.select(EventRow.event_id).where(_organizes(person)).tuples().execute(db)}
    return _all(
        lambda: Forgotten(events=_events(db, (EventRow.end <= now) & _organizes(person))),
        lambda: Forgotten(commands=_commands(db, past & theirs)),
        lambda: Forgotten(check_ins=_check_ins(db, (AttendanceRow.end <= now) & said_by)),
        lambda: Forgotten(check_ins=_titles(db, ids, now)),
        lambda: Forgotten(acts=_acts(db, actor)),
        lambda: Forgotten(acts=_details(db, person)),
        lambda: Forgotten(requests=_requests(db, (RequestRow.start <= now) & (RequestRow.by == person))),
        lambda: Forgotten(requests=_answers(db, person)),
        lambda: Forgotten(messages=_messages(db, _naming(db, person))),
        lambda: Forgotten(problems=_problems(db, ProblemRow.by == person)),
    )


def upcoming(db: Database, email: str, now: datetime) -> int:
    """Return how many bookings of a person are still to come or under way: those are the calendar's."""
    where = (EventRow.end > now) & _organizes(email.strip().lower())
    return int(EventRow.select(EventRow.event_id).where(where).distinct().count(db))


def _all(*steps: Callable[[], Forgotten]) -> Forgotten:
    """Repeat each step, which does a part at a time, until nothing is left of it."""
    total = Forgotten()
    for step in steps:
        while (done := step()).total:
            total += done
    return total


def _named(*columns: Any) -> Expression:
    """Match rows of which a column says anything."""
    said = [column.is_null(False) & (column != "") for column in columns]
    found: Expression = reduce(or_, said)
    return found


def _organizes(person: str) -> Expression:
    return fn.LOWER(EventRow.organizer_email) == person


def _of_person(person: str) -> Expression:
    actors = [f"{kind}:{person}" for kind in KINDS]
    return (CommandRow.person == person) | CommandRow.actor.in_(actors)


def _events(db: Database, where: Expression) -> int:
    nobody = {"title": "", "organizer_email": None, "organizer_name": ""}
    found = list(EventRow.select(EventRow.id, EventRow.room).where(where).limit(CHUNK).tuples().execute(db))
    for room_id in {row[1] for row in found}:
        revisions.touch(db, room_id)
    return _update(db, EventRow.update(**nobody), EventRow.id, (row[0] for row in found))


def _commands(db: Database, where: Expression) -> int:
    found = list(CommandRow.select(CommandRow.id, CommandRow.actor).where(where).limit(CHUNK).tuples().execute(db))
    for kind in KINDS:
        mine = [number for number, actor in found if actor.partition(":")[0] == kind]
        _update(db, CommandRow.update(actor=kind), CommandRow.id, mine)
    nobody = {"title": "", "person": "", "request": "", "place": ""}
    return _update(db, CommandRow.update(**nobody), CommandRow.id, (row[0] for row in found))


def _check_ins(db: Database, where: Expression) -> int:
    columns = (AttendanceRow.room, AttendanceRow.event_id)
    found = list(AttendanceRow.select(*columns).where(where).limit(CHUNK).tuples().execute(db))
    for room_id, event_id in found:
        one = (AttendanceRow.room == room_id) & (AttendanceRow.event_id == event_id)
        AttendanceRow.update(title="", by="").where(one).execute(db)
    return len(found)


def _titles(db: Database, event_ids: Iterable[str], now: datetime) -> int:
    """Take the titles of these bookings out of their check-ins."""
    ids = sorted(event_ids)
    parts = [ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK)]
    titled = (AttendanceRow.end <= now) & (AttendanceRow.title != "")
    return sum(_check_ins(db, titled & AttendanceRow.event_id.in_(part)) for part in parts)


def _acts(db: Database, where: Expression) -> int:
    found = list(ActRow.select(ActRow.id, ActRow.actor).where(where).limit(CHUNK).tuples().execute(db))
    for actor in {row[1] for row in found}:
        mine = [number for number, whose in found if whose == actor]
        _update(db, ActRow.update(actor=nameless(actor), place=""), ActRow.id, mine)
    return len(found)


def nameless(actor: str) -> str:
    """Return what an actor is called once their name is forgotten."""
    kind = actor.partition(":")[0]
    return kind if kind in NAMELESS else SOMEBODY


def _details(db: Database, person: str) -> int:
    """Empty what acts tell beside, where it names a person."""
    return _empty(db, ActRow.detail.contains(person), lambda text: _names(text, person))


def _old_details(db: Database, before: datetime) -> int:
    """Empty what old acts tell beside, where it names any person."""
    return _empty(db, (ActRow.at < before) & ActRow.detail.contains("@"), _names_somebody)


def _empty(db: Database, where: Expression, told: Callable[[str], bool]) -> int:
    rows = ActRow.select(ActRow.id, ActRow.detail).where(where).tuples().execute(db)
    return _update(db, ActRow.update(detail="{}"), ActRow.id, [number for number, text in rows if told(text)])


def _requests(db: Database, where: Expression) -> int:
    found = [row[0] for row in RequestRow.select(RequestRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    nobody = {"by": "", "note": "", "answered_by": "", "answer": ""}
    return _update(db, RequestRow.update(**nobody), RequestRow.id, found)


def _problems(db: Database, where: Expression) -> int:
    found = [row[0] for row in ProblemRow.select(ProblemRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    return _update(db, ProblemRow.update(by="", place="", note=""), ProblemRow.id, found)


def _answers(db: Database, person: str) -> int:
    where = RequestRow.answered_by == person
    return int(RequestRow.update(answered_by="", answer="").where(where).execute(db))


def _messages(db: Database, where: Expression) -> int:
    found = [row[0] for row in DeliveryRow.select(DeliveryRow.id).where(where).limit(CHUNK).tuples().execute(db)]
    for first in range(0, len(found), 500):
        DeliveryRow.delete().where(DeliveryRow.id.in_(found[first : first + 500])).execute(db)
    return len(found)


def _naming(db: Database, person: str) -> Expression:
    """Match messages to a person, and those about one that do not wait to be sent any more."""
    settled = DeliveryRow.state != "waiting"
    rows = DeliveryRow.select(DeliveryRow.id, DeliveryRow.body).where(settled & DeliveryRow.body.contains(person))
    about = [number for number, text in rows.tuples().execute(db) if _names(text, person)]
    return (DeliveryRow.target == person) | DeliveryRow.id.in_(about)


def _names(text: str, person: str) -> bool:
    """Tell whether a text has that very address, not one that merely ends alike."""
    plain = json.dumps(json.loads(text), ensure_ascii=False).lower()
    return re.search(rf"(?<![\w.+-]){re.escape(person)}(?![\w.-])", plain) is not None


def _names_somebody(text: str) -> bool:
    """Tell whether a text has an address of a person, and not only those of calendars."""
    return any(not one.endswith(CALENDAR_ADDRESSES) for one in re.findall(r"[\w.+-]+@[\w.-]+", text))


def _update(db: Database, query: Any, key: Any, ids: Iterable[Any]) -> int:
    every = list(ids)
    for first in range(0, len(every), 500):
        query.where(key.in_(every[first : first + 500])).execute(db)
    return len(every)


def said_of(done: Forgotten, upcoming: int) -> str:
    """Return the sentences about what was forgotten of a person and what was not."""
    parts = {
        "past bookings": done.events + done.commands,
        "check-ins": done.check_ins,
        "acts": done.acts,
        "requests for services": done.requests,
        "messages": done.messages,
    }
    found = ", ".join(f"{name} {number}" for name, number in parts.items() if number)
    said = f"Forgotten: {found}." if found else "Nothing that is over names this person."
    still = f" {upcoming} of their bookings are still to come: those are cancelled or changed in Google Calendar."
    return said + (still if upcoming else "")
