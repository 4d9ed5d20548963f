"""Access tokens: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from peewee import Database, IntegrityError

from kiosk.errors import NotFound, UsageError
from kiosk.store import facts
from kiosk.store.models import TokenRow

PREFIX = "kiosk_"
ENDINGS = "endings"


def create(db: Database, name: str, now: datetime) -> str:
    """Make a token of that name and return it; it cannot be shown again."""
    token = PREFIX + secrets.token_urlsafe(32)
    try:
        TokenRow.insert(name=name, hash=digest(token), created_at=now).execute(db)
    except IntegrityError as error:
        raise UsageError(f"There is a token named {name!r} already: revoke it or name it otherwise.") from error
    return token


def revoke(db: Database, name: str) -> None:
    """Make the token of that name worthless. Raises NotFound."""
    if not TokenRow.delete().where(TokenRow.name == name).execute(db):
        raise NotFound(f"There is no token named {name!r}. `kiosk admin token --list` shows them all.")
    note_ending(db)


def note_ending(db: Database) -> None:
    """Say that something which lets people or screens in has ended: live connections are looked through at once."""
    facts.write(db, ENDINGS, str(endings(db) + 1))


def endings(db: Database) -> int:
    """Return how many such things have been ended."""
    return facts.count(db, ENDINGS)


def every(db: Database) -> list[tuple[str, datetime]]:
    """Return (name, created at) of all tokens."""
    query = TokenRow.select(TokenRow.name, TokenRow.created_at).order_by(TokenRow.name)
    return list(query.tuples().execute(db))


def known(db: Database, token: str) -> str | None:
    """Return the name of a token, None when it is not ours."""
    row = TokenRow.select(TokenRow.name).where(TokenRow.hash == digest(token)).tuples().first(db)
    return str(row[0]) if row else None


def digest(token: str) -> str:
    """Return the hash under which a token is kept; tokens are random, so a fast hash is safe."""
    return hashlib.sha256(token.encode()).hexdigest()
