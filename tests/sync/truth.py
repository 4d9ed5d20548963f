"""What happened in rooms, told twice: to the store as this server would have it, and counted in plain Python.

Nothing of the counting uses a rule of the product: every minute is looked at by itself, with the local time that the
standard library gives for it.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import Database

from kiosk.schedule.model import Booking, Event, Person
from kiosk.store import attendance, events, journal
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom

KINDS = ("plain", "plain", "came", "missed", "stayed_away", "ended", "spot", "all_day", "long", "none")
MINUTE = timedelta(minutes=1)
LEADS = {
    "lead_spot": 5,
    "lead_hour": 60,
    "lead_day": 1440,
    "lead_week": 7 * 1440,
    "lead_month": 28 * 1440,
    "lead_beyond": 10**9,
}
FILLS = {"fill_quarter": 0.25, "fill_half": 0.5, "fill_most": 0.75, "fill_whole": 1.0, "fill_beyond": 10**9}


@dataclass
class Raw:
    """A booking as it was: held until `end`, planned until `planned`; `lead` in minutes."""

    start: datetime
    end: datetime
    planned: datetime
    lead: int
    people: int
    here: bool = False
    state: str = ""
    released: bool = False


@dataclass
class Hall:
    """A room with its truth: open on these weekdays between these times, from one day to another."""

    stored: StoredRoom
    weekdays: frozenset[int]
    opens: time
    closes: time
    first: date
    last: date
    raw: list[Raw] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        return self.stored.room.zone


def minute_of(moment: datetime) -> int:
    """Return the minutes from the beginning of 1970 to a moment."""
    return int(moment.timestamp()) // 60


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def fill(db: Database, hall: Hall, chance: random.Random, first: date, last: date) -> None:
    """Let things happen in a room on every day of a period."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for _ in range(chance.choice((0, 1, 3, 6))):
            _happen(db, hall, chance, day)


def _happen(db: Database, hall: Hall, chance: random.Random, day: date) -> None:
    start = midnight(day, hall.zone) + chance.randrange(0, 1435) * MINUTE
    length = chance.choice((1, 15, 30, 45, 60, 90, 240)) * MINUTE
    kind = chance.choice(
        ("plain", "plain", "came", "missed", "stayed_away", "ended", "spot", "all_day", "long", "none")
    )
    if kind == "all_day":
        start, length = (
            midnight(day, hall.zone),
            midnight(day + timedelta(days=1), hall.zone) - midnight(day, hall.zone),
        )
    if kind == "long":
        length = timedelta(hours=30)
    lead = chance.choice((0, 3, 6, 60, 61, 1440, 1441, 12_000, 60_000))
    raw = Raw(start, start + length, start + length, lead, chance.choice((0, 1, 2, 4, 5, 9, 30)))
    _tell(db, hall, raw, kind)


def _tell(db: Database, hall: Hall, raw: Raw, kind: str) -> None:
    """Write a booking as the mirror, the journal and the check-ins would have it, and remember it as it was."""
    name, room = uuid.uuid4().hex, hall.stored.id
    event = Event(
        name,
        raw.start,
        raw.end,
        organizer=Person("ada@kiosk.example"),
        attendees=raw.people,
        created=raw.start - raw.lead * MINUTE,
    )
    if kind == "none":
        events.upsert(db, room, [replace(event, answer="declined")])
        return
    hall.raw.append(raw)
    booking = Booking(name, raw.start, raw.end)
    if kind == "spot":
        raw.here, raw.lead = True, min(raw.lead, 6)
        _act(db, room, "book", name, raw.start, raw.end, raw.start - raw.lead * MINUTE)
    if kind in {"came", "ended"}:
        raw.state = "in"
        attendance.enter(db, room, booking, raw.start, "panel")
    if kind in {"missed", "stayed_away"}:
        raw.state = "missed"
        attendance.await_(db, room, booking, raw.start, raw.start)
        attendance.miss(db, room, name, raw.start)
    if kind == "ended" and raw.end - raw.start > 10 * MINUTE:
        raw.end = raw.start + 10 * MINUTE
        event = replace(event, end=raw.end)
        _act(db, room, "end", name, raw.start, raw.end, raw.end, old_start=raw.start, old_end=raw.planned)
    if kind == "missed" and raw.end - raw.start > 10 * MINUTE:
        raw.end, raw.released = raw.start + 10 * MINUTE, True
        _act(db, room, "release", name, raw.start, raw.planned, raw.end, note="missed")
        event = replace(event, answer="declined")
    events.upsert(db, room, [event])


