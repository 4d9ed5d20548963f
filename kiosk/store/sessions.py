"""Who is signed in: rows that a browser's cookie names, each with a life of its own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from peewee import Database

from kiosk.store import people
from kiosk.store.models import instant
from kiosk.store.office import AccountRow, SessionRow
from kiosk.store.tokens import digest, note_ending

How = Literal["password", "google", "first"]
# How long somebody stays signed in without doing anything: with an account, and without one.
IDLE = timedelta(hours=12)
PLAIN = timedelta(days=30)
# However busy it is, no session with an account lives longer than this.
LONGEST = timedelta(days=7)
# A session that is used is written down again only after so long.
SELDOM = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which somebody is signed in."""

    email: str
    name: str
    csrf: str
    how: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def open_(db: Database, email: str, name: str, how: How, now: datetime) -> str:
    """Sign somebody in and return what their browser shall keep; nobody else ever had it."""
    person, key = email.strip().lower(), secrets.token_urlsafe(32)
    SessionRow.delete().where(SessionRow.expires_at <= now).execute(db)
    SessionRow.insert(
        hash=digest(key),
        email=person,
        name=name,
        csrf=secrets.token_urlsafe(24),
        how=how,
        created_at=now,
        seen_at=now,
        expires_at=now + _life(db, person),
    ).execute(db)
    return key


def find(db: Database, key: str, now: datetime) -> Session | None:
    """Return the session that a browser's cookie names, None when it has ended.

    It has, for people without an account, once the Directory was read again and has them no longer.
    """
    row = SessionRow.select(*_COLUMNS).where(SessionRow.hash == digest(key)).tuples().first(db)
    found = Session(*row) if row else None
    return None if found is None or found.expires_at <= now or _has_left(db, found) else found


def touch(db: Database, key: str, now: datetime) -> None:
    """Let a session live on because it is used."""
    found = find(db, key, now)
    if found is None:
        return
    life = _life(db, found.email)
    ends = min(now + life, found.created_at + (LONGEST if life == IDLE else PLAIN))
    SessionRow.update(seen_at=now, expires_at=ends).where(SessionRow.hash == digest(key)).execute(db)


def close(db: Database, key: str) -> None:
    """Sign out one browser."""
    SessionRow.delete().where(SessionRow.hash == digest(key)).execute(db)
    note_ending(db)


def close_all(db: Database, email: str) -> int:
    """Sign somebody out everywhere; return in how many browsers they were signed in."""
    closed = int(SessionRow.delete().where(SessionRow.email == email.strip().lower()).execute(db))
    note_ending(db)
    return closed


def drop_left(db: Database) -> None:
    """Sign out those who are known to have left the Directory."""
    every = [Session(*row) for row in SessionRow.select(*_COLUMNS).tuples().execute(db)]
    for email in {one.email for one in every if _has_left(db, one)}:
        close_all(db, email)


def of_person(db: Database, email: str, now: datetime) -> list[Session]:
    """Return where somebody is signed in, the last used first."""
    where = (SessionRow.email == email.strip().lower()) & (SessionRow.expires_at > now)
    query = SessionRow.select(*_COLUMNS).where(where).order_by(SessionRow.seen_at.desc())
    return [Session(*row) for row in query.tuples().execute(db)]


def last_seen(db: Database) -> dict[str, datetime]:
    """Return when each person who is signed in was last seen."""
    rows = db.execute_sql('SELECT "email", MAX("seen_at") FROM "session" GROUP BY "email"').fetchall()
    return {email: instant(at) for email, at in rows}


def _has_left(db: Database, session: Session) -> bool:
    read_at = people.read_at(db)
    if read_at is None or read_at < session.created_at or _has_account(db, session.email):
        return False
    return people.has_left(db, session.email)


def _has_account(db: Database, email: str) -> bool:
    return bool(AccountRow.select().where(AccountRow.email == email).exists(db))


def _life(db: Database, email: str) -> timedelta:
    return IDLE if _has_account(db, email) else PLAIN


_COLUMNS = tuple(getattr(SessionRow, name) for name in Session.__slots__)
