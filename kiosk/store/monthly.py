"""The monthly report: who is sent it, on which day of the month, and which was sent last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from peewee import Database

from kiosk.errors import UsageError
from kiosk.store import accounts, deliveries, facts

EVENT = "occupancy.report"
PLAN, SENT = "monthly_report", "monthly_report_sent"
MOST = 20
LAST_DAY = 28


@dataclass(frozen=True, slots=True)
class Plan:
    """When the report of the month before is sent: on `day`, 0 for never; to these addresses, and to webhooks."""

    day: int = 0
    to: tuple[str, ...] = ()


def plan(db: Database) -> Plan:
    """Return what is planned."""
    known = json.loads(facts.read(db, PLAN) or "{}")
    return Plan(int(known.get("day", 0)), tuple(known.get("to", ())))


def set_plan(db: Database, day: int, to: Sequence[str], before: date) -> Plan:
    """Plan the report; `before`: the first day of the month that is not told any more when none was planned so far.

    Raises UsageError.
    """
    addresses = tuple(dict.fromkeys(one.strip().lower() for one in to if one.strip()))
    if not 0 <= day <= LAST_DAY:
        raise UsageError(f"The report is sent on a day from 1 to {LAST_DAY}, or never (0).")
    wrong = next((one for one in addresses if not accounts.ADDRESS.fullmatch(one)), None)
    if wrong:
        raise UsageError(f"{wrong!r} is no address, such as anna@example.org.")
    if len(addresses) > MOST:
        raise UsageError(f"The report is sent to at most {MOST} addresses.")
    if not plan(db).day:
        facts.write(db, SENT, max(sent(db), before.isoformat()))
    facts.write(db, PLAN, json.dumps(asdict(Plan(day, addresses))))
    return Plan(day, addresses)


def sent(db: Database) -> str:
    """Return the first day of the month whose report was sent last, empty when none was."""
    return facts.read(db, SENT) or ""


def put_back(db: Database, first: date) -> None:
    """Take a month for the one that was sent last: a later one was sent by a clock that has been put back since."""
    facts.write(db, SENT, first.isoformat())


def send(db: Database, first: date, data: dict[str, Any], now: datetime) -> int:
    """Write what mails and webhooks tell of a month, once; return how many messages there are."""
    if sent(db) >= first.isoformat():
        return 0
    facts.write(db, SENT, first.isoformat())
    told = [deliveries.mail(db, to, EVENT, data, now) for to in plan(db).to]
    return len(told) + deliveries.announce(db, EVENT, data, now)
