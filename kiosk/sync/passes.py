"""One room's full and delta passes: read all pages first, then store rows and cursor in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import CursorExpired, SourceError, Unreachable
from kiosk.schedule.model import Event
from kiosk.source import CalendarSource, Since, Window
from kiosk.store import mirror
from kiosk.store.database import Store
from kiosk.store.mirror import Progress

log = logging.getLogger(__name__)

FULL_EVERY = timedelta(hours=24)
MOST_PAGES = 50
TRIES = 5


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass needs: where to read, where to write, how many days ahead are kept, and the clock."""

    source: CalendarSource
    store: Store
    days: int
    clock: clock.Clock = clock.now


@dataclass(slots=True)
class Harvest:
    """What the pages of one pass brought."""

    events: dict[str, Event] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    cursor: str = ""


class TooMuch(CursorExpired):
    """A delta so long that reading the window anew is cheaper."""


def refresh(work: Pass, room_id: int) -> bool:
    """Bring one room up to date; True when it is, False when it is no longer linked.

    Raises SourceError when the source fails; what is mirrored stays as it was. A pass that was overtaken by
    a write-through is thrown away and run again.
    """
    for _ in range(TRIES):
        with work.store.read() as db:
            progress = mirror.progress(db, room_id)
        if progress is None:
            return False
        if _run(work, progress):
            return True
    raise Unreachable("Bookings kept overtaking the synchronisation; it will be tried again.")


def needs_full(progress: Progress, now: datetime, days: int) -> bool:
    """Tell whether the window must be read anew: never read, a day old, or no longer reaching far enough."""
    if not progress.cursor or progress.full_at is None or progress.window_end is None:
        return True
    wanted = clock.window(now, clock.zone(progress.zone), days)[1]
    return now - progress.full_at > FULL_EVERY or progress.window_end < wanted


def _run(work: Pass, progress: Progress) -> bool:
    if needs_full(progress, work.clock(), work.days):
        return _full(work, progress)
    try:
        return _delta(work, progress)
    except CursorExpired as error:
        log.info("%s: reading everything anew (%s)", progress.slug, error)
    return _full(work, progress)


def _full(work: Pass, progress: Progress) -> bool:
    window = clock.window(work.clock(), clock.zone(progress.zone), work.days)
    harvest = _read(work.source, progress.calendar_id, Window(*window), MOST_PAGES * 10)
    return work.store.write(
        mirror.commit_full,
        progress.room_id,
        progress.generation,
        list(harvest.events.values()),
        harvest.cursor,
        window,
        work.clock(),
    )


def _delta(work: Pass, progress: Progress) -> bool:
    harvest = _read(work.source, progress.calendar_id, Since(str(progress.cursor)), MOST_PAGES)
    start, end = clock.window(work.clock(), clock.zone(progress.zone), work.days)
    kept = [event for event in harvest.events.values() if event.start < end and event.end > start]
    left = harvest.events.keys() - {event.id for event in kept}
    return work.store.write(
        mirror.commit_delta,
        progress.room_id,
        progress.generation,
        kept,
        harvest.gone | left,
        harvest.gone,
        harvest.cursor,
        work.clock(),
    )


def _read(source: CalendarSource, calendar_id: str, query: Window | Since, most: int) -> Harvest:
    """Read every page; a later page wins over an earlier one. Raises TooMuch past `most` pages."""
    harvest = Harvest()
    token: str | None = None
    for _ in range(most):
        page = source.page(calendar_id, query, token)
        for event in page.events:
            harvest.events[event.id] = event
            harvest.gone.discard(event.id)
        for event_id in page.gone:
            harvest.events.pop(event_id, None)
            harvest.gone.add(event_id)
        token = page.next_page
        if token is None:
            return _finished(harvest, page.cursor)
    raise TooMuch("The list of changes is too long.")


def _finished(harvest: Harvest, cursor: str | None) -> Harvest:
    if not cursor:
        raise SourceError("Google's last page carries no cursor.")
    harvest.cursor = cursor
    return harvest
