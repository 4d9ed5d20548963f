"""What the command line tells and forgets of what people did."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime, timedelta

from kiosk import clock
from kiosk.booking.forgetter import Forgetter
from kiosk.errors import UsageError
from kiosk.settings import Settings
from kiosk.store import acts, erasing, extract, forgetting
from kiosk.store.acts import Search
from kiosk.terminal.tables import open_parts, print_table, record

COLUMNS = ("at", "actor", "place", "act", "room", "result", "reason")
SHOWN, EVERYTHING = 100, 1_000_000
NEVER = "never"


def audit(settings: Settings, options: argparse.Namespace) -> None:
    """Print the log of acts: the newest hundred as a table, all that match as JSON or CSV."""
    since, until = _day(settings, options.since, 0), _day(settings, options.until, 1)
    wanted = Search(options.actor, options.act, options.room, options.result, options.text, since, until)
    limit = EVERYTHING if options.json or options.csv else SHOWN
    found = [act for _, act in open_parts(settings).store.report(acts.search, wanted, limit)]
    if options.csv:
        print(extract.written(found), end="")
    elif options.json:
        print(json.dumps([extract.row(act) for act in found], indent=2, ensure_ascii=False))
    elif not found:
        print("Nothing in the log matches.")
    else:
        print_table([extract.row(act) for act in found], COLUMNS)


def forget_names(settings: Settings, options: argparse.Namespace) -> None:
    """Say, or change, after how many days names are forgotten."""
    store = open_parts(settings).store
    if options.days is not None:
        days = 0 if options.days == NEVER else int(options.days) if options.days.isdecimal() else -1
        store.write(forgetting.set_after_days, days)
        record(store, "forget_after", days=days)
    with store.read() as db:
        days = forgetting.after_days(db)
    print(f"Names are forgotten {days} days after a booking." if days else "Names are never forgotten.")


def erase_person(settings: Settings, options: argparse.Namespace) -> None:
    """Take a person out of everything that is over."""
    store = open_parts(settings).store
    done, upcoming = Forgetter(store, clock.now).erase(options.email)
    record(store, "erase_person", rows=done.total)
    print(erasing.said_of(done, upcoming))


def _day(settings: Settings, text: str, days: int) -> datetime | None:
    if not text:
        return None
    try:
        return clock.local_midnight(date.fromisoformat(text) + timedelta(days=days), clock.zone(settings.timezone))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no day: write it like 2026-08-10.") from error
