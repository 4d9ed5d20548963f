"""The people of the organisation by their addresses, as the Directory names them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from peewee import Database, Expression, fn

from kiosk.source import Member
from kiosk.store import facts, revisions
from kiosk.store.models import EventRow, PersonRow, PinRow

CHUNK = 400
READ_AT = "people_read_at"


def names(db: Database, emails: Collection[str]) -> dict[str, str] | None:
    """Return the names of those addresses that belong to the organisation; None when its people are not known.

    Addresses are in small letters.
    """
    if read_at(db) is None:
        return None
    query = PersonRow.select(PersonRow.email, PersonRow.name)
    return {
        email: name
        for chunk in _chunks(emails)
        for email, name in query.where(PersonRow.email.in_(chunk)).tuples().execute(db)
    }


def has_left(db: Database, email: str) -> bool:
    """Tell whether the organisation's people are known, and this is an address of none of them."""
    known = names(db, [email])
    return known is not None and email not in known


def search(db: Database, text: str, limit: int) -> list[tuple[str, str]]:
    """Return (address, name) of people who have a PIN and whose name or address the typed words begin, by name.

    Whoever has left the Directory is not found; where its people are not known, addresses stand for names.
    """
    words = text.split()
    if not words:
        return []
    name = fn.COALESCE(PersonRow.name, PinRow.email)
    query = PinRow.select(PinRow.email, name).left_outer_join(PersonRow, on=PersonRow.email == PinRow.email)
    if read_at(db) is not None:
        query = query.where(PersonRow.email.is_null(False))
    for word in words:
        query = query.where(_begins(word))
    return list(query.order_by(fn.LOWER(name), PinRow.email).limit(limit).tuples().execute(db))


def _begins(word: str) -> Expression:
    """Match people of whom a name, or the address, begins with a word, in large letters or small.

    Databases differ in what they know of letters beyond English, so the word is tried as people write it.
    """
    found = PinRow.email.startswith(word.lower())
    for form in {word, word.lower(), word.upper(), word.capitalize()}:
        found |= PersonRow.name.startswith(form)
        for before in (" ", "-"):
            found |= PersonRow.name.contains(f"{before}{form}")
    return found


def read_at(db: Database) -> datetime | None:
    """Return when the people were read last, None when they are not known."""
    return facts.read_instant(db, READ_AT)


def replace_all(db: Database, members: Sequence[Member], now: datetime) -> int:
    """Make these the people of the organisation; return how many addresses changed."""
    found = {address: one.name for one in members for address in one.addresses[1:]}
    found |= {one.addresses[0]: one.name for one in members}
    known = dict(PersonRow.select(PersonRow.email, PersonRow.name).tuples().execute(db))
    changed = {email: name for email, name in found.items() if known.get(email) != name}
    gone = known.keys() - found.keys()
    first = read_at(db) is None
    _write(db, changed, gone)
    facts.write_instant(db, READ_AT, now)
    _touch(db, None if first else changed.keys() | gone)
    return len(changed) + len(gone)


def forget(db: Database) -> None:
    """Know nobody again: organizers are shown as the calendars name them."""
    facts.forget(db, READ_AT)
    PersonRow.delete().execute(db)
    _touch(db, None)


def _write(db: Database, changed: dict[str, str], gone: Collection[str]) -> None:
    for chunk in _chunks(changed):
        rows = [(email, changed[email]) for email in chunk]
        insert = PersonRow.insert_many(rows, [PersonRow.email, PersonRow.name])
        insert.on_conflict(conflict_target=[PersonRow.email], preserve=[PersonRow.name]).execute(db)
    for chunk in _chunks(gone):
        PersonRow.delete().where(PersonRow.email.in_(chunk)).execute(db)


def _touch(db: Database, emails: Collection[str] | None) -> None:
    """Have the screens redrawn that may show one of these people; None means any."""
    organizer = fn.LOWER(EventRow.organizer_email)
    query = EventRow.select(EventRow.room).distinct()
    wheres = [organizer.is_null(False)] if emails is None else [organizer.in_(chunk) for chunk in _chunks(emails)]
    touched = {row[0] for where in wheres for row in query.where(where).tuples().execute(db)}
    for room_id in sorted(touched):
        revisions.touch(db, room_id)


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for first in range(0, len(ordered), CHUNK):
        yield ordered[first : first + CHUNK]
