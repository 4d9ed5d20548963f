"""What every display shows now: tracks by room, kept while nothing changed, and the views made of them."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from displays import REGISTRY, Display
from displays.scene import local_date, window
from kiosk import clock, runtime
from kiosk.live import packing
from kiosk.live.drawing import Drawn, Painter, TrackJson, digest, track_json
from kiosk.live.members import Census, Shown, members
from kiosk.store import diary, mirror
from kiosk.store.database import Store
from kiosk.store.mirror import Progress
from kiosk.store.rooms import StoredRoom

STALE_AFTER = timedelta(seconds=60)
STALE_BEATS = 2.5
# A check that lies further ahead than this was stamped by a clock that has been put right since.
AHEAD = timedelta(seconds=5)
# A screen of more rooms than this begins with what it shows now and very soon, and asks for the rest then.
FEW = 9
SOON = timedelta(minutes=15)
# Of so many pictures of which nothing was to be seen yet more than the version is kept: a screen may ask for them next.
UNSEEN = 16


@dataclass(frozen=True, slots=True)
class Screen:
    """Which display, and of what: a room's slug for a door, a board's for a lobby."""

    display: str
    slug: str

    @property
    def channel(self) -> str:
        """The name under which all such screens are told."""
        return f"{self.display}/{self.slug}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a screen is answered: what it shows, the version it should show, its stamp, and the view if it needs one."""

    shown: Shown
    version: str
    stamp: dict[str, Any]
    view: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Made:
    """What a room's picture on a display is made from."""

    revision: int
    day: date
    home: ZoneInfo
    display: Display


@dataclass(slots=True)
class _Kept:
    made: _Made
    version: str
    drawn: Drawn | None

    def forget(self) -> None:
        """Let the picture go, if nothing of it was ever to be seen."""
        if self.drawn and not self.drawn.is_seen:
            self.drawn = None


