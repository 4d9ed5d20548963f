"""Access tokens: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Literal

from peewee import Database, IntegrityError

from kiosk.errors import NotFound, UsageError
from kiosk.store import facts
from kiosk.store.models import TokenRow
from kiosk.store.plain import rows

# A program's token does what an administrator may; a screen's shows displays, and acts as whoever stands there.
Kind = Literal["program", "screen"]
PREFIX = "kiosk_"
ENDINGS = "endings"


def create(db: Database, name: str, now: datetime, kind: Kind = "program") -> str:
    """Make a token of that name and kind and return it; it cannot be shown again."""
    token = PREFIX + secrets.token_urlsafe(32)
    try:
        TokenRow.insert(name=name, hash=digest(token), created_at=now, kind=kind).execute(db)
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


def every(db: Database) -> list[tuple[str, Kind, datetime]]:
    """Return (name, kind, created at) of all tokens."""
    query = TokenRow.select(TokenRow.name, TokenRow.kind, TokenRow.created_at).order_by(TokenRow.name)
    return list(query.tuples().execute(db))


def known(db: Database, token: str) -> str | None:
    """Return the name of a token, None when it is not ours."""
    found = rows(db, "SELECT name FROM token WHERE hash = ?", digest(token))
    return str(found[0][0]) if found else None


def is_kind(db: Database, token: str, kind: Kind) -> bool:
    """Tell whether a token is ours, and of that kind."""
    return bool(rows(db, "SELECT 1 FROM token WHERE hash = ? AND kind = ?", digest(token), kind))


def digest(token: str) -> str:
    """Return the hash under which a token is kept; tokens are random, so a fast hash is safe."""
    return hashlib.sha256(token.encode()).hexdigest()
