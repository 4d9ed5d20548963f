"""What a process has of the others: its presence, the work that it may do, and how it wakes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk import clock
from kiosk.crew.duties import Duties
from kiosk.crew.nudges import Nudges
from kiosk.crew.presence import Presence


@dataclass(frozen=True, slots=True)
class Crew:
    """One process of several: `duties` where it works, `nudges` where there is a Redis."""

    presence: Presence
    duties: Duties | None = None
    nudges: Nudges | None = None

    def start(self, work: Mapping[str, Callable[[], None]], wakes: Sequence[Callable[[], None]]) -> None:
        """Be one of them from now on; `work`: what starts each kind of it, `wakes`: who looks when others commit."""
        self.presence.start()
        if self.nudges:
            self.presence.store.on_commit(self.nudges.send)
            self.nudges.start(wakes)
        if self.duties:
            self.duties.start(work)

    def warnings(self) -> dict[str, str]:
        """Return, by word, what is not as it should be and yet makes nothing wrong that is shown."""
        found = {"work": self.presence.lacks(), "redis": self.nudges.trouble() if self.nudges else ""}
        return {word: sentence for word, sentence in found.items() if sentence}

    def told(self) -> list[dict[str, Any]]:
        """Return the processes that live, as JSON says them."""
        names = ("role", "place", "version", "screens")
        return [
            {name: getattr(one, name) for name in names} | {"since": clock.iso(one.started_at)}
            for one in self.presence.living()
        ]
