"""The history: local days are closed into figures that outlive the bookings, and follow what Google still changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from peewee import Database

from kiosk import clock
from kiosk.schedule import occupancy
from kiosk.schedule.availability import occupies
from kiosk.schedule.closing import is_out_of_order
from kiosk.schedule.hours import Hours, closures
from kiosk.schedule.model import Event
from kiosk.schedule.occupancy import BACK_TO_BACK, FIGURES, Stay
from kiosk.store import events, facts, harvest, minutes, past_rooms, rooms, stays
from kiosk.store.models import MirrorRow
from kiosk.store.past import PastDayRow, PastMinutesRow, PastMonthRow
from kiosk.store.past_rooms import PastRoom, bounds, day_of, midnight
from kiosk.store.plain import marks, run
from kiosk.store.plain import rows as looked_up
from kiosk.store.rooms import StoredRoom
from kiosk.store.stays import Kept

# The first local day of which single bookings are still kept; what is older is not corrected any more.
KEPT_FROM = "history_kept_from"
# How many single bookings one transaction drops.
PART = 2000
NAMES = ", ".join(FIGURES)
WRITE_DAY = f"""
    INSERT INTO past_day (past_room_id, day, {NAMES}) VALUES (?, ?, {marks(FIGURES)})
    ON CONFLICT (past_room_id, day) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in FIGURES)}
"""
DAY = timedelta(days=1)


def close(db: Database, number: int, day: int, opening: Hours) -> bool:
    """Close a room's day from the mirror, if it is the next one to close; tell whether it was closed.

    It is not where another process was faster, or where the mirror does not have it any more and Google must be asked.
    `opening`: the opening hours of rooms whose policy names none.
    """
    past = past_rooms.by_id(db, number)
    if past.room_id is None or past.closed_day + 1 != day:
        return False
    stored = rooms.by_id(db, past.room_id)
    since = _mirrored_since(db, stored)
    if since and midnight(day, stored.room.zone) < since:
        past_rooms.skip_to(db, past, _first_whole_day(stored, since))
        return False
    start, end = midnight(day, stored.room.zone), midnight(day + 1, stored.room.zone)
    _store(db, past, stored, events.between(db, stored.id, start, end), day, day)
    shut = is_out_of_order(stored.room, end - timedelta(minutes=1))
    _count(db, past, day, 0 if shut else open_minutes(stored, day, opening))
    first = day if past.first_day is None else min(past.first_day, day)
    past_rooms.change(db, past, closed_day=day, first_day=first)
    return True


def enter(db: Database, asked: PastRoom, first: int, last: int, found: Sequence[Event], opening: Hours) -> bool:
    """Close the days from the first that is still to be read up to `last`, of which Google told these events.

    A room counts from the first day on which it is known to have been booked: nobody knows since when it was there.
    False when another calendar was given to the room since it was `asked` for, or another process was faster.
    """
    past = past_rooms.by_id(db, asked.id)
    if past.room_id is None or (past.read_from, past.calendar) != (first, asked.calendar):
        return False
    stored, counts_from = rooms.by_id(db, past.room_id), past.first_day
    _store(db, past, stored, found, first, last)
    for day in range(first, last + 1):
        told = _stays(db, past, day)
        if told and (counts_from is None or day < counts_from):
            counts_from = day
        if counts_from is not None and day >= counts_from:
            _count(db, past, day, open_minutes(stored, day, opening))
    past_rooms.change(db, past, first_day=counts_from)
    past_rooms.has_read(db, past, last, asked.due_at)
    return True


def correct(db: Database, room_id: int, changed: Iterable[Event], gone: Collection[str]) -> int:
    """Follow what Google has changed in days that are closed; return how many days were counted anew.

    `gone`: ids of events, or of whole series, that are not there any more. What was given back here stays given back.
    """
    told = list(changed)
    past = past_rooms.of_room(db, room_id) if told or gone else None
    if past is None or past.first_day is None:
        return 0
    mark, zone = stays.marker(db), clock.zone(past.zone)
    new = {key: event for event in told if (key := mark(event.id)) is not None}
    lost = {key for name in gone if (key := mark(name)) is not None}
    before = [one for one in stays.known(db, past.id, {*new, *lost}, lost) if _is_over(one, new, lost)]
    closed = past_rooms.midnight(past.closed_day + 1, zone)
    here = [event for event in new.values() if occupies(event) and event.start < closed]
    known = {one.key: one for one in before}
    fresh = [harvest.of_event(event, mark) for event in here]
    after = [stays.changed(known[one.key], one.stay) if one.key in known else one for one in fresh]
    if {one.key: one.stay for one in before} == {one.key: one.stay for one in after}:
        return 0
    stays.drop(db, past.id, before)
    oldest = occupancy.minute_of(past_rooms.midnight(_oldest(db, past), zone))
    stays.add(db, past.id, [one for one in after if one.stay.start >= oldest])
    days = _days_of([*before, *after], past, _oldest(db, past))
    for day in days:
        tally(db, past, day)
    return len(days)


def tally(db: Database, past: PastRoom, day: int, opened: int | None = None) -> None:
    """Count a day anew from the stays that are kept; `opened`: its open minutes, None for those it had before."""
    here = bounds(day, clock.zone(past.zone))
    if opened is None:
        opened = minutes.opened(db, past.id, here.origin, here.size)
    told = _stays(db, past, day)
    figures = occupancy.of_day(told, here.origin, here.size, opened, past.capacity)
    run(db, WRITE_DAY, past.id, day, *occupancy.values(figures))
    _sum_up(db, past.id, date.fromordinal(day))
    minutes.write(db, past.id, here.origin, here.size, occupancy.held(told, here.origin, here.size), opened)


def _count(db: Database, past: PastRoom, day: int, opened: int) -> None:
    """Count a day whose open minutes are these, unless it was counted before: it keeps those it had then."""
    known = looked_up(db, "SELECT 1 FROM past_day WHERE past_room_id = ? AND day = ?", past.id, day)
    tally(db, past, day, None if known else opened)


def open_minutes(stored: StoredRoom, day: int, opening: Hours) -> int:
    """Return the minutes of a local day in which a room is open, counted from its first one."""
    zone = stored.room.zone
    here = bounds(day, zone)
    found = (1 << here.size) - 1
    for slot in closures(stored.room.policy.hours or opening, zone, midnight(day, zone), midnight(day + 1, zone)):
        ends = (occupancy.minute_of(slot.start), occupancy.minute_of(slot.end))
        found &= ~occupancy.span(*ends, here.origin, here.size)
    return found


def drop_bookings(db: Database, today: date, days: int) -> int:
    """Drop some single bookings that are so many days old; return how many. Nothing is left when none are."""
    before, known = today - timedelta(days=days), kept_from(db) or 0
    # A day that is still to come was written by a clock that has been put back since.
    if not before.toordinal() <= known <= today.toordinal():
        facts.write(db, KEPT_FROM, str(min(max(known, before.toordinal()), today.toordinal())))
    # A day more: rooms east and west of here have other midnights.
    minute = occupancy.minute_of(clock.local_midnight(before - DAY, clock.zone("UTC")))
    return stays.drop_before(db, minute, PART)


def drop_figures(db: Database, before: date) -> int:
    """Drop the figures of the months before the one in which a day lies; return how many days of rooms there were."""
    first = before.replace(day=1)
    month = first.year * 12 + first.month - 1
    PastMinutesRow.delete().where(PastMinutesRow.month < month).execute(db)
    PastMonthRow.delete().where(PastMonthRow.month < month).execute(db)
    return int(PastDayRow.delete().where(PastDayRow.day < first.toordinal()).execute(db))


def kept_from(db: Database) -> int | None:
    """Return the first day of which single bookings are still kept, None when none were dropped."""
    text = facts.read(db, KEPT_FROM)
    return int(text) if text else None


def of_person(db: Database, person: str, event_ids: Iterable[str]) -> list[int]:
    """Return the stays of somebody: organized under their address, or known by the ids of their bookings."""
    mark = stays.marker(db)
    mine = looked_up(db, "SELECT id FROM stay WHERE person = ?", mark(person))
    booked = [row for name in event_ids for row in looked_up(db, "SELECT id FROM stay WHERE key = ?", mark(name))]
    return sorted({row[0] for row in (*mine, *booked)})


def _mirrored_since(db: Database, stored: StoredRoom) -> datetime | None:
    """Return from when on the mirror has a room's events; None for a room whose bookings are all here."""
    row = MirrorRow.select(MirrorRow.window_start).where(MirrorRow.room == stored.id).tuples().first(db)
    return row[0] if row and stored.calendar_id else None