@dataclass
class Gallery:
    """Draws on demand and remembers; `beside` returns what a screen is told beside its rooms."""

    store: Store
    painter: Painter
    language: str
    build: str
    clock: clock.Clock = clock.now
    beside: Callable[[Screen], Any] = lambda _screen: None
    _kept: dict[tuple[Screen | str, int], _Kept] = field(default_factory=dict)
    _unseen: deque[_Kept] = field(default_factory=deque)

    def view(self, screen: Screen, *, first: bool = False) -> dict[str, Any]:
        """Return the view of a screen: the whole of it, or the `first` one of a page that asks for the `rest` if told.

        Raises NotFound when there is no such room or board.
        """
        return self._view(screen, self.shown(screen), self.clock(), is_first=first)

    def answer(self, screen: Screen, version: str, census: Census) -> Answer:
        """Return what a screen is answered that shows a version, all of it as of one moment. Raises NotFound."""
        now, shown = self.clock(), self.shown(screen, census)
        newest = _version(screen, shown, self._versions(screen, shown, now))
        stamp = self._stamp(shown.rooms, now)
        view = None if newest == version else self._view(screen, shown, now, stamp)
        return Answer(shown, view["version"] if view else newest, stamp, view)

    def version(self, screen: Screen, census: Census | None = None) -> str:
        """Return the version that a screen should show now."""
        shown = self.shown(screen, census)
        return _version(screen, shown, self._versions(screen, shown, self.clock()))

    def news(
        self, screen: Screen, shown: Shown, changed: list[StoredRoom], now: datetime
    ) -> tuple[str, Callable[[], dict[str, TrackJson]]]:
        """Return the version of what a screen shows, and what draws those of its rooms that have changed, from `now`.

        Whoever has that version already need not be told anything.
        """
        pictures = self._pictures(screen, shown, now, changed)
        version = _version(screen, shown, self._versions(screen, shown, now))
        return version, lambda: _played(pictures, now, None)

    def stamp(self, screen: Screen) -> dict[str, Any]:
        """Return how old the truth on a screen is: the oldest of its fresh rooms, and every stale one."""
        return self._stamp(self.shown(screen).rooms, self.clock())

    def rooms_of(self, screen: Screen) -> list[StoredRoom]:
        """Return the rooms a screen shows. Raises NotFound."""
        return self.shown(screen).rooms

    def shown(self, screen: Screen, census: Census | None = None) -> Shown:
        """Return what a screen shows, of the rooms there are now or of those of a census. Raises NotFound."""
        return members(screen.display, screen.slug, census or Census(self.store))

    def pictures(self, screen: Screen, now: datetime) -> dict[str, Drawn]:
        """Return, by slug, the tracks of all the rooms that one screen shows. Raises NotFound."""
        return self._pictures(screen, self.shown(screen), now)

    def _view(
        self,
        screen: Screen,
        shown: Shown,
        now: datetime,
        stamp: dict[str, Any] | None = None,
        *,
        is_first: bool = False,
    ) -> dict[str, Any]:
        pictures = self._pictures(screen, shown, now)
        has_many = len(pictures) > FEW
        tracks = _played(pictures, now, SOON if is_first and has_many else None)
        return {
            "display": screen.display,
            "slug": screen.slug,
            "version": _version(screen, shown, {slug: drawn.version for slug, drawn in pictures.items()}),
            "build": self.build,
            "language": self.language,
            "zone": home_zone(shown.rooms).key,
            "frame": shown.frame,
            "notices": self.beside(screen),
            "stamp": stamp or self._stamp(shown.rooms, now),
            "rest": is_first and has_many,
            **(packing.packed(tracks) if has_many else {"tracks": tracks}),
        }

    def _pictures(
        self, screen: Screen, shown: Shown, now: datetime, those: list[StoredRoom] | None = None
    ) -> dict[str, Drawn]:
        """Return, by slug, the tracks of all rooms that a screen shows, or only of `those`."""
        keeper, made = self._making(screen, shown, now)
        return {one.room.slug: self._drawn(keeper, one, made(one), now) for one in (those or shown.rooms)}

    def _versions(self, screen: Screen, shown: Shown, now: datetime) -> dict[str, str]:
        keeper, made = self._making(screen, shown, now)
        return {one.room.slug: self._known(keeper, one, made(one), now) for one in shown.rooms}

    def _making(
        self, screen: Screen, shown: Shown, now: datetime
    ) -> tuple[Screen | str, Callable[[StoredRoom], _Made]]:
        # Screens that draw rooms in a way of their own keep them apart from others' of their kind.
        display, keeper = shown.display or REGISTRY[screen.display], screen if shown.display else screen.display
        home = home_zone(shown.rooms)
        return keeper, lambda one: _Made(one.revision, local_date(one.room, now), home, display)

    def _known(self, keeper: Screen | str, stored: StoredRoom, made: _Made, now: datetime) -> str:
        """Return the version of a room's track; of what nobody has seen it alone is kept, after a while."""
        kept = self._kept.get((keeper, stored.id))
        if kept and kept.made == made:
            return kept.version
        drawn = self._paint(keeper, stored, made, now)
        self._unseen.append(self._kept[keeper, stored.id])
        if len(self._unseen) > UNSEEN:
            self._unseen.popleft().forget()
        return drawn.version

    def _drawn(self, keeper: Screen | str, stored: StoredRoom, made: _Made, now: datetime) -> Drawn:
        """Return a room's track, drawn anew only if something changed."""
        kept = self._kept.get((keeper, stored.id))
        drawn = kept.drawn if kept and kept.made == made else None
        return drawn or self._paint(keeper, stored, made, now)

    def _paint(self, keeper: Screen | str, stored: StoredRoom, made: _Made, now: datetime) -> Drawn:
        before = self._kept.get((keeper, stored.id))
        drawn = self._draw(made, stored, now, before.drawn if before else None)
        self._kept[keeper, stored.id] = _Kept(made, drawn.version, drawn)
        runtime.breathe()
        return drawn

    def _draw(self, made: _Made, stored: StoredRoom, now: datetime, before: Drawn | None) -> Drawn:
        span = window(stored.room, now)
        with self.store.read() as db:
            known = diary.is_known(db, stored)
            found = diary.between(db, stored, span.start, span.end + stored.room.policy.longest)
            told = diary.messages(db, stored, now)
        display = made.display
        unread = (display.unknown(stored.room, span.start),)
        scenes = display.scenes(stored.room, found, now, told) if known else unread
        return self.painter.paint(display, stored.room, made.home, scenes, now, before)

    def _stamp(self, stored: list[StoredRoom], now: datetime) -> dict[str, Any]:
        progress = self._progress(stored)
        stale, fresh = {}, []
        for one in stored:
            as_of = diary.as_of(one, progress.get(one.id), now)
            if as_of is None or not -AHEAD < now - as_of <= _stale_after(progress.get(one.id)):
                stale[one.room.slug] = clock.iso(as_of) if as_of else None
            else:
                fresh.append(as_of)
        return {"now": clock.iso(now), "as_of": clock.iso(min(fresh)) if fresh else None, "stale": stale}

    def _progress(self, stored: list[StoredRoom]) -> dict[int, Progress]:
        with self.store.read() as db:
            if len(stored) > FEW:
                return {one.room_id: one for one in mirror.everything(db)}
            return {one.id: progress for one in stored if (progress := mirror.progress(db, one.id))}


def _played(pictures: dict[str, Drawn], now: datetime, ahead: timedelta | None) -> dict[str, TrackJson]:
    tracks = {}
    for slug, drawn in pictures.items():
        tracks[slug] = track_json(drawn, now, ahead)
        if len(pictures) > FEW:
            runtime.breathe()
    return tracks


def home_zone(stored: list[StoredRoom]) -> ZoneInfo:
    """Return the zone in which most of a screen's rooms lie: the one on the clock beside them."""
    zones = Counter(one.room.zone for one in stored)
    return zones.most_common(1)[0][0] if zones else ZoneInfo("UTC")


def _version(screen: Screen, shown: Shown, tracks: dict[str, str]) -> str:
    versions = [f"{slug}={version}" for slug, version in sorted(tracks.items())]
    return digest(screen.channel, json.dumps(shown.frame, sort_keys=True), *versions)


def _stale_after(progress: Progress | None) -> timedelta:
    return max(STALE_AFTER, timedelta(seconds=progress.beat) * STALE_BEATS) if progress else STALE_AFTER
