"""Accounts: who may use the administration, in which role, for which rooms or buildings."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from peewee import Database

from kiosk import runtime
from kiosk.errors import NotFound, UsageError
from kiosk.store import facts, hashing, sessions
from kiosk.store.database import Store
from kiosk.store.models import RoomRow, instant, milliseconds
from kiosk.store.office import AccountRow
from kiosk.store.tokens import digest

Role = Literal["admin", "manager", "caterer", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
# Whose accounts are for a part of the house only, and what that part is made of.
SCOPED = {"manager": "room", "caterer": "building"}
NO_BUILDING = "(no building)"
SHORTEST, LONGEST = 12, 200
FIRST = "first_admin"
FIRST_LIFE = timedelta(hours=24)
RESET_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's account; `scope` holds the slugs of a manager's rooms, or a caterer's buildings.

    An empty building is that of the rooms that name none.
    """

    email: str
    name: str
    role: Role
    scope: tuple[str, ...]
    has_password: bool
    created_at: datetime


def every(db: Database) -> list[Account]:
    """Return all accounts, by address."""
    return [_account(row) for row in AccountRow.select().order_by(AccountRow.email).execute(db)]


def find(db: Database, email: str) -> Account | None:
    """Return the account of that address."""
    row = AccountRow.select().where(AccountRow.email == email.strip().lower()).first(db)
    return _account(row) if row else None


def get(db: Database, email: str) -> Account:
    """Return the account of that address. Raises NotFound."""
    found = find(db, email)
    if found is None:
        raise NotFound(f"{email} has no account. `kiosk admin list` shows who has one.")
    return found


def add(db: Database, email: str, name: str, role: str, scope: Collection[str], now: datetime) -> Account:
    """Add an account without a password, and sign its owner out everywhere.

    Raises UsageError for an address that is none or has one already.
    """
    person = check_address(email)
    if find(db, person):
        raise UsageError(f"{person} has an account already.")
    values = {"name": name.strip(), "role": _role(role), "scope": _scope(db, role, scope)}
    AccountRow.insert(email=person, created_at=now, **values).execute(db)
    # Without an account somebody stays signed in for longer than anybody may who has one.
    sessions.close_all(db, person)
    return get(db, person)


def check_address(email: str) -> str:
    """Return a person's address in small letters. Raises UsageError for what is none."""
    person = email.strip().lower()
    if not ADDRESS.fullmatch(person):
        raise UsageError(f"{email!r} is not a person's address, such as anna@example.org.")
    return person


def change(db: Database, email: str, name: str, role: str, scope: Collection[str]) -> Account:
    """Change somebody's name, role and scope; another role signs them out everywhere.

    Raises UsageError for the last administrator's role; NotFound.
    """
    before = get(db, email)
    if before.role == "admin" and role != "admin":
        _spare_the_last(db, before)
    values = {"name": name.strip(), "role": _role(role), "scope": _scope(db, role, scope, before.scope)}
    AccountRow.update(**values).where(AccountRow.email == before.email).execute(db)
    if role != before.role:
        sessions.close_all(db, before.email)
    return get(db, before.email)


def prepare(db: Database, email: str, role: str | None, scope: Collection[str] | None, now: datetime) -> Account:
    """Add an account (an administrator's, if no role is said), or change what is said of the one there is."""
    known = find(db, email)
    if known is None:
        return add(db, email, "", role or "admin", scope or (), now)
    if role is None and scope is None:
        return known
    return change(db, known.email, known.name, role or known.role, known.scope if scope is None else scope)


def remove(db: Database, email: str) -> None:
    """Take somebody's account away and sign them out everywhere. Raises UsageError for the last administrator."""
    account = get(db, email)
    if account.role == "admin":
        _spare_the_last(db, account)
    AccountRow.delete().where(AccountRow.email == account.email).execute(db)
    sessions.close_all(db, account.email)


def rename_room(db: Database, slug: str, renamed: str) -> None:
    """Keep managers in charge of a room that has another address now; with an empty one it is gone."""
    for account in every(db):
        if account.role == "manager" and slug in account.scope:
            scope = tuple(renamed if one == slug else one for one in account.scope if renamed or one != slug)
            AccountRow.update(scope=scope).where(AccountRow.email == account.email).execute(db)


def carry_building(db: Database, old: str, new: str) -> None:
    """Keep caterers in charge of a building that has another name now."""
    for account in every(db):
        if account.role == "caterer" and old in account.scope:
            scope = tuple(sorted({new if one == old else one for one in account.scope}))
            AccountRow.update(scope=scope).where(AccountRow.email == account.email).execute(db)


def told_scope(account: Account) -> str:
    """Return in words what an account is for, empty for one that is for everything."""
    return ", ".join(one or NO_BUILDING for one in account.scope)


def set_password(store: Store, email: str, password: str) -> None:
    """Give an account a password, or another one, and sign it out everywhere. Raises UsageError; NotFound."""
    store.write(_keep, email, _hashed(password))


def set_up(
    store: Store, email: str, role: str | None, scope: Collection[str] | None, password: str, now: datetime
) -> Account:
    """Do as `prepare` and give the account a password, all at once. Raises UsageError."""
    return store.write(_set_up, email, role, scope, _hashed(password), now)


def become_first(store: Store, word: str, email: str, name: str, password: str, now: datetime) -> Account:
    """Make somebody the first administrator, with a password, and use the word up, all at once.

    Raises NotFound when the word is not, or no longer, good; UsageError.
    """
    check_password(password)
    with store.read() as db:
        _check_first(db, word, now)
    return store.write(_add_first, word, email, name, _hashed(password), now)