def _first_whole_day(stored: StoredRoom, since: datetime) -> int:
    day = day_of(since, stored.room.zone)
    return day if midnight(day, stored.room.zone) == since else day + 1


def _store(db: Database, past: PastRoom, stored: StoredRoom, found: Sequence[Event], first: int, last: int) -> None:
    start, end = midnight(first, stored.room.zone), midnight(last + 1, stored.room.zone)
    here = [event for event in found if event.start < end and event.end > start]
    kept = harvest.gather(db, stored, here, start, end)
    stays.replace_span(db, past.id, occupancy.minute_of(start), occupancy.minute_of(end), kept)


def _stays(db: Database, past: PastRoom, day: int) -> list[Stay]:
    here = bounds(day, clock.zone(past.zone))
    return stays.overlapping(db, past.id, here.origin - BACK_TO_BACK, here.origin + here.size)


def _is_over(one: Kept, new: dict[int, Event], lost: Collection[int]) -> bool:
    """Tell whether a stay is not as it was; one that was given back here is declined or deleted because of that."""
    event = new.get(one.key or 0)
    there = event is not None and occupies(event) and one.key not in lost
    return there or not (one.stay.released or one.stay.end < one.stay.planned)


def _oldest(db: Database, past: PastRoom) -> int:
    return max(past.first_day or 0, kept_from(db) or 0)


def _days_of(found: Iterable[Kept], past: PastRoom, oldest: int) -> list[int]:
    zone = clock.zone(past.zone)
    days: set[int] = set()
    for one in found:
        ends = (one.stay.start, max(one.stay.start, one.stay.planned + BACK_TO_BACK))
        first, last = (day_of(occupancy.instant_of(minute), zone) for minute in ends)
        days |= {*range(max(first, oldest), min(last, past.closed_day) + 1)}
    return sorted(days)


def _sum_up(db: Database, past_room: int, day: date) -> None:
    first = day.replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    month = first.year * 12 + first.month - 1
    sums = ", ".join(f"SUM({name})" for name in FIGURES)
    run(db, "DELETE FROM past_month WHERE past_room_id = ? AND month = ?", past_room, month)
    sql = f"""
        INSERT INTO past_month (past_room_id, month, {NAMES})
        SELECT past_room_id, ?, {sums} FROM past_day WHERE past_room_id = ? AND day >= ? AND day < ?
        GROUP BY past_room_id
    """
    run(db, sql, month, past_room, first.toordinal(), after.toordinal())
