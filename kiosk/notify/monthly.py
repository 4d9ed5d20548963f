"""The report of the month before, sent by mail and webhook on the day that is planned."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from kiosk import clock, runtime
from kiosk.schedule import usage
from kiosk.schedule.usage import Scope
from kiosk.store import monthly, occupancy_text, past_rooms
from kiosk.store.database import Store
from kiosk.store.usage import Wanted

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
# In the morning, when all that was to be closed at midnight, wherever rooms are, has been.
FROM_HOUR = 6
# A room whose days cannot be closed keeps the report waiting no longer than this.
PATIENCE = timedelta(days=3)
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Monthly:
    """Sends the report; `zone`: the organisation's, whose months and mornings are meant."""

    store: Store
    clock: clock.Clock
    zone: str

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="monthly report", daemon=True).start()

    def step(self) -> int:
        """Send the report when its time has come; return to how many receivers."""
        now = self.clock()
        home = clock.zone(self.zone)
        today = now.astimezone(home)
        first, last = usage.month_before(today.date())
        with self.store.read() as db:
            plan, sent = monthly.plan(db), monthly.sent(db)
        if sent > first.isoformat():
            self.store.write(monthly.put_back, first)
        if not plan.day or sent >= first.isoformat() or today.day < plan.day or today.hour < FROM_HOUR:
            return 0
        if not self._is_closed(last, today):
            return 0
        wanted = Wanted(first, last, Scope(), home)
        data = facts_of(self.store.report(occupancy_text.summary, wanted))
        done = self.store.write(monthly.send, first, data, now)
        log.info("The report of %s goes to %d receivers.", f"{first:%Y-%m}", done)
        return done

    def _is_closed(self, last: date, today: datetime) -> bool:
        with self.store.read() as db:
            behind = past_rooms.behind(db, last.toordinal())
        return not behind or today.date() - last > PATIENCE

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), IDLE_SECONDS, log, "The monthly report")


def facts_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return of a report what is told of a month: figures, shares, and the rooms at both ends of the ranking.

    No room is at both ends, and one that was never open at neither.
    """
    opened = [one for one in found["by_room"] if one["figures"]["open_minutes"]]
    ranked = [{"room": one["room"], "name": one["name"], **one["shares"]} for one in opened]
    names = ("from", "to", "rooms", "figures", "shares", "by_building")
    at_once = {name: found["at_once"][name] for name in ("rooms", "most", "at", "fewer")}
    asked = urlencode({"from": found["from"], "to": found["to"]})
    return {
        **{name: found[name] for name in names},
        "at_once": at_once,
        "most_used": ranked[:MOST_NAMED],
        "least_used": ranked[MOST_NAMED:][::-1][:MOST_NAMED],
        "path": f"/admin/occupancy?{asked}",
    }
