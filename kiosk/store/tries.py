"""Wrong tries to sign in: after a few, an account or a network address rests for a while.

Names nobody has rest just as well, so that a rest tells nothing about who has an account.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import Database

from kiosk import runtime
from kiosk.errors import TooSoon
from kiosk.store import accounts, hashing
from kiosk.store.database import Store
from kiosk.store.office import TryRow
from kiosk.store.places import network
from kiosk.store.tokens import digest

# How many wrong tries an account, and an address from which many people may come, have before they rest.
ACCOUNT, PLACE = 5, 20
# Everybody types at the same panel: a right PIN makes up for a few wrong ones of others.
FORGIVEN = 5
# How often a phone that has scanned a door's code books without saying who it is, before it rests.
VISIT = 5
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=30)
FORGOTTEN = timedelta(days=1)


class Resting(TooSoon):
    """After too many wrong tries no password is looked at until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Too many wrong passwords. Please try again later.", until)


def check(store: Store, email: str, password: str, place: str, now: datetime) -> bool:
    """Tell whether this is the account's password; it takes as long for an account that is not there.

    Raises Resting, before anything is looked at.
    """
    person = email.strip().lower()
    with hashing.one_at_a_time:
        hashed = store.write(begin, person, place, now)
        right = runtime.offload(hashing.fits, hashed, password)
    if right:
        store.write(forgive, person, place)
    return right


def begin(db: Database, person: str, place: str, now: datetime) -> str:
    """Count a try as a wrong one before it is looked at, and return the hash to compare the password with."""
    TryRow.delete().where(TryRow.at < now - FORGOTTEN).execute(db)
    names = {_account(person): ACCOUNT, _place(place): PLACE}
    for name in names:
        _check_rest(db, name, now)
    for name, allowed in names.items():
        _count(db, name, allowed, now)
    return accounts.hash_for(db, person)


def begin_pin(db: Database, place: str, now: datetime) -> None:
    """Count a PIN typed at a place as a wrong one before it is looked at. Raises Resting."""
    TryRow.delete().where(TryRow.at < now - FORGOTTEN).execute(db)
    _check_rest(db, _panel(place), now)
    _count(db, _panel(place), PLACE, now)


def begin_visit(db: Database, visit: str, now: datetime) -> None:
    """Count a booking that a phone asks for in nobody's name. Raises Resting."""
    TryRow.delete().where(TryRow.at < now - FORGOTTEN).execute(db)
    _check_rest(db, digest(f"visit {visit}"), now)
    _count(db, digest(f"visit {visit}"), VISIT, now)


def begin_code(db: Database, person: str, place: str, now: datetime) -> None:
    """Count a screen's code, typed by somebody at a place, as a wrong one before it is looked at. Raises Resting."""
    TryRow.delete().where(TryRow.at < now - FORGOTTEN).execute(db)
    for name in _coders(person, place):
        _check_rest(db, name, now)
    for name in _coders(person, place):
        _count(db, name, ACCOUNT, now)


def forgive_code(db: Database, person: str, place: str) -> None:
    """Take back the try that was counted beforehand: it was right."""
    for name in _coders(person, place):
        where = (TryRow.name == name) & (TryRow.failures > 0)
        TryRow.update(failures=TryRow.failures - 1, resting_until=None).where(where).execute(db)


def forgive_pin(db: Database, place: str) -> None:
    """Forgive a place its last try, which was right, and a few of those before."""
    TryRow.delete().where((TryRow.name == _panel(place)) & (TryRow.failures <= FORGIVEN)).execute(db)
    TryRow.update(failures=TryRow.failures - FORGIVEN).where(TryRow.name == _panel(place)).execute(db)


def forgive(db: Database, person: str, place: str) -> None:
    """Forgive an account's wrong tries, and take back the one that was counted for the place beforehand."""
    TryRow.delete().where(TryRow.name == _account(person)).execute(db)
    where = (TryRow.name == _place(place)) & (TryRow.failures > 0)
    TryRow.update(failures=TryRow.failures - 1, resting_until=None).where(where).execute(db)


def _check_rest(db: Database, name: str, now: datetime) -> None:
    row = TryRow.select(TryRow.resting_until).where(TryRow.name == name).tuples().first(db)
    # A rest longer than any was begun by a clock that has been put back since.
    if row and row[0] and now < row[0] <= now + LONGEST_REST:
        raise Resting(row[0])


def _count(db: Database, name: str, allowed: int, now: datetime) -> None:
    row = TryRow.select(TryRow.failures).where(TryRow.name == name).tuples().first(db)
    failures = (row[0] if row else 0) + 1
    rest = hashing.rests_until(failures, now, allowed, FIRST_REST, LONGEST_REST)
    values = {"failures": failures, "at": now, "resting_until": rest}
    TryRow.insert(name=name, **values).on_conflict(conflict_target=[TryRow.name], update=values).execute(db)


def _account(person: str) -> str:
    return digest(f"account {person}")


def _coders(person: str, place: str) -> tuple[str, str]:
    return digest(f"code {person}"), digest(f"code {_place(place)}")


def _panel(place: str) -> str:
    return digest(f"panel {network(place)}")


def _place(place: str) -> str:
    return digest(f"place {network(place)}")
