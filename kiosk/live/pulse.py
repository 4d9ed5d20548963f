"""The loop that tells screens: after every commit, and when a local day begins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kiosk import clock, runtime
from kiosk.errors import DatabaseAway, NotFound
from kiosk.live.audience import LATE, Audience, Behind
from kiosk.live.freshness import Freshness
from kiosk.live.gallery import Answer, Gallery, Screen
from kiosk.live.members import BETWEEN, TOUCHED, Census, Register, Shown
from kiosk.store import rooms
from kiosk.store.glance import Glance
from kiosk.store.rooms import StoredRoom

log = logging.getLogger(__name__)

# publish(channel, event, payload)
Publish = Callable[[str, str, dict[str, Any]], None]
# How soon a change by another process, such as the command line, and a new local day are seen.
LOOK = timedelta(seconds=2)
ANSWERS_FIRST_SECONDS = 0.005
# Which day it is, by time zone.
Days = dict[ZoneInfo, date]
# Which rooms a screen shows, and its frame.
Cast = tuple[tuple[tuple[int, str], ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Sight:
    """What all screens are made of at one moment: the rooms by their addresses, the days where they lie, the look."""

    rooms: dict[str, StoredRoom]
    days: Days
    look: dict[str, str]

    def changed(self, before: _Sight) -> list[StoredRoom]:
        """Return the rooms that have changed or begun another day; one with another address is another room."""
        begun = {zone for zone, day in self.days.items() if before.days.get(zone) != day}
        known = before.rooms
        return [one for slug, one in self.rooms.items() if known.get(slug) is not one or one.room.zone in begun]


@dataclass
class Pulse:
    """Sends each change once, to the screens that show it and to nobody else."""

    gallery: Gallery
    audience: Audience
    publish: Publish
    freshness: Freshness
    _told: dict[Screen, str] = field(default_factory=dict)
    _casts: dict[Screen, Cast] = field(default_factory=dict)
    _last: _Sight = field(default_factory=lambda: _Sight({}, {}, {}))
    _seen: tuple[int, datetime] = (-1, clock.DAWN)
    _failing: set[Screen] = field(default_factory=set)
    _wake: threading.Event = field(default_factory=threading.Event)
    _register: Register = field(init=False)

    def __post_init__(self) -> None:
        self._register = Register(self.gallery.store)
        self._newest = Glance(self.gallery.store, rooms.newest_revision)
        self._shown: tuple[int | None, Days] = (None, {})

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="pulse", daemon=True).start()

    def wake(self) -> None:
        """Look at once: something was committed."""
        self._wake.set()

    def behind(self) -> Behind:
        """Count the screens that do not show the newest version of what they show; all rooms are read at once."""
        census, screens = Census(self.gallery.store), self.audience.screens()
        if screens:
            census.every()
        versions = {}
        for screen in screens:
            with suppress(NotFound):  # what it shows was removed: nothing of it can be newer
                versions[screen] = self.gallery.version(screen, census)
        return self.audience.behind(versions, self.gallery.clock() - LATE)

    def joined(self, screen: Screen, answer: Answer) -> bool:
        """Remember what the first viewer of a screen starts with; False where others were told of other rooms since.

        The viewer listens already. What is told between the answer's moment and this one either begins at the version
        it is told now, or shows that the answer was too old.
        """
        cast = _cast(answer.shown)
        is_news = self._casts.setdefault(screen, cast) != cast
        self._told.setdefault(screen, answer.version)
        return not is_news

    def step(self) -> None:
        """Tell every watched screen whose picture has changed; doors first, somebody may stand there.

        Those that show a changed room go before those that are only looked at.
        """
        now = self.gallery.clock()
        if not self._worth_a_look(now):
            return
        # Asked for before anything is read: what is committed meanwhile is looked for next time.
        state = self.gallery.store.state()
        if state is None or (state, _days(self._last.days, now)) != self._shown:
            self._shown = (state if self._tell_all(now) else None, self._last.days)

    def _tell_all(self, now: datetime) -> bool:
        """Look at all screens on which something can have changed; False where one fails: the same is looked at again.

        It is logged when that begins and ends: it goes on for as long as somebody looks at such a screen.
        """
        census, watched = self._register.census(), self._watched()
        seen, before = self._sight(census, now), self._last
        changed = seen.changed(before)
        ids, slugs = {one.id for one in changed}, {one.room.slug for one in changed} | before.rooms.keys() - seen.rooms
        worth = [one for one in watched if seen.look != before.look or _may_show(one, slugs)]
        failing = set()
        for screen in sorted(worth, key=lambda one: (one.display not in TOUCHED, self._lacks(one, ids), one.channel)):
            try:
                self._look(screen, census, changed, now)
            except DatabaseAway:
                raise
            except Exception:  # the other screens are told all the same
                failing.add(screen)
                if screen not in self._failing:
                    log.exception("%s cannot be told what has changed, and is tried again", screen.channel)
        for screen in (self._failing - failing) & watched:
            log.info("%s is told again what changes", screen.channel)
        self._failing = failing
        if not failing:
            self._last = seen
        return not failing

    def _watched(self) -> set[Screen]:
        """Return the screens that somebody looks at, and forget all others before they are passed by.

        Whoever comes back meanwhile would be compared with what they were told of before, again and again.
        """
        known = {*self._told.copy(), *self._casts.copy()}  # others put theirs there meanwhile
        watched = self.audience.screens()
        for gone in known - watched:
            self._told.pop(gone, None)
            self._casts.pop(gone, None)
        return watched

    def _worth_a_look(self, now: datetime) -> bool:
        newest = self._newest.value()
        revision, looked = self._seen
        worth = newest != revision or now - looked >= LOOK
        self._seen = (newest, now if worth else looked)
        return worth

    def _sight(self, census: Census, now: datetime) -> _Sight:
        known = {one.room.slug: one for one in census.every()}
        return _Sight(known, _days({one.room.zone for one in known.values()}, now), census.look())

    def _lacks(self, screen: Screen, ids: set[int]) -> bool:
        shown, _frame = self._casts.get(screen, ((), {}))
        return not any(number in ids for number, _slug in shown)

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
            self._tell(screen, shown, [one for one in changed if one.id in ids], now)

    def _tell(self, screen: Screen, shown: Shown, changed: list[StoredRoom], now: datetime) -> None:
        version, draw = self.gallery.news(screen, shown, changed, now)
        previous = self._told.get(screen, "")
        if version == previous:
            return
        tracks = draw()
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


def _days(zones: Iterable[ZoneInfo], now: datetime) -> Days:
    return {zone: now.astimezone(zone).date() for zone in zones}


def _may_show(screen: Screen, slugs: set[str]) -> bool:
    """Tell whether a screen can show one of those rooms: the address of a door says which it shows."""
    if screen.display not in TOUCHED or screen.slug in slugs:
        return True
    return BETWEEN in screen.slug and not slugs.isdisjoint(screen.slug.split(BETWEEN))
