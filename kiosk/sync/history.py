"""The loop that keeps the history: days are closed after midnight, and the past of newly linked calendars is read."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.errors import KioskError, SourceError, Unreachable
from kiosk.schedule.hours import Hours
from kiosk.schedule.model import Event
from kiosk.source import CalendarSource, Window
from kiosk.store import facts, forgetting, history, past_rooms
from kiosk.store.database import Store
from kiosk.store.past_rooms import PastRoom, midnight
from kiosk.sync.budget import OUT_OF_BUDGET

log = logging.getLogger(__name__)

# Of the requests that Google allows, the part beyond which nothing of the past is read.
READ_SHARE = 0.5
# Whatever was still under way at midnight has been settled by then.
SETTLED = timedelta(minutes=5)
ROOMS_AT_ONCE = 50
DAYS_AT_ONCE = 15
DAYS_WRITTEN = 5
MOST_PAGES = 100
IDLE_SECONDS = 20.0
# Between two rooms whoever waits to write gets a turn.
PAUSE_SECONDS = 0.01
OUT_OF_BUDGET_REST = timedelta(minutes=2)
FIRST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(hours=6)
# Nobody else reads a room's past meanwhile; who is ended while reading leaves it for so long.
CLAIM = timedelta(minutes=2)
DROP_EVERY = timedelta(hours=6)
DROPPED_AT = "history_dropped_at"


@dataclass
class History:
    """Keeps the history; `opening`: the hours of rooms whose policy names none.

    `bookings_days`: how long single bookings are kept; `figures_days`: how long figures are, 0 for ever.
    `pause`: seconds between two rooms.
    """

    store: Store
    source: CalendarSource
    opening: Hours
    bookings_days: int
    figures_days: int
    clock: clock.Clock = clock.now
    pause: float = PAUSE_SECONDS
    _stuck: dict[int, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="history", daemon=True).start()

    def step(self) -> bool:
        """Do some of what is to be done; False when there is nothing."""
        now = self.clock()
        with self.store.read() as db:
            behind = bool(past_rooms.strangers(db))
        if behind:
            self.store.write(past_rooms.follow, now)
        return self.close(now) or self.read_one(now) or self.drop(now)

    def close(self, now: datetime) -> bool:
        """Close the next day of some rooms."""
        with self.store.read() as db:
            found = past_rooms.closable(db, now, SETTLED, ROOMS_AT_ONCE + len(self._stuck))
        done = [self._close(past) for past in found]
        return any(done)

    def read_one(self, now: datetime) -> bool:
        """Read some days of one room's past; the oldest that are still to be read come first."""
        with self.store.read() as db:
            waiting = past_rooms.to_read(db, now)
        past = self.store.write(past_rooms.claim, now, CLAIM) if waiting else None
        if past is None or past.read_from is None or past.read_to is None:
            return False
        last = min(past.read_to, past.read_from + DAYS_AT_ONCE - 1)
        try:
            self._enter(past, last, self._events(past, past.read_from, last))
        except SourceError as error:
            self._rest(past, error, now)
        except Exception as error:
            log.exception("%s: its past is not understood", past.slug)
            self._try_later(past, error, now)
        return True

    def drop(self, now: datetime) -> bool:
        """Drop some single bookings, and figures, that are older than they are to be kept; a few times a day."""
        with self.store.read() as db:
            before, names = facts.read_instant(db, DROPPED_AT), forgetting.after_days(db)
        if before and before <= now < before + DROP_EVERY:
            return False
        # Where names are forgotten sooner, what stands for them goes as soon.
        days = min(self.bookings_days, names or self.bookings_days)
        today = now.date()
        if self.store.write(history.drop_bookings, today, days):
            return True
        if self.figures_days:
            self.store.write(history.drop_figures, today - timedelta(days=self.figures_days))
        self.store.write(facts.write_instant, DROPPED_AT, now)
        return False

    def _enter(self, past: PastRoom, last: int, found: list[Event]) -> None:
        """Write some days at a time: a tap that comes meanwhile waits for no more."""
        assert past.read_from is not None
        for first in range(past.read_from, last + 1, DAYS_WRITTEN):
            days = first, min(last, first + DAYS_WRITTEN - 1)
            if not self.store.write(history.enter, past, *days, found, self.opening):
                return

    def _close(self, past: PastRoom) -> bool:
        """Close a room's next day; one that cannot be closed keeps no other waiting, and is told once."""
        threading.Event().wait(self.pause)
        try:
            self.store.write(history.close, past.id, past.closed_day + 1, self.opening)
        except Exception as error:
            if self._stuck.get(past.id) != str(error):
                log.warning(
                    "%s: its day cannot be closed: %s", past.slug, error, exc_info=not isinstance(error, KioskError)
                )
            self._stuck[past.id] = str(error)
            return False
        self._stuck.pop(past.id, None)
        return True

    def _events(self, past: PastRoom, first: int, last: int) -> list[Event]:
        zone = clock.zone(past.zone)
        window = Window(midnight(first, zone), midnight(last + 1, zone))
        found: dict[str, Event] = {}
        token: str | None = None
        for _ in range(MOST_PAGES):
            page = self.source.page(past.calendar, window, token)
            found |= {event.id: event for event in page.events}
            token = page.next_page
            if token is None:
                return list(found.values())
        raise Unreachable("Google's list of a short time does not end.")

    def _rest(self, past: PastRoom, error: SourceError, now: datetime) -> None:
        if error.reason == OUT_OF_BUDGET:
            self.store.write(past_rooms.put_off, past, now + OUT_OF_BUDGET_REST)
            return
        if not past.failures:
            log.warning("%s: its past cannot be read yet: %s", past.slug, error)
        self._try_later(past, error, now)

    def _try_later(self, past: PastRoom, error: Exception, now: datetime) -> None:
        due_at = now + min(FIRST_REST * 2 ** min(past.failures, 10), LONGEST_REST)
        self.store.write(past_rooms.rest, past, str(error), due_at)

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), IDLE_SECONDS, log, "The history")
