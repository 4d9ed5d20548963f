"""The machines of the fleet: enrolled or paired, each known by the hash of a token that it keeps itself."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Database, IntegrityError

from kiosk.errors import NotFound, UsageError
from kiosk.schedule import policy
from kiosk.store import reach
from kiosk.store.machines import DeviceRow
from kiosk.store.models import instant, milliseconds
from kiosk.store.plain import rows
from kiosk.store.tokens import digest, note_ending

TOKEN_BYTES = 32
HASH = re.compile(r"[0-9a-f]{64}")
# What the old token is still good for once the next one is in use: a machine whose power went at the wrong moment.
GRACE = timedelta(days=1)
# After so long a token is exchanged for another one.
TOKEN_LIFE = timedelta(days=90)
LONGEST_NAME, LONGEST_TEXT = 80, 500
# What a device may do otherwise than the rooms that it shows: words of their policy.
WORDS = ("light", "theme")


@dataclass(frozen=True, slots=True)
class Device:
    """A machine and the display it shows; `words`: what it does otherwise than the rooms it shows.

    `rotating`: an administrator wants it to have another token; `alert`: of what administrators were told last.
    """

    id: int
    name: str
    display: str
    slug: str
    serial: str
    model: str
    host_key: str
    words: Mapping[str, str]
    token_at: datetime
    rotating: bool
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    alert: str
    alert_at: datetime | None

    @property
    def path(self) -> str:
        """The address of its display."""
        return f"/{self.display}/{self.slug}"

    def rotates(self, now: datetime) -> bool:
        """Tell whether it is time for another token."""
        return self.rotating or now - self.token_at >= TOKEN_LIFE


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a machine when it is enrolled; `serial`: names it also when its card was replaced."""

    name: str
    display: str
    slug: str
    serial: str = ""
    model: str = ""
    host_key: str = ""


class Revoked(UsageError):
    """The token of a revoked device is enrolled again: it would be let in with what may have been stolen."""


def new_token() -> str:
    """Return a token for a machine that does not make its own."""
    return base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_BYTES)).rstrip(b"=").decode()


def enrol(db: Database, wanted: Described, token_hash: str, by: str, now: datetime) -> tuple[Device, bool]:
    """Let a machine in by the hash of its token; tell too whether it is new here.

    The same machine, by its serial number or its token, is changed to what is said of it now; another token than
    before is good from now on, and the old one no longer. Raises UsageError, Revoked, NotFound.
    """
    _check(db, wanted)
    _check_hash(token_hash)
    known = _same(db, wanted.serial, token_hash)
    values = {name: getattr(wanted, name) for name in ("name", "display", "slug", "model", "host_key")}
    values["serial"] = wanted.serial or (known.serial if known else None)
    if known is None:
        fresh = {"hash": token_hash, "created_at": now, "created_by": by, "token_at": now}
        return find(db, int(DeviceRow.insert(**values, **fresh).execute(db))), True
    if known.hash != token_hash:
        values |= {**_FRESH, "hash": token_hash, "token_at": now, "revoked_at": None}
    _update(db, known.id, **values)
    return find(db, known.id), False


def every(db: Database) -> list[Device]:
    """Return all devices by name, revoked ones too."""
    return sorted(_devices(db, ""), key=lambda one: (one.name.casefold(), one.id))


def find(db: Database, number: int) -> Device:
    """Return one device. Raises NotFound."""
    found = _devices(db, "WHERE id = ?", number)
    if not found:
        raise NotFound(f"There is no device {number}. `kiosk devices list` shows them all.")
    return found[0]


def named(db: Database, word: str) -> Device:
    """Return the device of that number or name. Raises NotFound, and UsageError where several are called so."""
    if word.isascii() and word.isdigit() and len(word) < 10:
        return find(db, int(word))
    found = [one for one in every(db) if one.name.casefold() == word.casefold()]
    if not found:
        raise NotFound(f"There is no device called {word!r}. `kiosk devices list` shows them all.")
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in found)
        raise UsageError(f"Several devices are called {word!r}: say which number, {numbers}.")
    return found[0]


def by_token(db: Database, token: str, now: datetime) -> Device | None:
    """Return whose token this is, revoked or not; None when it is nobody's any more."""
    hashed = digest(token)
    where = "WHERE hash = ? OR next_hash = ? OR (old_hash = ? AND old_until > ?)"
    found = _devices(db, where, hashed, hashed, hashed, milliseconds(now)) if token else []
    return found[0] if found else None


def is_next(db: Database, device: int, token: str) -> bool:
    """Tell whether a device shows the token that was laid down for it, for the first time."""
    return bool(rows(db, "SELECT 1 FROM device WHERE id = ? AND next_hash = ?", device, digest(token)))


def is_let_in(db: Database, device: int) -> bool:
    """Tell whether a device is known and not revoked."""
    return bool(rows(db, "SELECT 1 FROM device WHERE id = ? AND revoked_at IS NULL", device))


def promote(db: Database, device: int, token: str, now: datetime) -> None:
    """Make the token that was laid down for a device its current one; the one before is good for a day more."""
    row = DeviceRow.select().where((DeviceRow.id == device) & (DeviceRow.next_hash == digest(token))).first(db)
    if row is None:
        return
    old = {"old_hash": row.hash, "old_until": now + GRACE}
    _update(db, device, hash=row.next_hash, next_hash=None, token_at=now, rotating=False, **old)


