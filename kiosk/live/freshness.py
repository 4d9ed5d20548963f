"""How long a change takes from Google to the glass, stage by stage, as histograms."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from kiosk.measures import Histogram

MOST_PENDING = 5_000
MOST_OF_A_ROOM = 100
# A change that no version has shown for so long makes no difference on any screen.
INVISIBLE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Change:
    """The moments of one change of a room, in UTC: made in Google, read from it, stored, sent to screens."""

    room_id: int
    made: datetime
    seen: datetime
    stored: datetime
    sent: datetime | None = None


@dataclass
class Freshness:
    """Follows each change until the first screen acknowledges a version that shows it."""

    stages: dict[str, Histogram] = field(
        default_factory=lambda: {name: Histogram() for name in ("seen", "stored", "sent", "shown", "made_to_shown")}
    )
    _stored: OrderedDict[int, list[Change]] = field(default_factory=OrderedDict)
    _sent: OrderedDict[str, list[Change]] = field(default_factory=OrderedDict)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def stored(self, change: Change) -> None:
        """A change has reached our database."""
        with self._counting:
            self.stages["seen"].add((change.seen - change.made).total_seconds())
            self.stages["stored"].add((change.stored - change.seen).total_seconds())
            waiting = self._stored.setdefault(change.room_id, [])
            waiting.append(change)
            del waiting[:-MOST_OF_A_ROOM]
            _forget_oldest(self._stored)

    def sent(self, version: str, room_ids: Iterable[int], now: datetime) -> None:
        """A version that shows these rooms was sent to its screens."""
        with self._counting:
            changes = [change for room in room_ids for change in self._sending(room, now)]
            if changes:
                self._sent[version] = changes
                _forget_oldest(self._sent)

    def shown(self, version: str, now: datetime) -> None:
        """A screen says that it shows this version; only the first one counts."""
        with self._counting:
            for change in self._sent.pop(version, []):
                if self._is_shown(change):
                    self.stages["shown"].add((now - (change.sent or now)).total_seconds())
                    self.stages["made_to_shown"].add((now - change.made).total_seconds())

    def _sending(self, room_id: int, now: datetime) -> list[Change]:
        """Stamp the changes of a room that no screen has shown yet; each is sent once, in however many versions."""
        waiting = [one for one in self._stored.get(room_id, []) if one.sent or now - one.stored <= INVISIBLE]
        for change in waiting:
            if not change.sent:
                self.stages["sent"].add((now - change.stored).total_seconds())
        stamped = [change if change.sent else replace(change, sent=now) for change in waiting]
        if room_id in self._stored:
            self._stored[room_id] = stamped
        return stamped

    def _is_shown(self, change: Change) -> bool:
        """Take a change from those that wait for a screen; False when one was faster."""
        waiting = self._stored.get(change.room_id, [])
        left = [one for one in waiting if one is not change]
        if len(left) == len(waiting):
            return False
        self._stored[change.room_id] = left
        if not left:
            del self._stored[change.room_id]
        return True

    def summary(self) -> dict[str, Any]:
        """Return, by stage, how many durations there were and in seconds what half and 95 % of them stayed under."""
        with self._counting:
            return {
                name: {"count": sum(one.counts), "p50": one.quantile(0.5), "p95": one.quantile(0.95)}
                for name, one in self.stages.items()
            }


def _forget_oldest(pending: OrderedDict[Any, Any]) -> None:
    while len(pending) > MOST_PENDING:
        pending.popitem(last=False)
