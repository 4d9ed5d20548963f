"""What the command line says of how rooms were used."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, timedelta
from typing import Any

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.schedule import usage
from kiosk.schedule.usage import CLASS_NAMES, Scope
from kiosk.settings import Settings
from kiosk.store import monthly, occupancy_text
from kiosk.store.monthly import Plan
from kiosk.store.usage import Wanted
from kiosk.terminal.tables import open_parts, print_table, record

COLUMNS = ("room", "in use", "booked", "nobody came", "given back", "bookings", "seats filled")
DAYS = 28
# Work that takes longer than this says how far it is.
QUIET_SECONDS = 2.0


def report(settings: Settings, options: argparse.Namespace) -> None:
    """Print how rooms were used: as a table, or all of it as JSON or CSV."""
    wanted, store = _wanted(settings, options), open_parts(settings).store
    if options.csv:
        print(store.report(occupancy_text.as_csv, wanted, _progress()), end="")
        return
    found = store.report(occupancy_text.summary, wanted, _progress())
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found["rooms"]:
        print("Nothing is known of these rooms in that time.")
    else:
        _print(found)


def plan_report(settings: Settings, options: argparse.Namespace) -> None:
    """Change when the report of each month is sent, and to whom, where that is asked for, and print what holds."""
    store = open_parts(settings).store
    with store.read() as db:
        plan = monthly.plan(db)
    if options.day is not None or options.to is not None:
        day = plan.day if options.day is None else options.day
        to = plan.to if options.to is None else options.to
        today = clock.now().astimezone(clock.zone(settings.timezone)).date()
        plan = store.write(monthly.set_plan, day, to, usage.month_before(today)[0])
        record(store, "plan_report", day=plan.day, receivers=len(plan.to))
    facts = {"day": plan.day, "to": list(plan.to)}
    print(json.dumps(facts, indent=2) if options.json else _planned(plan))


def _planned(plan: Plan) -> str:
    if not plan.day:
        return "No report is sent."
    said = f"The report of each month is sent on day {plan.day} of the next"
    return f"{said}, to {', '.join(plan.to)} and webhooks." if plan.to else f"{said}, to webhooks."


def _print(found: dict[str, Any]) -> None:
    at_once = found["at_once"]
    print(f"{found['from']} to {found['to']}, {found['rooms']} rooms; at most {at_once['most']} in use at once.")
    print_table([_row(one["name"], one) for one in found["by_room"]] + [_row("all", found)], COLUMNS)
    for one in at_once["fewer"]:
        short = f"{one['days']} days were short of rooms, {usage.in_hours(one['minutes'])} hours in all"
        print(f"{one['less']} rooms fewer: {short if one['minutes'] else 'enough'}.")


def _row(name: str, one: dict[str, Any]) -> dict[str, str | int]:
    figures, shares = one["figures"], one["shares"]
    told = (
        _percent(shares["utilisation"]),
        _percent(shares["booked"]),
        f"{usage.in_hours(figures['ghost'])} h",
        f"{usage.in_hours(figures['released'])} h",
        figures["bookings"],
        _percent(shares["seats"]),
    )
    return dict(zip(COLUMNS, (name, *told), strict=True))


def _wanted(settings: Settings, options: argparse.Namespace) -> Wanted:
    home = clock.zone(settings.timezone)
    last = _day(options.last) or clock.now().astimezone(home).date() - timedelta(days=1)
    first = _day(options.first) or last - timedelta(days=DAYS - 1)
    if not timedelta(0) <= last - first < usage.LONGEST:
        raise UsageError(f"--to comes after --from, by at most {usage.LONGEST.days} days.")
    if options.size and options.size not in CLASS_NAMES:
        raise UsageError(f"There is no class {options.size!r}; there are {', '.join(CLASS_NAMES)}.")
    return Wanted(first, last, Scope(options.building, options.floor, options.size, options.room), home)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day: write it like 2026-08-10.") from error
    if not usage.is_known(found):
        raise UsageError(f"{text!r} is too far away: days are from {usage.FIRST_YEAR} to {usage.LAST_YEAR}.")
    return found


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.0f} %"


def _progress() -> Any:
    began, told = clock.monotonic(), [0]

    def say(done: int, of: int) -> None:
        if clock.monotonic() - began > QUIET_SECONDS or told[0]:
            told[0] += 1
            print(f"\r{done} of {of} months", end="\n" if done == of else "", file=sys.stderr, flush=True)

    return say
