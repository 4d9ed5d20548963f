"""Who is looking at what, and which version is on their glass."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from kiosk.live.gallery import Screen

# Whoever has just been told something has it within seconds.
LATE = timedelta(minutes=1)


@dataclass(slots=True)
class Viewer:
    """One connected screen; `version` is what it says it shows, `at` when it last said so (UTC).

    `right_at`: when that was last the newest version, or when it came (UTC).
    """

    screen: Screen
    version: str
    at: datetime
    right_at: datetime


class Behind(NamedTuple):
    """How many screens do not show the newest version, and how many of them have not done so for too long."""

    screens: int
    late: int


@dataclass
class Audience:
    """The connected screens of this process, by connection id."""

    viewers: dict[str, Viewer] = field(default_factory=dict)
    _watched: Counter[Screen] = field(default_factory=Counter)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def shows(self, connection: str, screen: Screen, version: str, now: datetime) -> Screen | None:
        """Remember what a screen shows; return the screen it showed before if that was another."""
        with self._counting:
            before = self.viewers.get(connection)
            right_at = before.right_at if before and before.screen == screen else now
            self.viewers[connection] = Viewer(screen, version, now, right_at)
            self._watched[screen] += 1
            self._look_away(before)
        return before.screen if before and before.screen != screen else None

    def is_right(self, connection: str, now: datetime) -> None:
        """Remember that what a connection shows is the newest version of it."""
        if connection in self.viewers:
            self.viewers[connection].right_at = now

    def left(self, connection: str) -> None:
        """Forget a connection."""
        with self._counting:
            self._look_away(self.viewers.pop(connection, None))

    def screens(self) -> set[Screen]:
        """Return the screens that somebody looks at."""
        with self._counting:
            return set(self._watched)

    def behind(self, versions: dict[Screen, str], late: datetime) -> Behind:
        """Count the screens that do not show the given version of what they show, and those not since `late`."""
        shown = list(self.viewers.values())
        behind = [one for one in shown if versions.get(one.screen, one.version) != one.version]
        return Behind(len(behind), sum(1 for one in behind if one.right_at < late))

    def _look_away(self, viewer: Viewer | None) -> None:
        if viewer is None:
            return
        self._watched[viewer.screen] -= 1
        if not self._watched[viewer.screen]:
            del self._watched[viewer.screen]
