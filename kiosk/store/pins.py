"""People's PINs: kept as slow hashes, and resting after wrong tries so that nobody can guess one at a panel.

A check takes about 50 ms (more on a small machine) and 64 MiB, so `check` does it in a real thread, one at a time.
Whoever has to divide it does `begin` in one short write, `verify` through `runtime.offload`, and `finish` in
another short write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database

from kiosk import runtime
from kiosk.errors import NotFound, TooSoon, UsageError
from kiosk.store import hashing, people
from kiosk.store.database import Store
from kiosk.store.models import PersonRow, PinRow

PIN = re.compile(r"[0-9]{4,8}")
TRIES = 5
FIRST_REST = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)


class PinResting(TooSoon):
    """After too many wrong tries no PIN of this person is looked at until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Too many wrong PINs: try again after {until:%H:%M} UTC.", until)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has a PIN; `name` is empty where the Directory does not give it.

    `has_left`: the Directory's people are known and this is none of them, so the PIN opens nothing.
    """

    email: str
    name: str
    resting_until: datetime | None
    has_left: bool


def check(store: Store, email: str, pin: str, now: datetime) -> bool:
    """Tell whether this is the person's PIN; it takes as long for somebody who has none. Raises PinResting."""
    with hashing.one_at_a_time:
        hashed = store.write(begin, email, now)
        right = runtime.offload(verify, hashed, pin)
    if right:
        store.write(finish, email)
    return right


def begin(db: Database, email: str, now: datetime) -> str:
    """Count a try as a wrong one before it is looked at, and return the hash to compare the PIN with.

    So a hundred tries at once are not more than the few that are allowed; `finish` forgives them. For somebody
    without a PIN, or who has left, the hash is one that no PIN fits. Raises PinResting.
    """
    person = email.strip().lower()
    row = PinRow.select().where(PinRow.email == person).first(db)
    if row is None or people.has_left(db, person):
        return hashing.DECOY
    # A rest longer than any was begun by a clock that has been put back since.
    if row.resting_until and now < row.resting_until <= now + LONGEST_REST:
        raise PinResting(row.resting_until)
    failures = row.failures + 1
    rest = hashing.rests_until(failures, now, TRIES, FIRST_REST, LONGEST_REST)
    changes = {"failures": failures, "resting_until": rest}
    PinRow.update(changes).where(PinRow.email == person).execute(db)
    return str(row.hash)


def verify(hashed: str, pin: str) -> bool:
    """Tell whether a PIN fits a hash; slow on purpose and without side effects, for a real thread."""
    return hashing.fits(hashed, pin)


def finish(db: Database, email: str) -> None:
    """Forgive the wrong tries of somebody who has just given the right PIN."""
    PinRow.update(failures=0, resting_until=None).where(PinRow.email == email.strip().lower()).execute(db)


def set_pin(store: Store, email: str, pin: str) -> None:
    """Give a person a PIN, or another one; wrong tries are forgiven.

    Raises UsageError when it is no PIN, or when the Directory's people are known and this is none of them.
    """
    with hashing.one_at_a_time:
        hashed = runtime.offload(hash_of, pin)
        store.write(keep, email, hashed)


def hash_of(pin: str) -> str:
    """Return the hash of a new PIN; as slow as `verify`. Raises UsageError unless it is 4 to 8 digits."""
    if not PIN.fullmatch(pin):
        raise UsageError("A PIN is 4 to 8 digits.")
    return hashing.hash_of(pin)


def keep(db: Database, email: str, hashed: str) -> None:
    """Keep the hash of a person's PIN; wrong tries are forgiven. Raises UsageError for an address nobody has."""
    person = email.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", person):
        raise UsageError(f"{email!r} is not a person's address, such as anna@example.org.")
    if people.has_left(db, person):
        raise UsageError(f"Nobody in the Directory has the address {person}.")
    values = {"hash": hashed, "failures": 0, "resting_until": None}
    PinRow.insert(email=person, **values).on_conflict(conflict_target=[PinRow.email], update=values).execute(db)


def remove(db: Database, email: str) -> None:
    """Take a person's PIN away. Raises NotFound."""
    if not PinRow.delete().where(PinRow.email == email.strip().lower()).execute(db):
        raise NotFound(f"{email} has no PIN. `kiosk people list` shows who has one.")


def drop_left(db: Database) -> None:
    """Take the PINs away of those who are known to have left: they open nothing, and are never to open anything."""
    for one in holders(db):
        if one.has_left:
            PinRow.delete().where(PinRow.email == one.email).execute(db)


def holders(db: Database) -> list[Holder]:
    """Return everybody who has a PIN, by address."""
    columns = (PinRow.email, PersonRow.name, PinRow.resting_until)
    known = people.read_at(db) is not None
    query = (
        PinRow.select(*columns).left_outer_join(PersonRow, on=PersonRow.email == PinRow.email).order_by(PinRow.email)
    )
    rows = query.tuples().execute(db)
    return [Holder(email, name or "", resting, known and name is None) for email, name, resting in rows]
