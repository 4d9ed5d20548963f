"""Erasing one person: what is over loses them, in parts that are committed one by one, so that no tap waits for all.

A part that was cut short is finished by doing it all again: whatever tells which rows are theirs goes last.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Database, Expression, fn

from kiosk.errors import UsageError
from kiosk.store import accounts, history, journal, names, policies, sessions, stays
from kiosk.store.database import Store
from kiosk.store.machines import DeviceRow, ErrandRow, PairingRow
from kiosk.store.models import ActRow, AttendanceRow, CommandRow, EventRow, PinRow
from kiosk.store.names import KINDS, Forgotten
from kiosk.store.office import DeliveryRow, HookRow, ProblemRow, RequestRow
from kiosk.store.past import StayRow
from kiosk.store.told import NoticeRow

# Between two parts whoever waits to write gets a turn, in another process too, which only looks now and then.
PAUSE_SECONDS = 0.02
# What a mail about a service says of who asked for it and who answered.
PERSONAL = ("asked_by", "answered_by", "by", "note", "answer")


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of rows: `find` returns their keys and keeps nobody waiting, `forget` takes the names out of some."""

    find: Callable[[Database], Sequence[Any]]
    forget: Callable[[Database, Sequence[Any]], Forgotten]


def erase(store: Store, email: str, now: datetime) -> Forgotten:
    """Take a person out of everything that is over, with their PIN and sessions. Raises UsageError.

    What is still to come is the calendar's, and stays; so does an account, which is removed by itself.
    """
    person = email.strip().lower()
    if not accounts.ADDRESS.fullmatch(person):
        raise UsageError(f"{email!r} is not a person's address, such as anna@example.org.")
    store.write(_leave, person)
    total, pause = Forgotten(), threading.Event()
    for step in _steps(person, now):
        for part in _parts(store.report(step.find)):
            total += store.write(step.forget, part)
            pause.wait(PAUSE_SECONDS)
    return total


def upcoming(db: Database, email: str, now: datetime) -> int:
    """Return how many bookings of a person are still to come or under way: those are the calendar's."""
    where = (EventRow.end > now) & _organizes(email.strip().lower())
    return int(EventRow.select(EventRow.event_id).where(where).distinct().count(db))


def said_of(done: Forgotten, upcoming: int) -> str:
    """Return the sentences about what was forgotten of a person and what was not."""
    parts = {
        "past bookings": done.events + done.commands,
        "check-ins": done.check_ins,
        "acts": done.acts,
        "requests for services": done.requests,
        "messages": done.messages,
        "policies": done.policies,
        "reported problems": done.problems,
        "bookings in the history": done.stays,
        "notices": done.notices,
        "devices and what they were asked": done.devices,
    }
    found = ", ".join(f"{name} {number}" for name, number in parts.items() if number)
    said = f"Forgotten: {found}." if found else "Nothing that is over names this person."
    still = f" {upcoming} of their bookings are still to come: those are cancelled or changed in Google Calendar."
    return said + (still if upcoming else "")


def _leave(db: Database, person: str) -> None:
    PinRow.delete().where(PinRow.email == person).execute(db)
    sessions.close_all(db, person)
    PairingRow.update(by="").where(PairingRow.by == person).execute(db)
    HookRow.update(said="").where(HookRow.said.contains(person)).execute(db)


def _steps(person: str, now: datetime) -> tuple[Step, ...]:
    """Return what is to be done, what names the bookings as theirs last."""
    actors = [f"{kind}:{person}" for kind in KINDS]
    past, theirs = _past(now), _theirs(person)
    asked = (RequestRow.start <= now) & (RequestRow.by == person)
    return (
        _check_ins(lambda db: _titles(db, person, now)),
        _kind(CommandRow.id, "commands", names.command_titles, lambda db: _others(db, person, now)),
        _check_ins(lambda db: _pairs(db, (AttendanceRow.end <= now) & AttendanceRow.by.in_(actors))),
        _rows(ActRow.id, ActRow.actor.in_((person, *actors)), "acts", names.acts),
        _kind(ActRow.id, "acts", names.details, lambda db: _told(db, person)),
        _rows(RequestRow.id, asked, "requests", names.requests),
        _rows(RequestRow.id, RequestRow.answered_by == person, "requests", names.answers),
        _rows(ProblemRow.id, ProblemRow.by == person, "problems", names.problems),
        _rows(
            NoticeRow.id, (NoticeRow.created_by == person) | (NoticeRow.ended_by == person), "notices", names.writers
        ),
        _rows(DeviceRow.id, DeviceRow.created_by.in_((person, *actors)), "devices", names.devices),
        _rows(ErrandRow.id, ErrandRow.by.in_((person, *actors)), "devices", names.errands),
        Step(lambda db: _naming(db, person), lambda db, ids: Forgotten(messages=_unsay(db, person, ids))),
        Step(lambda db: policies.exempting(db, person), lambda db, found: _exempt_no_longer(db, person, found)),
        _kind(StayRow.id, "stays", stays.forget, lambda db: history.of_person(db, person, _bookings(db, person, now))),
        _rows(CommandRow.id, past & theirs, "commands", names.commands),
        _rows(EventRow.id, (EventRow.end <= now) & _organizes(person), "events", names.events),
    )


