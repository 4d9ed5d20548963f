"""What is to be told outside: a row for each message and receiver, kept until it has arrived or was given up."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from peewee import Database

from kiosk import clock
from kiosk.errors import NotFound
from kiosk.store import webhooks
from kiosk.store.models import instant, milliseconds
from kiosk.store.office import DeliveryRow
from kiosk.store.plain import marks, rows, run

State = Literal["waiting", "delivered", "given_up"]
Way = Literal["webhook", "mail"]
# A try that has not ended after this long is made again: its process has been killed.
CLAIM = timedelta(minutes=2)
KEPT = timedelta(days=30)
_COUNT = itertools.count()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one receiver; `target` is a mail's address, `hook_id` a webhook's number."""

    id: str
    way: Way
    hook_id: int | None
    target: str
    event: str
    body: str
    state: State
    attempts: int
    created_at: datetime
    due_at: datetime
    tried_at: datetime | None
    said: str

    @property
    def receiver(self) -> str:
        """Return a word that is the same for the same receiver."""
        return f"webhook {self.hook_id}" if self.way == "webhook" else f"mail {self.target}"


def announce(db: Database, event: str, data: Mapping[str, Any], now: datetime) -> int:
    """Write a message for every webhook that wants to hear of `event`; return how many there are."""
    wanting = webhooks.wanting(db, event)
    for number in wanting:
        announce_to(db, number, event, data, now)
    return len(wanting)


def announce_to(
    db: Database, hook: int, event: str, data: Mapping[str, Any], now: datetime, due: datetime | None = None
) -> str:
    """Write a message for one webhook, sent at once or when `due`; return its id, which every try carries."""
    body = json.dumps({"type": event, "timestamp": clock.iso(now), "data": dict(data)}, ensure_ascii=False)
    return _add(db, "webhook", hook, "", event, body, now, due)


def mail(
    db: Database, target: str, event: str, data: Mapping[str, Any], now: datetime, due: datetime | None = None
) -> str:
    """Write a mail for one address; it is put into words when it is sent."""
    return _add(db, "mail", None, target, event, json.dumps(dict(data), ensure_ascii=False), now, due)


def due(db: Database, now: datetime, limit: int) -> list[Delivery]:
    """Return what is to be tried now, oldest first."""
    where = (DeliveryRow.state == "waiting") & (DeliveryRow.due_at <= now)
    order = (DeliveryRow.due_at, DeliveryRow.id)
    return [_delivery(row) for row in _select(where).order_by(*order).limit(limit).tuples().execute(db)]


def next_due(db: Database) -> datetime | None:
    """Return when the next message is to be tried; None when none waits."""
    [(moment,)] = rows(db, "SELECT MIN(due_at) FROM delivery WHERE state = ?", "waiting")
    return None if moment is None else instant(moment)


def claim(db: Database, one: Delivery, now: datetime) -> Delivery | None:
    """Take a message for a try; None when somebody else has it."""
    sql = "UPDATE delivery SET due_at = ?, tried_at = ?, attempts = ? WHERE id = ? AND attempts = ? AND state = ?"
    moment = (milliseconds(now + CLAIM), milliseconds(now))
    if not run(db, sql, *moment, one.attempts + 1, one.id, one.attempts, "waiting").rowcount:
        return None
    return find(db, one.id)


def find(db: Database, number: str) -> Delivery:
    """Return one message. Raises NotFound."""
    row = _select(DeliveryRow.id == number).tuples().first(db)
    if row is None:
        raise NotFound("This delivery is not here any more.")
    return _delivery(row)


def arrived(db: Database, one: Delivery, said: str, now: datetime) -> None:
    """Settle a message that its receiver has taken."""
    _settle(db, one, "delivered", said, now)


def postpone(db: Database, one: Delivery, said: str, due_at: datetime, now: datetime) -> None:
    """Try a message again at that time."""
    changes = {"due_at": due_at, "said": said, "tried_at": now}
    DeliveryRow.update(**changes).where((DeliveryRow.id == one.id) & (DeliveryRow.state == "waiting")).execute(db)


def give_up(db: Database, one: Delivery, said: str, now: datetime) -> None:
    """Try a message no more."""
    _settle(db, one, "given_up", said, now)


def retry(db: Database, number: str, now: datetime) -> None:
    """Try a message now that waits or was given up, with all its tries before it again. Raises NotFound."""
    one = find(db, number)
    changes = {"state": "waiting", "due_at": now, "attempts": 0}
    DeliveryRow.update(**changes).where((DeliveryRow.id == one.id) & (DeliveryRow.state != "delivered")).execute(db)


def recent(db: Database, limit: int, hook: int | None = None, before: datetime | None = None) -> list[Delivery]:
    """Return the newest messages, newest first, of one webhook or of all receivers."""
    where: Any = DeliveryRow.created_at < before if before else DeliveryRow.created_at > clock.DAWN
    where = where & (DeliveryRow.hook == hook) if hook is not None else where
    order = (DeliveryRow.created_at.desc(), DeliveryRow.id.desc())
    return [_delivery(row) for row in _select(where).order_by(*order).limit(limit).tuples().execute(db)]


def waiting(db: Database) -> int:
    """Return how many messages have not arrived yet."""
    return int(DeliveryRow.select().where(DeliveryRow.state == "waiting").count(db))


def given_up(db: Database, since: datetime) -> int:
    """Return how many messages were given up since then."""
    where = (DeliveryRow.state == "given_up") & (DeliveryRow.tried_at >= since)
    return int(DeliveryRow.select().where(where).count(db))


def oldest_waiting(db: Database) -> datetime | None:
    """Return since when the oldest message waits that was tried in vain."""
    where = (DeliveryRow.state == "waiting") & (DeliveryRow.attempts > 0)
    row = DeliveryRow.select(DeliveryRow.created_at).where(where).order_by(DeliveryRow.created_at).tuples().first(db)
    return row[0] if row else None


def clear(db: Database, before: datetime) -> int:
    """Forget settled messages that are older; return how many there were."""
    old = (DeliveryRow.created_at < before) & (DeliveryRow.state != "waiting")
    return int(DeliveryRow.delete().where(old).execute(db))


def forget(db: Database, ids: Collection[str]) -> int:
    """Forget these messages; return how many there were."""
    return int(run(db, f"DELETE FROM delivery WHERE id IN ({marks([*ids])})", *ids).rowcount)


def _add(
    db: Database,
    way: Way,
    hook: int | None,
    target: str,
    event: str,
    body: str,
    now: datetime,
    due: datetime | None,
) -> str:
    # What is told at the same moment keeps its order.
    number = f"msg_{milliseconds(now):012x}{next(_COUNT) & 0xFFFF:04x}{secrets.token_hex(8)}"
    values = {"id": number, "way": way, "hook": hook, "target": target, "event": event, "body": body}
    DeliveryRow.insert(values | {"created_at": now, "due_at": due or now}).execute(db)
    return number


def _settle(db: Database, one: Delivery, state: State, said: str, now: datetime) -> None:
    changes = {"state": state, "said": said, "tried_at": now}
    DeliveryRow.update(**changes).where((DeliveryRow.id == one.id) & (DeliveryRow.state == "waiting")).execute(db)


def _select(where: object) -> Any:
    names = ("hook" if name == "hook_id" else name for name in Delivery.__slots__)
    return DeliveryRow.select(*(getattr(DeliveryRow, name) for name in names)).where(where)


def _delivery(row: tuple[Any, ...]) -> Delivery:
    return Delivery(*row)
