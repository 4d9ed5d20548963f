"""The addresses outside that are told what happens here, each with the secret that signs what it is told."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from peewee import Database

from kiosk.errors import NotFound, UsageError
from kiosk.store.office import HookRow
from kiosk.store.plain import rows

EVENTS = (
    "booking.confirmed", "booking.refused", "booking.changed", "booking.ended", "booking.cancelled",
    "booking.released", "booking.no_show", "service.requested", "service.changed", "service.cancelled",
    "notice.started", "notice.ended", "emergency.started", "emergency.ended",
    "problem.reported", "problem.settled",
    "device.ill", "device.gone", "device.recovered", "devices.gone", "devices.recovered",
)  # fmt: skip
PING = "ping"
# https://www.standardwebhooks.com: a secret is 24 to 64 random bytes.
SECRET_PREFIX, SECRET_BYTES = "whsec_", 32
LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address; `events`: the kinds it wants, none for all. `said`: how its last delivery ended, at `said_at`."""

    id: int
    url: str
    events: tuple[str, ...]
    active: bool
    created_at: datetime
    said: str
    said_at: datetime | None
    failing_since: datetime | None

    def wants(self, event: str) -> bool:
        """Tell whether it is to be told of that kind."""
        return self.active and (not self.events or event in self.events or event == PING)


def add(db: Database, url: str, events: Sequence[str], now: datetime) -> tuple[Webhook, str]:
    """Add an address and return it with its new secret, which is not to be shown again. Raises UsageError."""
    address = _checked(url)
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        raise UsageError(f"There is no event {unknown[0]!r}; there are {', '.join(EVENTS)}.")
    if HookRow.select().where(HookRow.url == address).exists(db):
        raise UsageError(f"{address} is a webhook already: remove it first to give it a new secret.")
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    wanted = [event for event in EVENTS if event in events]
    number = HookRow.insert(url=address, secret=secret, events=wanted, created_at=now).execute(db)
    return find(db, int(number)), secret


def every(db: Database) -> list[Webhook]:
    """Return all addresses, oldest first."""
    return [_webhook(row) for row in HookRow.select().order_by(HookRow.id).execute(db)]


def find(db: Database, number: int) -> Webhook:
    """Return one address. Raises NotFound."""
    return _webhook(_row(db, number))


def secret_of(db: Database, number: int) -> str:
    """Return the secret that signs what an address is told. Raises NotFound."""
    return str(_row(db, number).secret)


def wanting(db: Database, event: str) -> list[int]:
    """Return the numbers of the addresses that are to be told of that kind."""
    found = rows(db, "SELECT id, events FROM hook WHERE active")
    return [number for number, events in found if events == "[]" or event == PING or f'"{event}"' in events]


def switch(db: Database, number: int, active: bool) -> None:
    """Tell an address things again, or no longer. Raises NotFound."""
    if not HookRow.update(active=active).where(HookRow.id == number).execute(db):
        raise missing(number)


def remove(db: Database, number: int) -> None:
    """Forget an address with all that was still to be told to it. Raises NotFound."""
    if not HookRow.delete().where(HookRow.id == number).execute(db):
        raise missing(number)


def answered(db: Database, number: int, ok: bool, said: str, now: datetime, gone: bool = False) -> None:
    """Write down how a delivery ended; `gone`: the address says that it is to be told no more."""
    row = HookRow.select().where(HookRow.id == number).first(db)
    if row is None:
        return
    since = None if ok else row.failing_since or now
    active = bool(row.active) and not gone
    changes = {"said": said, "said_at": now, "failing_since": since, "active": active}
    HookRow.update(**changes).where(HookRow.id == number).execute(db)


def missing(number: int) -> NotFound:
    """Return the error for a number that no address has."""
    return NotFound(f"There is no webhook {number}. `kiosk webhooks list` shows them all.")


def _checked(url: str) -> str:
    text = url.strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or len(text) > LONGEST_URL or any(sign <= " " or sign > "~" for sign in text):
        raise UsageError(f"{text!r} is no address of a webhook, such as https://example.org/rooms.")
    if parts.username or parts.password or parts.fragment:
        raise UsageError("A webhook's address has no password and no #fragment: its messages are signed instead.")
    return text


def _row(db: Database, number: int) -> HookRow:
    row: HookRow | None = HookRow.select().where(HookRow.id == number).first(db)
    if row is None:
        raise missing(number)
    return row


def _webhook(row: HookRow) -> Webhook:
    return Webhook(*(getattr(row, name) for name in Webhook.__slots__))
