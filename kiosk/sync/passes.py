"""One room's full and delta passes: read all pages first, then store rows and cursor in one transaction."""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import CursorExpired, SourceError, Unreachable
from kiosk.schedule.availability import fill
from kiosk.schedule.model import Event
from kiosk.source import CalendarSource, Since, Window
from kiosk.store import events, leases, mirror
from kiosk.store.database import Store
from kiosk.store.mirror import Beside, Committed, Progress
from kiosk.sync import expiry

log = logging.getLogger(__name__)

FULL_EVERY = timedelta(hours=24)
# Rooms are read anew at hours of their own, and long before their window is too short: never all at midnight.
FULL_SPREAD = 0.25
SPARE_DAYS = 2
MOST_PAGES = 50
TRIES = 5
# A booking takes a second or two; while Google is slow it may take longer.
PATIENCE_SECONDS = 5.0
STEP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass needs: where to read, where to write, how many days ahead are kept, and the clock.

    `pages`: a delta of more pages than this is given up for a full pass. `noticed(room, made, seen, stored)` hears of
    every event that was changed, as far as it is known when: at its source, when it was read and stored.
    """

    source: CalendarSource
    store: Store
    days: int
    clock: clock.Clock = clock.now
    pages: int = MOST_PAGES
    noticed: Callable[[int, datetime, datetime, datetime], None] = lambda *_moments: None


@dataclass(slots=True)
class Harvest:
    """What the pages of one pass brought; without a cursor the next pass asks again from where this one began."""

    events: dict[str, Event] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    cursor: str = ""
    can_write: bool = True
    zone: str = ""
    updated: datetime | None = None
    as_of: datetime | None = None
    beside: str = ""


class TooMuch(CursorExpired):
    """A delta so long that reading the window anew is cheaper."""


def refresh(work: Pass, room_id: int) -> bool:
    """Bring one room up to date; True when it is, False when it is no longer linked.

    Raises SourceError when the source fails, and Resting while a room waits because its cursors keep expiring;
    what is mirrored stays as it was. A pass that was overtaken by a write-through is thrown away and run again;
    one that meets a booking under way waits for its end.
    """
    for _ in range(TRIES):
        with work.store.read() as db:
            progress = mirror.progress(db, room_id)
        if progress is None:
            return False
        expiry.wait_out(progress, work.clock())
        _let_bookings_finish(work, room_id)
        if _run(work, progress):
            return True
    raise Unreachable("Bookings kept overtaking the synchronisation; it will be tried again.")


def _let_bookings_finish(work: Pass, room_id: int) -> None:
    pause, give_up = threading.Event(), clock.monotonic() + PATIENCE_SECONDS
    while _is_being_booked(work, room_id):
        if clock.monotonic() > give_up:
            raise Unreachable("A booking is under way for long; the room is read after it.")
        pause.wait(STEP_SECONDS)


def _is_being_booked(work: Pass, room_id: int) -> bool:
    with work.store.read() as db:
        return leases.held(db, leases.of_room(room_id), work.clock())


def needs_full(progress: Progress, now: datetime, days: int) -> bool:
    """Tell whether the window must be read anew: no cursor, about a day old, or no longer reaching far enough.

    The daily reading is structural: a series that nobody touches never tells of the instances that enter later.
    """
    if not progress.cursor or progress.full_at is None or progress.window_end is None:
        return True
    wanted = clock.window(now, clock.zone(progress.zone), days)[1]
    return now - progress.full_at > _full_every(progress.calendar_id) or progress.window_end < wanted


def _full_every(calendar_id: str) -> timedelta:
    """Return a day, a quarter more or less, always the same for a room."""
    share = zlib.crc32(calendar_id.encode()) / 0xFFFFFFFF
    return FULL_EVERY * (1 + FULL_SPREAD * (2 * share - 1))


def _run(work: Pass, progress: Progress) -> bool:
    if needs_full(progress, work.clock(), work.days):
        return _catch_up(work, progress) and _full(work, progress)
    try:
        return _delta(work, progress)
    except TooMuch as error:
        log.info("%s: reading everything anew (%s)", progress.slug, error)
    except CursorExpired as error:
        _expire(work, progress, error)
    return _full(work, progress)


def _catch_up(work: Pass, progress: Progress) -> bool:
    """Take the changes before the window is read anew: it begins yesterday, and the history follows older days too.

    False when that was overtaken. Where it fails, reading the window is what counts, and what heals a bad cursor.
    """
    if not progress.cursor:
        return True
    try:
        return _delta(work, progress)
    except SourceError as error:
        log.info("%s: what was changed in days past cannot be followed (%s)", progress.slug, error)
        return True


def _expire(work: Pass, progress: Progress, error: CursorExpired) -> None:
    """Forget the cursor. Raises Resting when that happens too often for the room to be read anew at once."""
    now = work.clock()
    expiries = expiry.following(progress, now)
    work.store.write(mirror.expired, progress.room_id, expiries, now)
    log.warning("%s: the cursor has expired, %d in a row (%s)", progress.slug, expiries, error)
    expiry.wait_out(replace(progress, cursor=None, expired_at=now, expiries=expiries), now)


def _full(work: Pass, progress: Progress) -> bool:
    window = clock.window(work.clock(), clock.zone(progress.zone), work.days + SPARE_DAYS)
    harvest = _read(work.source, progress.calendar_id, Window(*window), MOST_PAGES * 10)
    _remember(work, progress.room_id, harvest, Window(*window), whole=True)
    seen = work.clock()
    committed = work.store.write(
        mirror.commit_full,
        progress.room_id,
        progress.generation,
        list(harvest.events.values()),
        harvest.cursor,
        window,
        work.clock(),
        can_write=harvest.can_write,
        zone=harvest.zone,
        beside=Beside(harvest.as_of, harvest.beside),
    )
    return _tell(work, progress.room_id, harvest, committed, seen)


def _delta(work: Pass, progress: Progress) -> bool:
    window = _kept(work, progress)
    harvest = _read(work.source, progress.calendar_id, Since(str(progress.cursor), window), work.pages)
    _remember(work, progress.room_id, harvest, window, whole=False)
    kept = [event for event in harvest.events.values() if event.start < window.end and event.end > window.start]
    left = harvest.events.keys() - {event.id for event in kept}
    past = [harvest.events[event_id] for event_id in left if harvest.events[event_id].end <= window.start]
    seen = work.clock()
    committed = work.store.write(
        mirror.commit_delta,
        progress.room_id,
        progress.generation,
        kept,
        harvest.gone | left,
        harvest.gone,
        harvest.cursor or str(progress.cursor),
        work.clock(),
        can_write=harvest.can_write,
        zone=harvest.zone,
        past=past,
        beside=Beside(harvest.as_of, harvest.beside),
    )
    return _tell(work, progress.room_id, harvest, committed, seen)


def _tell(work: Pass, room_id: int, harvest: Harvest, committed: Committed | None, seen: datetime) -> bool:
    """Say of every stored change when it was made; of what is gone, the calendar's own last change tells."""
    if committed is None:
        return False
    for event_id in committed.changed | committed.removed:
        event = harvest.events.get(event_id)
        made = event.updated if event else harvest.updated
        if made:
            work.noticed(room_id, made, seen, work.clock())
    return True