def _rows(key: Any, where: Expression, name: str, forget: Callable[[Database, Expression], int]) -> Step:
    """Return the step for rows that a condition finds; it is asked again, for a row may have changed meanwhile."""
    return Step(
        lambda db: _column(key.model.select(key).where(where), db),
        lambda db, part: Forgotten(**{name: forget(db, where & key.in_(part))}),
    )


def _kind(
    key: Any, name: str, forget: Callable[[Database, Expression], int], find: Callable[[Database], Sequence[Any]]
) -> Step:
    return Step(find, lambda db, part: Forgotten(**{name: forget(db, key.in_(part))}))


def _check_ins(find: Callable[[Database], Sequence[tuple[int, str]]]) -> Step:
    return Step(find, lambda db, part: Forgotten(check_ins=sum(names.check_ins(db, _place(*one)) for one in part)))


def _past(now: datetime) -> Expression:
    return (CommandRow.end <= now) & CommandRow.state.not_in(journal.OPEN)


def _theirs(person: str) -> Expression:
    return (CommandRow.person == person) | CommandRow.actor.in_([f"{kind}:{person}" for kind in KINDS])


def _organizes(person: str) -> Expression:
    return fn.LOWER(EventRow.organizer_email) == person


def _place(room_id: int, event_id: str) -> Expression:
    return (AttendanceRow.room == room_id) & (AttendanceRow.event_id == event_id)


def _bookings(db: Database, person: str, now: datetime) -> list[str]:
    """Return the ids of a person's bookings, those that others have acted on among them."""
    made = (CommandRow.kind == "book") & CommandRow.actor.in_([f"{kind}:{person}" for kind in KINDS])
    booked = CommandRow.select(CommandRow.event_id).where(_past(now) & ((CommandRow.person == person) | made))
    organized = EventRow.select(EventRow.event_id).where(_organizes(person))
    return sorted({*_column(booked, db), *_column(organized, db)})


def _titles(db: Database, person: str, now: datetime) -> list[tuple[int, str]]:
    """Return the check-ins that still tell the titles of a person's bookings."""
    titled = (AttendanceRow.end <= now) & (AttendanceRow.title != "")
    parts = _parts(_bookings(db, person, now))
    return [pair for part in parts for pair in _pairs(db, titled & AttendanceRow.event_id.in_(part))]


def _others(db: Database, person: str, now: datetime) -> list[str]:
    """Return the commands of others that still tell the titles of a person's bookings."""
    titled = _past(now) & ~_theirs(person) & (CommandRow.title != "")
    query = CommandRow.select(CommandRow.id)
    parts = _parts(_bookings(db, person, now))
    return [one for part in parts for one in _column(query.where(titled & CommandRow.event_id.in_(part)), db)]


def _told(db: Database, person: str) -> list[int]:
    return names.telling(db, ActRow.detail.contains(person), lambda text: names.in_json(text, person))


def _naming(db: Database, person: str) -> list[str]:
    """Return the messages to a person, and those that name one or were answered with their address."""
    suspects = DeliveryRow.body.contains(person) | DeliveryRow.said.contains(person)
    query = DeliveryRow.select(DeliveryRow.id, DeliveryRow.target, DeliveryRow.body, DeliveryRow.said)
    return [
        number
        for number, target, body, said in query.where(suspects | (DeliveryRow.target == person)).tuples().execute(db)
        if target == person or names.in_json(body, person) or names.in_text(said, person)
    ]


def _unsay(db: Database, person: str, ids: Sequence[str]) -> int:
    """Delete messages to a person and those that are settled; what others are still to hear goes without the name."""
    mine = DeliveryRow.id.in_(ids)
    to_go = mine & ((DeliveryRow.target == person) | (DeliveryRow.state != "waiting"))
    done = names.messages(db, to_go)
    for number, body in DeliveryRow.select(DeliveryRow.id, DeliveryRow.body).where(mine).tuples().execute(db):
        text = json.dumps(_without(json.loads(body), person), ensure_ascii=False)
        done += int(DeliveryRow.update(body=text, said="").where(DeliveryRow.id == number).execute(db))
    return done


def _without(value: Any, person: str) -> Any:
    """Return what a message tells without a person: a mail that names them says no word of theirs either."""
    if isinstance(value, dict):
        if names.in_text(f"{value.get('asked_by')} {value.get('answered_by')}", person):
            value = {**value, **{name: "" for name in PERSONAL if name in value}}
        return {name: _without(one, person) for name, one in value.items()}
    return "" if isinstance(value, str) and names.in_text(value, person) else value


def _exempt_no_longer(db: Database, person: str, found: Sequence[policies.Whose]) -> Forgotten:
    for whose in found:
        policies.stop_exempting(db, whose, person)
    return Forgotten(policies=len(found))


def _pairs(db: Database, where: Expression) -> list[tuple[int, str]]:
    query = AttendanceRow.select(AttendanceRow.room, AttendanceRow.event_id).where(where)
    return list(query.tuples().execute(db))


def _column(query: Any, db: Database) -> list[Any]:
    return [row[0] for row in query.tuples().execute(db)]


def _parts(keys: Iterable[Any]) -> Iterator[list[Any]]:
    every = list(keys)
    for first in range(0, len(every), names.CHUNK):
        yield every[first : first + names.CHUNK]
