"""What each screen is told beside its rooms, and telling it at once: no room is drawn for that."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict

from kiosk import clock, runtime
from kiosk.errors import NotFound
from kiosk.live.audience import Audience
from kiosk.live.drawing import digest
from kiosk.live.gallery import Screen
from kiosk.live.members import Census, members
from kiosk.live.pulse import Publish
from kiosk.schedule.notice import Notice, listens
from kiosk.store import notices, rooms
from kiosk.store.database import Store
from kiosk.store.glance import Glance

log = logging.getLogger(__name__)

# How soon what begins or ends by the clock is told, where something does.
LOOK_SECONDS, QUIET_SECONDS = 1.0, 15.0
# For so long it is not asked again which rooms a board shows.
KEEP_PLACE = timedelta(seconds=10)


class Bulletin(TypedDict):
    """What a screen is told, on the wire."""

    version: str
    items: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Place:
    revision: int
    at: datetime
    hears: frozenset[str]


@dataclass
class Herald:
    """Tells each watched screen what is for it, whenever that changes, and nobody else."""

    store: Store
    clock: clock.Clock
    audience: Audience
    publish: Publish
    _told: dict[Screen, Bulletin] = field(default_factory=dict)
    _places: dict[Screen, _Place] = field(default_factory=dict)
    _waits: bool = True
    _wake: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Look at notices only where there are some."""
        self._any = Glance(self.store, notices.is_any)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="herald", daemon=True).start()

    def wake(self) -> None:
        """Look at once: something was committed."""
        self._wake.set()

    def bulletin(self, screen: Screen, census: Census | None = None) -> Bulletin:
        """Return what a screen is told now; a screen of nothing that is here hears what is for everybody."""
        now = self.clock()
        with self.store.read() as db:
            found = notices.coming(db, now)
        return self._bulletin(screen, found, census)

    def joined(self, screen: Screen, bulletin: Bulletin) -> None:
        """Remember what the first viewer of a screen starts with."""
        self._told.setdefault(screen, bulletin)

    def told(self, screen: Screen) -> Bulletin | None:
        """Return what the viewers of a screen were told last."""
        return self._told.get(screen)

    def hears(self, screen: Screen, census: Census | None = None) -> frozenset[str]:
        """Return the keys of the targets that a screen is part of, by a census of just now where there is one."""
        if census:
            return self._find(screen, census)
        now = self.clock()
        with self.store.read() as db:
            revision = rooms.newest_revision(db)
        known = self._places.get(screen)
        if known is None or known.revision != revision or abs(now - known.at) > KEEP_PLACE:
            known = self._places[screen] = _Place(revision, now, self._find(screen, Census(self.store)))
        return known.hears

    def step(self) -> None:
        """Tell every watched screen for which something has changed."""
        now = self.clock()
        self._waits = self._any.value()
        found, is_news = self._look(now) if self._waits else ([], False)
        watched = self.audience.screens()
        for screen in watched:
            self._tell(screen, found)
        for gone in (self._told.keys() | self._places.keys()) - watched:
            self._told.pop(gone, None)
            self._places.pop(gone, None)
        if is_news:
            self.store.write(notices.tell_of, now)

    def _look(self, now: datetime) -> tuple[list[Notice], bool]:
        with self.store.read() as db:
            return notices.coming(db, now), notices.is_news(db, now)

    def _tell(self, screen: Screen, found: list[Notice]) -> None:
        bulletin = self._bulletin(screen, found)
        if self._told.get(screen) != bulletin:
            self._told[screen] = bulletin
            self.publish(screen.channel, "notices", {**bulletin})

    def _bulletin(self, screen: Screen, found: list[Notice], census: Census | None = None) -> Bulletin:
        if not found:
            return NOTHING
        hears = self.hears(screen, census)
        items = [_item(one) for one in found if one.target.key in hears][: notices.MOST_ON_A_SCREEN]
        return {"version": _version(items), "items": items}

    def _find(self, screen: Screen, census: Census) -> frozenset[str]:
        try:
            shown = members(screen.display, screen.slug, census).rooms
        except NotFound:
            shown = []
        return listens(screen.display, screen.slug, [one.room for one in shown])

    def _loop(self) -> None:
        runtime.repeat(self.step, self._wake, self._rest, log, "Telling notices")

    def _rest(self) -> float:
        return LOOK_SECONDS if self._waits else self.store.rest(LOOK_SECONDS, QUIET_SECONDS)


def _item(one: Notice) -> dict[str, Any]:
    said = {"id": one.id, "kind": one.kind, "level": one.level, "title": one.title, "text": one.text}
    return {**said, "from": clock.iso(one.start), "until": clock.iso(one.end) if one.end else None}


def _version(items: Iterable[dict[str, Any]]) -> str:
    """Return the digest of what a screen is told, also where that is nothing."""
    return digest(json.dumps([*items], sort_keys=True))


NOTHING = Bulletin(version=_version([]), items=[])
