"""Following the Directory: rooms' properties, rooms that vanish, and the people of the organisation."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import SourceError
from kiosk.source import DirectorySource
from kiosk.store import directory, people
from kiosk.store.database import Store
from kiosk.store.directory import Followed

log = logging.getLogger(__name__)

EVERY = timedelta(hours=6)
JITTER = 0.1
REST = timedelta(minutes=15)
# Names this old no longer tell who belongs to the organisation.
PEOPLE_KEPT = timedelta(days=3)
IDLE_SECONDS = 30.0


@dataclass
class Following:
    """Reads the Directory now and then; rooms and people each go on when the other may not be read.

    `ready`: Google is connected.
    """

    source: DirectorySource
    store: Store
    clock: clock.Clock = clock.now
    chance: random.Random = field(default_factory=random.Random)
    ready: Callable[[], bool] = lambda: True
    _told: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="directory", daemon=True).start()

    def step(self, now: datetime) -> bool:
        """Read rooms and people if it is time; False when it is not."""
        with self.store.read() as db:
            due_at = directory.due_at(db)
        if not self.ready() or (due_at and due_at > now) or not self.store.write(directory.claim, now, now + REST):
            return False
        rooms, everybody = self._read_rooms(now), self._read_people(now)
        if rooms or everybody:
            spread = EVERY * (1 - JITTER * self.chance.random())
            self.store.write(directory.schedule, now + spread)
        return True

    def _read_rooms(self, now: datetime) -> bool:
        try:
            resources = self.source.resources()
        except SourceError as error:
            self._note("rooms", f"Rooms do not follow the Directory: {error}")
            return False
        self._note("rooms", "")
        report(self.store.write(directory.follow, resources, now))
        return True

    def _read_people(self, now: datetime) -> bool:
        try:
            read_people(self.source, self.store, now)
        except SourceError as error:
            self._note("people", f"Organizers are shown as the calendars name them: {error}")
            self._age(now)
            return False
        self._note("people", "")
        return True

    def _age(self, now: datetime) -> None:
        with self.store.read() as db:
            read_at = people.read_at(db)
        if read_at and now - read_at > PEOPLE_KEPT:
            self.store.write(people.forget)

    def _note(self, what: str, problem: str) -> None:
        """Log a failure once and its end once."""
        before = self._told.get(what, "")
        if problem and not before:
            log.warning("%s", problem)
        elif before and not problem:
            log.info("The Directory's %s can be read again", what)
        self._told[what] = problem

    def _loop(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self.step(self.clock())
            except Exception:
                log.exception("Reading the Directory failed and is tried again")
            pause.wait(IDLE_SECONDS)


def read_people(source: DirectorySource, store: Store, now: datetime) -> None:
    """Read everybody of the organisation. Raises SourceError when that is not allowed."""
    members = source.people()
    if not members:
        raise SourceError("The Directory lists nobody.")
    store.write(people.replace_all, members, now)


def report(followed: Followed) -> None:
    """Log what changed in the Directory."""
    for slug in followed.changed:
        log.info("%s: has new properties in the Directory", slug)
    for slug in followed.vanished:
        log.warning("%s: is no longer in the Directory; it stays here until it is unlinked", slug)
    for slug in followed.returned:
        log.info("%s: is in the Directory again", slug)