def choose_password(store: Store, word: str, password: str, now: datetime) -> Account:
    """Give whoever the word of a link is for this password and use the word up, all at once.

    Raises NotFound when the word is not, or no longer, good; UsageError.
    """
    check_password(password)
    with store.read() as db:
        _redeemed(db, word, now)
    return store.write(_redeem, word, _hashed(password), now)


def check_password(password: str) -> None:
    """Raise UsageError unless this will do as a password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"A password has {SHORTEST} to {LONGEST} characters; a few words in a row are good.")


def hash_for(db: Database, email: str) -> str:
    """Return the hash to compare a password with; for somebody without one, a hash that no password fits."""
    row = AccountRow.select(AccountRow.password).where(AccountRow.email == email).tuples().first(db)
    return str(row[0]) if row and row[0] else hashing.DECOY


def has_admin(db: Database) -> bool:
    """Tell whether anybody is an administrator."""
    return bool(AccountRow.select().where(AccountRow.role == "admin").exists(db))


def first_link(db: Database, now: datetime) -> str | None:
    """Return a word that lets its bearer become the first administrator, made anew; None when there is one."""
    if has_admin(db):
        facts.forget(db, FIRST)
        return None
    word = secrets.token_urlsafe(24)
    facts.write(db, FIRST, f"{milliseconds(now + FIRST_LIFE)} {digest(word)}")
    return word


def is_first(db: Database, word: str, now: datetime) -> bool:
    """Tell whether that word makes its bearer the first administrator."""
    until, _, expected = (facts.read(db, FIRST) or "").partition(" ")
    fits = bool(expected) and secrets.compare_digest(digest(word), expected)
    return fits and now < instant(int(until)) and not has_admin(db)


def reset_link(db: Database, email: str, now: datetime) -> str:
    """Return a word with which somebody may choose a password, once; an earlier one is no longer good."""
    account, word = get(db, email), secrets.token_urlsafe(24)
    values = {"reset": digest(word), "reset_until": now + RESET_LIFE}
    AccountRow.update(**values).where(AccountRow.email == account.email).execute(db)
    return word


def reset_of(db: Database, word: str, now: datetime) -> Account | None:
    """Return whose password that word lets choose."""
    where = (AccountRow.reset == digest(word)) & (AccountRow.reset_until > now)
    row = AccountRow.select().where(where).first(db)
    return _account(row) if row else None


def _check_first(db: Database, word: str, now: datetime) -> None:
    if not is_first(db, word, now):
        raise NotFound("This link is used or too old. Start the server again for another one.")


def _add_first(db: Database, word: str, email: str, name: str, hashed: str, now: datetime) -> Account:
    _check_first(db, word, now)
    known = find(db, email)
    account = change(db, email, name, "admin", ()) if known else add(db, email, name, "admin", (), now)
    facts.forget(db, FIRST)
    return _keep(db, account.email, hashed)


def _redeemed(db: Database, word: str, now: datetime) -> Account:
    account = reset_of(db, word, now)
    if account is None:
        raise NotFound("This link is used or too old. Ask an administrator for another one.")
    return account


def _redeem(db: Database, word: str, hashed: str, now: datetime) -> Account:
    return _keep(db, _redeemed(db, word, now).email, hashed)


def _set_up(
    db: Database, email: str, role: str | None, scope: Collection[str] | None, hashed: str, now: datetime
) -> Account:
    return _keep(db, prepare(db, email, role, scope, now).email, hashed)


def _hashed(password: str) -> str:
    """Return the hash of a password, made in a real thread. Raises UsageError for one that does not do."""
    check_password(password)
    with hashing.one_at_a_time:
        return runtime.offload(hashing.hash_of, password)


def _keep(db: Database, email: str, hashed: str) -> Account:
    """Keep the hash of a password, after which links to choose one are worthless and nobody is signed in."""
    account = get(db, email)
    values = {"password": hashed, "reset": "", "reset_until": None}
    AccountRow.update(**values).where(AccountRow.email == account.email).execute(db)
    sessions.close_all(db, account.email)
    return get(db, account.email)


def _spare_the_last(db: Database, account: Account) -> None:
    others = (AccountRow.role == "admin") & (AccountRow.email != account.email)
    if not AccountRow.select().where(others).exists(db):
        raise UsageError(f"{account.email} is the only administrator: make somebody else one first.")


def _role(role: str) -> Role:
    for one in ROLES:
        if one == role:
            return one
    raise UsageError(f"There is no role {role!r}; there are {', '.join(ROLES)}.")


def _scope(db: Database, role: str, scope: Collection[str], known: Collection[str] = ()) -> tuple[str, ...]:
    """Return a scope in order; only managers and caterers have one. Raises UsageError for what is not there."""
    if role not in SCOPED:
        return ()
    wanted = {one.strip() for one in scope if one.strip() or role == "caterer"}
    column = RoomRow.slug if role == "manager" else RoomRow.building
    here = {row[0] for row in RoomRow.select(column).tuples().execute(db)}
    for one in sorted(wanted - here - set(known)):
        raise UsageError(f"There is no {SCOPED[role]} {one!r}." if one else "Every room names its building.")
    return tuple(sorted(wanted))


def _account(row: AccountRow) -> Account:
    return Account(row.email, row.name, _role(row.role), tuple(row.scope), bool(row.password), row.created_at)
