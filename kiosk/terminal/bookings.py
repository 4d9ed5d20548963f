"""What the command line tells of bookings."""

from __future__ import annotations

import argparse
import json
from datetime import date, timedelta

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.settings import Settings
from kiosk.store import register, rooms
from kiosk.store.register import Entry, Search
from kiosk.terminal.tables import open_parts, print_table

COLUMNS = ("room", "start", "end", "who", "title", "made")
MOST = 10_000


def list_bookings(settings: Settings, options: argparse.Namespace) -> None:
    """Print the bookings of a room, a day, a person, or all of those."""
    zone = clock.zone(settings.timezone)
    day = _day(options.day) if options.day else clock.now().astimezone(zone).date()
    start, end = (clock.local_midnight(one, zone) for one in (day, day + timedelta(days=max(options.days, 1))))
    with open_parts(settings).store.read() as db:
        chosen = [rooms.by_slug(db, options.room).id] if options.room else None
        wanted = Search(start, end, chosen, options.person, options.words, options.kind)
        found = register.search(db, wanted, 0, MOST)
    rows = [_row(entry) for entry in found.entries]
    if options.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        print("There are no such bookings.")
    else:
        print_table([row | {"start": _short(row["start"]), "end": _short(row["end"])} for row in rows], COLUMNS)


def _row(entry: Entry) -> dict[str, str]:
    booking, zone = entry.booking, entry.stored.room.zone
    return {
        "room": entry.stored.room.slug,
        "id": booking.id,
        "start": booking.start.astimezone(zone).isoformat(),
        "end": booking.end.astimezone(zone).isoformat(),
        "who": "private" if booking.private else booking.owner or booking.person or "anonymous",
        "title": booking.title,
        "made": "held" if booking.held else ("here" if booking.own else "Google Calendar"),
    }


def _short(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a day; write it like 2026-08-10.") from error