def _kept(work: Pass, progress: Progress) -> Window:
    """Return the stretch in which a delta's events count: cursors do not remember the window of the full pass."""
    start, wanted = clock.window(work.clock(), clock.zone(progress.zone), work.days)
    return Window(start, max(wanted, progress.window_end or wanted))


def _read(source: CalendarSource, calendar_id: str, query: Window | Since, most: int) -> Harvest:
    """Read every page; a later page wins over an earlier one. Raises TooMuch past `most` pages."""
    harvest = Harvest()
    token: str | None = None
    for _ in range(most):
        page = source.page(calendar_id, query, token)
        harvest.unsure = (harvest.unsure - {event.id for event in page.events}) | page.unsure
        for event in page.events:
            harvest.events[event.id] = event
            harvest.gone.discard(event.id)
        for event_id in page.gone:
            harvest.events.pop(event_id, None)
            harvest.gone.add(event_id)
        token = page.next_page
        if token is None:
            harvest.cursor = page.cursor or ""
            harvest.can_write, harvest.zone, harvest.updated = page.can_write, _known_zone(page.zone), page.updated
            harvest.as_of, harvest.beside = page.as_of, page.beside
            return harvest
    raise TooMuch("The list of changes is too long.")


def _remember(work: Pass, room_id: int, harvest: Harvest, window: Window, whole: bool) -> None:
    """Keep what the room is known to have declined, where the source cannot tell any more.

    That is so for a meeting that has not been changed, and whose whole time others take: a booking that was made over
    it, mostly. `whole`: the harvest is all that there is; else it is that besides what is mirrored.
    """
    if not harvest.unsure:
        return
    with work.store.read() as db:
        known = {event.id: event for event in events.between(db, room_id, window.start, window.end)}
    unsure = [harvest.events[event_id] for event_id in harvest.unsure & harvest.events.keys()]
    declined = {event.id: event for event in unsure if _is_declined(event, known.get(event.id))}
    there = harvest.events if whole else _overlaid(known, harvest)
    others = [event for event in there.values() if event.id not in declined]
    for event in declined.values():
        if fill(others, max(event.start, window.start), min(event.end, window.end)):
            harvest.events[event.id] = replace(event, answer="declined")


def _is_declined(found: Event, known: Event | None) -> bool:
    return known is not None and known.answer == "declined" and known.etag == found.etag != ""


def _overlaid(known: dict[str, Event], harvest: Harvest) -> dict[str, Event]:
    here = {one.id: one for one in known.values() if not {one.id, one.series_id} & harvest.gone}
    return here | harvest.events


def _known_zone(name: str) -> str:
    try:
        return clock.zone(name).key if name else ""
    except ValueError:
        return ""
