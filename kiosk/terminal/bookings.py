"""What the command line tells of bookings, and does about them."""

from __future__ import annotations

import argparse
import getpass
from datetime import date, timedelta

from kiosk import assembly, clock
from kiosk.booking import sentences
from kiosk.booking.counter import Asked, Declined
from kiosk.errors import KioskError, UsageError
from kiosk.schedule.rights import Act, Who
from kiosk.settings import Settings
from kiosk.store import register, rooms
from kiosk.store.register import Entry, Search
from kiosk.terminal.tables import CONSOLE, open_parts, show

COLUMNS = ("room", "start", "end", "who", "title", "made", "id")
MOST = 10_000
GIVE_BACK_SECONDS = 5.0
NOTED = "Noted. Google has not answered yet; a running server does it as soon as it does."


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
    short = [row | {"start": _short(row["start"]), "end": _short(row["end"])} for row in rows]
    show(rows, COLUMNS, options.json, "There are no such bookings.", short)


def reject_booking(settings: Settings, options: argparse.Namespace) -> None:
    """Release the room from a meeting, where the policy allows it; the appointment itself stays."""
    _change(settings, options, "release", "The room is released.")


def delete_booking(settings: Settings, options: argparse.Namespace) -> None:
    """Delete a booking that was made here in nobody's name."""
    _change(settings, options, "cancel", "The booking is deleted.")


def _change(settings: Settings, options: argparse.Namespace, act: Act, done: str) -> None:
    """Do what an administrator's page does. Raises UsageError or KioskError with the reason why not."""
    desk = assembly.front_desk(open_parts(settings))
    desk.locks.start()
    who = Who("admin", name=CONSOLE)
    try:
        command = desk.change(Asked(act, options.id, options.room, who=who, place=getpass.getuser()))
    except Declined as error:
        raise UsageError(sentences.refusal(error.reason)) from error
    finally:
        desk.locks.wait_until_free(GIVE_BACK_SECONDS)
    if command.state == "refused":
        raise KioskError(sentences.refusal(command.reason))
    print(done if command.state == "confirmed" else NOTED)


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
