"""The loop that tells screens: after every commit, and when a local day begins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from displays.scene import local_date
from kiosk import clock, runtime
from kiosk.errors import DatabaseAway, NotFound
from kiosk.live.audience import Audience
from kiosk.live.freshness import Freshness
from kiosk.live.gallery import Gallery, Screen
from kiosk.live.members import TOUCHED, Census, Register, Shown
from kiosk.store import rooms
from kiosk.store.glance import Glance
from kiosk.store.rooms import StoredRoom

log = logging.getLogger(__name__)

# publish(channel, event, payload)
Publish = Callable[[str, str, dict[str, Any]], None]
# How soon a change by another process, such as the command line, and a new local day are seen.
LOOK = timedelta(seconds=2)
ANSWERS_FIRST_SECONDS = 0.005
# Which rooms a screen shows, and its frame.
Cast = tuple[tuple[tuple[int, str], ...], dict[str, Any]]


@dataclass
class Pulse:
    """Sends each change once, to the screens that show it and to nobody else."""

    gallery: Gallery
    audience: Audience
    publish: Publish
    freshness: Freshness
    _told: dict[Screen, str] = field(default_factory=dict)
    _casts: dict[Screen, Cast] = field(default_factory=dict)
    _days: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict)
    _seen: tuple[int, datetime] = (-1, clock.DAWN)
    _wake: threading.Event = field(default_factory=threading.Event)
    _register: Register = field(init=False)

    def __post_init__(self) -> None:
        self._register = Register(self.gallery.store)
        self._newest = Glance(self.gallery.store, rooms.newest_revision)
        self._zones: set[ZoneInfo] = set()
        self._shown: tuple[int | None, dict[str, str]] = (None, {})

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="pulse", daemon=True).start()

    def wake(self) -> None:
        """Look at once: something was committed."""
        self._wake.set()

    def behind(self) -> int:
        """Count the screens that do not show the newest version of what they show; all rooms are read at once."""
        census, screens = Census(self.gallery.store), self.audience.screens()
        if screens:
            census.every()
        return self.audience.behind({screen: self.gallery.version(screen, census) for screen in screens})

    def joining(self, screen: Screen) -> None:
        """Remember what a screen shows, before it is drawn for its first viewer. Raises NotFound."""
        if screen not in self._casts:
            self._casts[screen] = _cast(self.gallery.shown(screen))

    def joined(self, screen: Screen, version: str) -> None:
        """Remember the version that the first viewer of a screen starts with."""
        self._told.setdefault(screen, version)

    def step(self) -> None:
        """Tell every watched screen whose picture has changed; doors first, somebody may stand there.

        Those that show a changed room go before those that are only looked at.
        """
        now = self.gallery.clock()
        if not self._worth_a_look(now):
            return
        # Asked for before anything is read: what is committed meanwhile is looked for next time.
        seen = (self.gallery.store.state(), self._dates(now))
        if seen[0] is None or seen != self._shown:
            self._tell_all(now)
            self._shown = (seen[0], self._dates(now))

    def _tell_all(self, now: datetime) -> None:
        """Look at all screens; where the database goes away meanwhile, the same rooms count as changed next time."""
        before = self._days
        try:
            self._look_at_all(now)
        except DatabaseAway:
            self._days = before
            raise

    def _look_at_all(self, now: datetime) -> None:
        census, watched = self._register.census(), self.audience.screens()
        changed = self._changed(census, now)
        ids = {one.id for one in changed}
        for screen in sorted(watched, key=lambda one: (one.display not in TOUCHED, self._lacks(one, ids), one.channel)):
            self._look(screen, census, changed, now)
        for gone in (self._told.keys() | self._casts.keys()) - watched:
            self._told.pop(gone, None)
            self._casts.pop(gone, None)

    def _worth_a_look(self, now: datetime) -> bool:
        newest = self._newest.value()
        revision, looked = self._seen
        worth = newest != revision or now - looked >= LOOK
        self._seen = (newest, now if worth else looked)
        return worth

    def _dates(self, now: datetime) -> dict[str, str]:
        """Return which day it is where there are rooms."""
        return {zone.key: now.astimezone(zone).date().isoformat() for zone in self._zones}

    def _lacks(self, screen: Screen, ids: set[int]) -> bool:
        shown, _frame = self._casts.get(screen, ((), {}))
        return not any(number in ids for number, _slug in shown)

    def _changed(self, census: Census, now: datetime) -> list[StoredRoom]:
        """Return the rooms that have changed, or begun another day, since the last look."""
        newest = census.every()
        # A room with another address is another one to every board.
        days = {(one.id, one.room.slug): (one.revision, local_date(one.room, now).isoformat()) for one in newest}
        before, self._days = self._days, days
        self._zones = {one.room.zone for one in newest}
        return [one for one in newest if before.get((one.id, one.room.slug)) != days[one.id, one.room.slug]]

    def _look(self, screen: Screen, census: Census, changed: list[StoredRoom], now: datetime) -> None:
        """Tell one screen what has changed; it is drawn as a whole when rooms come or go, or its frame changes."""
        try:
            shown = self.gallery.shown(screen, census)
        except NotFound:
            shown = Shown([])
        cast = _cast(shown)
        before, self._casts[screen] = self._casts.get(screen, cast), cast
        ids = {one.id for one in shown.rooms}
        if before != cast:
            self.publish(screen.channel, "refresh", {})
            self._told.pop(screen, None)
        elif any(one.id in ids for one in changed):
            self._tell(screen, census, [one for one in changed if one.id in ids], now)

    def _tell(self, screen: Screen, census: Census, changed: list[StoredRoom], now: datetime) -> None:
        version = self.gallery.version(screen, census)
        previous = self._told.get(screen, "")
        if version == previous:
            return
        tracks = self.gallery.tracks(screen, changed, now, census)
        self._told[screen] = version
        payload = {"display": screen.display, "slug": screen.slug, "version": version, "previous": previous}
        self.freshness.sent(version, [one.id for one in changed], now)
        self.publish(screen.channel, "tracks", {**payload, "now": clock.iso(now), "tracks": tracks})

    def _let_answer(self) -> None:
        """Let whoever made the change write the rest and be answered, in good time: drawing takes longer than that."""
        pause, give_up = threading.Event(), clock.monotonic() + ANSWERS_FIRST_SECONDS
        runtime.breathe()
        while self.gallery.store.is_writing() and clock.monotonic() < give_up:
            pause.wait(0.001)

    def _loop(self) -> None:
        def step() -> None:
            self._let_answer()
            self.step()

        runtime.repeat(step, self._wake, LOOK.total_seconds(), log, "Telling the screens")


def _cast(shown: Shown) -> Cast:
    return tuple((one.id, one.room.slug) for one in shown.rooms), shown.frame
