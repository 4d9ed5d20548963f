"""Who is looking at what, and which version is on their glass."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from kiosk.live.gallery import Screen


@dataclass(slots=True)
class Viewer:
    """One connected screen; `version` is what it says it shows, `at` when it last said so (UTC)."""

    screen: Screen
    version: str
    at: datetime


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
            self.viewers[connection] = Viewer(screen, version, now)
            self._watched[screen] += 1
            self._look_away(before)
        return before.screen if before and before.screen != screen else None

    def left(self, connection: str) -> None:
        """Forget a connection."""
        with self._counting:
            self._look_away(self.viewers.pop(connection, None))

    def screens(self) -> set[Screen]:
        """Return the screens that somebody looks at."""
        with self._counting:
            return set(self._watched)

    def behind(self, versions: dict[Screen, str]) -> int:
        """Count the screens that do not show the given version of what they show."""
        return sum(1 for one in self.viewers.values() if versions.get(one.screen, one.version) != one.version)

    def _look_away(self, viewer: Viewer | None) -> None:
        if viewer is None:
            return
        self._watched[viewer.screen] -= 1
        if not self._watched[viewer.screen]:
            del self._watched[viewer.screen]
