"""The loop that tells screens: after every commit, and when a local day begins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from displays.scene import local_date
from kiosk import clock, runtime
from kiosk.live.audience import Audience
from kiosk.live.freshness import Freshness
from kiosk.live.gallery import ALL_ROOMS, Gallery, Screen
from kiosk.store import rooms
from kiosk.store.rooms import StoredRoom

log = logging.getLogger(__name__)

# publish(channel, event, payload)
Publish = Callable[[str, str, dict[str, Any]], None]
# How soon a change by another process, such as the command line, and a new local day are seen.
LOOK = timedelta(seconds=2)
ANSWERS_FIRST_SECONDS = 0.005


@dataclass
class Pulse:
    """Sends each change once, to the screens that show it and to nobody else."""

    gallery: Gallery
    audience: Audience
    publish: Publish
    freshness: Freshness
    _told: dict[Screen, str] = field(default_factory=dict)
    _days: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict)
    _seen: tuple[int, datetime] = (-1, clock.DAWN)
    _wake: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="pulse", daemon=True).start()

    def wake(self) -> None:
        """Look at once: something was committed."""
        self._wake.set()

    def joined(self, screen: Screen, version: str) -> None:
        """Remember the version that the first viewer of a screen starts with."""
        self._told.setdefault(screen, version)

    def step(self) -> None:
        """Tell every watched screen whose picture has changed."""
        now = self.gallery.clock()
        if not self._worth_a_look(now):
            return
        changed, everybody = self._changed(now)
        if not changed:
            return
        for stored in changed:
            self._tell(Screen("door", stored.room.slug), [stored], now)
        board = Screen("lobby", ALL_ROOMS)
        if everybody:
            self.publish(board.channel, "refresh", {})
            self._told.pop(board, None)
        else:
            self._tell(board, changed, now)

    def _worth_a_look(self, now: datetime) -> bool:
        with self.gallery.store.read() as db:
            newest = rooms.newest_revision(db)
        revision, looked = self._seen
        worth = newest != revision or now - looked >= LOOK
        self._seen = (newest, now if worth else looked)
        return worth

    def _changed(self, now: datetime) -> tuple[list[StoredRoom], bool]:
        """Return the rooms to look at, and whether rooms have come or gone since the last look."""
        with self.gallery.store.read() as db:
            newest = rooms.every(db)
        # A room with another address is another one to every board.
        days = {(one.id, one.room.slug): (one.revision, local_date(one.room, now).isoformat()) for one in newest}
        before, self._days = self._days, days
        changed = [one for one in newest if before.get((one.id, one.room.slug)) != days[one.id, one.room.slug]]
        return changed, bool(before) and before.keys() != days.keys()

    def _tell(self, screen: Screen, changed: list[StoredRoom], now: datetime) -> None:
        if not self.audience.watched(screen):
            self._told.pop(screen, None)
            return
        version = self.gallery.version(screen)
        previous = self._told.get(screen, "")
        if version == previous:
            return
        self._told[screen] = version
        tracks = self.gallery.tracks(screen, changed, now)
        payload = {"display": screen.display, "slug": screen.slug, "version": version, "previous": previous}
        self.freshness.sent(version, [one.id for one in changed], now)
        self.publish(screen.channel, "tracks", {**payload, "now": clock.iso(now), "tracks": tracks})

    def _loop(self) -> None:
        pause = threading.Event()

        def step() -> None:
            # Whoever made the change is answered first: drawing takes longer than that.
            pause.wait(ANSWERS_FIRST_SECONDS)
            self.step()

        runtime.repeat(step, self._wake, LOOK.total_seconds(), log, "Telling the screens")