def lay_down(db: Database, device: int, token_hash: str) -> None:
    """Write the hash of a device's next token, which it has made itself. Raises UsageError."""
    _check_hash(token_hash)
    taken = _same(db, "", token_hash)
    if taken is not None and (taken.id != device or taken.next_hash != token_hash):
        raise UsageError("This token is in use already: make another one.")
    _update(db, device, next_hash=token_hash)


def rotate(db: Database, device: int) -> None:
    """Have a device exchange its token as soon as it shows itself. Raises NotFound."""
    _update(db, device, rotating=True)


def change(
    db: Database, device: int, name: str, display: str, slug: str, words: Mapping[str, str] | None = None
) -> Device:
    """Give a device another name or display; what it showed before is closed to it at once.

    `words`: what it does otherwise than its rooms from now on; an empty one has it do as they do. Raises UsageError.
    """
    before = find(db, device)
    _check(db, Described(name, display, slug))
    said = json.dumps(_words(before.words, words or {}), sort_keys=True)
    _update(db, device, name=name, display=display, slug=slug, words=said)
    if (before.display, before.slug) != (display, slug):
        note_ending(db)
    return find(db, device)


def revoke(db: Database, device: int, now: datetime) -> Device:
    """Let a device in no more; its live connections end at once. Raises NotFound."""
    _update(db, device, revoked_at=find(db, device).revoked_at or now, alert="", alert_at=None)
    note_ending(db)
    return find(db, device)


def forget(db: Database, device: int) -> None:
    """Forget a device with everything known of it. Raises NotFound."""
    if not DeviceRow.delete().where(DeviceRow.id == device).execute(db):
        find(db, device)
    note_ending(db)


def set_alert(db: Database, device: int, alert: str, at: datetime | None) -> None:
    """Write down of what administrators were told, or (empty) that it is over."""
    DeviceRow.update(alert=alert, alert_at=at).where(DeviceRow.id == device).execute(db)


_FRESH: dict[str, Any] = {"next_hash": None, "old_hash": None, "old_until": None, "rotating": False}
_COLUMNS = (
    *("id", "name", "display", "slug", "serial", "model", "host_key", "words", "token_at", "rotating"),
    *("created_at", "created_by", "revoked_at", "alert", "alert_at"),
)


def _check(db: Database, wanted: Described) -> None:
    if not wanted.name.strip() or len(wanted.name) > LONGEST_NAME:
        raise UsageError(f"A device has a name of at most {LONGEST_NAME} characters.")
    if max(map(len, (wanted.serial, wanted.model, wanted.host_key))) > LONGEST_TEXT:
        raise UsageError(f"A device's serial number, model and host key have at most {LONGEST_TEXT} characters.")
    reach.check(db, wanted.display, wanted.slug)


def _words(before: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return the words of a device with the changes. Raises UsageError."""
    for name, value in changes.items():
        if name not in WORDS:
            raise UsageError(f"A device has no setting {name!r}; it has {', '.join(WORDS)}.")
        try:
            if value.strip():
                policy.check(name, value)
        except ValueError as error:
            raise UsageError(f"{name} cannot be {value!r}; {error}.") from error
    merged = {**before, **changes}
    return {name: value.strip() for name, value in merged.items() if value.strip()}


def _check_hash(token_hash: str) -> None:
    if not HASH.fullmatch(token_hash):
        raise UsageError("token_sha256 is the SHA-256 of the device's token: 64 hexadecimal digits in small letters.")


def _same(db: Database, serial: str, token_hash: str) -> DeviceRow | None:
    """Return the row of the same machine, by its token or its serial number. Raises Revoked, UsageError."""
    used = (DeviceRow.hash == token_hash) | (DeviceRow.next_hash == token_hash) | (DeviceRow.old_hash == token_hash)
    by_hash = DeviceRow.select().where(used).first(db)
    by_serial = DeviceRow.select().where(DeviceRow.serial == serial).first(db) if serial else None
    if by_hash is not None and by_serial is not None and by_hash.id != by_serial.id:
        raise UsageError(f"{by_hash.name!r} has this token, and {by_serial.name!r} this serial number.")
    if by_hash is not None and by_hash.revoked_at is not None:
        raise Revoked(f"{by_hash.name!r} is revoked: it needs another token to be let in again.")
    found: DeviceRow | None = by_hash or by_serial
    return found


def _update(db: Database, device: int, **values: object) -> None:
    try:
        changed = DeviceRow.update(**values).where(DeviceRow.id == device).execute(db)
    except IntegrityError as error:
        raise UsageError("Another device has this token or this serial number.") from error
    if not changed:
        find(db, device)


def _devices(db: Database, where: str, *values: Any) -> list[Device]:
    return [_device(*row) for row in rows(db, f"SELECT {', '.join(_COLUMNS)} FROM device {where}", *values)]


def _device(
    number: int, name: str, display: str, slug: str, serial: str | None, model: str, host_key: str, words: str,
    token_at: int, rotating: int, created_at: int, created_by: str, revoked_at: int | None,
    alert: str, alert_at: int | None,
) -> Device:  # fmt: skip
    return Device(
        number,
        name,
        display,
        slug,
        serial or "",
        model,
        host_key,
        json.loads(words),
        instant(token_at),
        bool(rotating),
        instant(created_at),
        created_by,
        None if revoked_at is None else instant(revoked_at),
        alert,
        None if alert_at is None else instant(alert_at),
    )