def _act(
    db: Database, room: int, kind: Any, name: str, start: datetime, end: datetime, at: datetime, **more: Any
) -> None:
    number = uuid.uuid4().hex
    command = Command(number, room, kind, name, start, end, "", "confirmed", "", None, "", 1, at, at, at, **more)
    assert journal.add(db, command)


@dataclass
class Truth:
    """What plain counting gives for some rooms from the local day `first` to `last`, by names of the report."""

    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    heat: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    days: Counter[tuple[date, str]] = field(default_factory=Counter)
    at_once: Counter[int] = field(default_factory=Counter)


def count(halls: list[Hall], first: date, last: date) -> Truth:
    """Count everything, minute by minute and booking by booking."""
    truth = Truth()
    for hall in halls:
        found = _count(hall, max(first, hall.first), min(last, hall.last), truth)
        if found is not None:
            truth.figures[hall.stored.room.slug] = found
    return truth


def _count(hall: Hall, first: date, last: date, truth: Truth) -> dict[str, int] | None:
    if first > last:
        return None
    found: Counter[str] = Counter()
    kinds = _minutes(hall)
    moment, end = midnight(first, hall.zone), midnight(last + timedelta(days=1), hall.zone)
    while moment < end:  # clocks change, and rooms open and close, at quarters of an hour
        local = moment.astimezone(hall.zone)
        opened = local.weekday() in hall.weekdays and hall.opens <= local.time() < hall.closes
        if opened:
            found["open_minutes"] += 15
            truth.heat[local.weekday(), local.hour, "open"] += 15
            truth.days[local.date(), "open"] += 15
        first_minute = minute_of(moment)
        for minute in range(first_minute, first_minute + 15):
            if minute in kinds:
                _look(truth, found, minute, local, opened, kinds[minute])
        moment += 15 * MINUTE
    ends = {raw.end for raw in hall.raw}
    for raw in hall.raw:
        if first <= raw.start.astimezone(hall.zone).date() <= last:
            found.update(_of_booking(raw, hall, ends))
    return {name: number for name, number in found.items() if number}


def _look(truth: Truth, found: Counter[str], minute: int, local: datetime, opened: bool, here: set[str]) -> None:
    """Count one minute, of which `here` tells all that holds: how it is held, and booked."""
    is_held = bool(here & {"held", "held missed"})
    truth.at_once[minute] += is_held
    found["outside"] += is_held and not opened
    if opened:
        for word in ("booked", "released", "early", "promised"):
            found[word] += word in here
        found["held"] += is_held
        found["ghost"] += "held missed" in here and "held" not in here
        found["rebooked"] += "released" in here and is_held
        truth.heat[local.weekday(), local.hour, "held"] += is_held
        truth.days[local.date(), "held"] += is_held


def _minutes(hall: Hall) -> dict[int, set[str]]:
    kinds: dict[int, set[str]] = {}
    for raw in hall.raw:
        end = minute_of(raw.end)
        for minute in range(minute_of(raw.start), minute_of(raw.planned)):
            here = kinds.setdefault(minute, set())
            here.add("booked")
            if raw.state:
                here.add("promised")
            if minute >= end:
                here.add("released" if raw.released else "early")
            else:
                here.add("held missed" if raw.state == "missed" else "held")
    return kinds


def _of_booking(raw: Raw, hall: Hall, ends: set[datetime]) -> Counter[str]:
    found = Counter({"bookings": 1, "made_here": int(raw.here), "ad_hoc": int(raw.here and raw.lead <= 5)})
    found["awaited"], found["came"] = int(raw.state != ""), int(raw.state == "in")
    found["missed"], found["releases"] = int(raw.state == "missed"), int(raw.released)
    found["ends_early"] = int(raw.end < raw.planned and not raw.released)
    found["back_to_back"] = int(any(raw.start - gap * MINUTE in ends for gap in range(6)))
    found[next(name for name, most in LEADS.items() if raw.lead <= most)] += 1
    seats = hall.stored.room.capacity
    if raw.people and seats:
        found.update({"sized": 1, "people": raw.people, "seats": seats})
        found[next(name for name, most in FILLS.items() if raw.people / seats <= most)] += 1
    return found
