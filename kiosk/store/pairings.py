"""Pairing a screen by a code on it, in the shape of RFC 8628: asked for by anybody, approved by an administrator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from peewee import Database

from kiosk.errors import NotFound, TooSoon, UsageError
from kiosk.store import devices, reach
from kiosk.store.devices import Described, Device
from kiosk.store.machines import PairingRow
from kiosk.store.places import network
from kiosk.store.tokens import digest

# No vowels, so that no code is a word; none that looks like a figure.
LETTERS, LENGTH = "BCDFGHJKLMNPQRSTVWXZ", 8
LIFE = timedelta(minutes=10)
PACE = timedelta(seconds=5)
# A question that comes so little too early was asked in time.
EARLY = timedelta(seconds=1)
BLINK = timedelta(seconds=12)
# From one address, and in all: more screens than anybody hangs up in ten minutes.
MOST_HERE, MOST = 60, 2_000
LONGEST_AGENT = 300
State = Literal["pending", "slow", "expired", "denied", "done"]


class TooMany(TooSoon):
    """Too many screens ask to be paired; the next one may `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Too many screens ask to be paired. Please try again later.", until)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A screen that asks, as whoever approves it sees it; `address` and `agent`: from where, and with which browser."""

    name: str
    boot_id: str
    address: str
    agent: str
    created_at: datetime
    expires_at: datetime
    approved: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a screen is told that asks whether it is paired; `token`: a new one where it does not keep its own.

    `blinks`: whoever is about to approve it wants to see it.
    """

    state: State
    blinks: bool = False
    device: Device | None = None
    token: str = ""


def begin(db: Database, name: str, boot_id: str, address: str, agent: str, now: datetime) -> tuple[str, str]:
    """Return a new screen's secret, and the code that it is to show. Raises TooMany."""
    PairingRow.delete().where(PairingRow.expires_at <= now).execute(db)
    _spare(db, address)
    secret, code = secrets.token_urlsafe(32), "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    PairingRow.insert(
        hash=digest(secret),
        code_hash=digest(code),
        name=name[: devices.LONGEST_NAME],
        boot_id=boot_id,
        address=address,
        agent=agent[:LONGEST_AGENT],
        created_at=now,
        expires_at=now + LIFE,
    ).execute(db)
    return secret, f"{code[:4]}-{code[4:]}"


def ask(db: Database, secret: str, token_hash: str, now: datetime) -> Answer:
    """Answer a screen that asks whether it is paired; where it is, it is told once, and a device from then on.

    `token_hash`: of the token that it keeps, empty where it is to be given one. Raises UsageError.
    """
    row = PairingRow.select().where(PairingRow.hash == digest(secret)).first(db)
    if row is None or row.expires_at <= now or row.taken_at is not None:
        return Answer("expired")
    if row.denied_at is not None:
        return Answer("denied")
    if not _in_time(db, row, now):
        return Answer("slow")
    if row.approved_at is None:
        return Answer("pending", row.blink_until > now)
    return _take(db, row, token_hash, now)


def find(db: Database, code: str, now: datetime) -> Pairing:
    """Return the screen that shows a code. Raises NotFound."""
    row = _row(db, code, now)
    approved = row.approved_at is not None
    return Pairing(row.name, row.boot_id, row.address, row.agent, row.created_at, row.expires_at, approved)


def blink(db: Database, code: str, now: datetime) -> None:
    """Have the screen that shows a code show itself. Raises NotFound."""
    _change(db, code, now, blink_until=now + BLINK)


def approve(db: Database, code: str, wanted: Described, by: str, now: datetime) -> None:
    """Give the screen that shows a code a name and a display, once. Raises NotFound, UsageError."""
    if not wanted.name.strip() or len(wanted.name) > devices.LONGEST_NAME:
        raise UsageError(f"A device has a name of at most {devices.LONGEST_NAME} characters.")
    reach.check(db, wanted.display, wanted.slug)
    if find(db, code, now).approved:
        raise UsageError("This screen is paired already.")
    said = {"name": wanted.name.strip(), "display": wanted.display, "slug": wanted.slug}
    _change(db, code, now, **said, approved_at=now, by=by)


def deny(db: Database, code: str, now: datetime) -> None:
    """Refuse the screen that shows a code. Raises NotFound."""
    _change(db, code, now, denied_at=now)


def plain(code: str) -> str:
    """Return a code as it was made, however somebody has typed it."""
    return "".join(sign for sign in code.upper() if sign.isalnum())


def _spare(db: Database, address: str) -> None:
    asking = PairingRow.select(PairingRow.address, PairingRow.expires_at).order_by(PairingRow.expires_at)
    living = list(asking.tuples().execute(db))
    here = [expires for other, expires in living if network(other) == network(address)]
    if len(here) >= MOST_HERE or len(living) >= MOST:
        raise TooMany(here[0] if here else living[0][1])


def _in_time(db: Database, row: PairingRow, now: datetime) -> bool:
    """Note a question; one that comes too early makes the next ones rarer."""
    early = now - row.asked_at < timedelta(seconds=row.pace) - EARLY
    pace = row.pace + int(PACE.total_seconds()) if early else row.pace
    PairingRow.update(asked_at=now, pace=pace).where(PairingRow.hash == row.hash).execute(db)
    return not early


def _take(db: Database, row: PairingRow, token_hash: str, now: datetime) -> Answer:
    token = "" if token_hash else devices.new_token()
    wanted = Described(row.name, row.display, row.slug)
    one, _ = devices.enrol(db, wanted, token_hash or digest(token), row.by, now)
    PairingRow.update(taken_at=now).where(PairingRow.hash == row.hash).execute(db)
    return Answer("done", device=one, token=token)


def _row(db: Database, code: str, now: datetime) -> PairingRow:
    where = (PairingRow.code_hash == digest(plain(code))) & (PairingRow.expires_at > now)
    living = PairingRow.taken_at.is_null() & PairingRow.denied_at.is_null()
    row: PairingRow | None = PairingRow.select().where(where & living).first(db)
    if row is None:
        raise NotFound("No screen shows this code now. A code is good for ten minutes, and once.")
    return row


def _change(db: Database, code: str, now: datetime, **values: object) -> None:
    PairingRow.update(**values).where(PairingRow.hash == _row(db, code, now).hash).execute(db)
