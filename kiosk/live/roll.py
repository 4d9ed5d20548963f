"""The roll of screens: who is there, and who has which notice on the glass; written down a moment later, in one go."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.clock import DAWN
from kiosk.errors import KioskError
from kiosk.live.gallery import Screen
from kiosk.live.members import Census
from kiosk.live.notices import Bulletin, Herald
from kiosk.store import screens
from kiosk.store.database import Store
from kiosk.store.screens import LOST, SELDOM, Ack, SeenScreen

log = logging.getLogger(__name__)

MACHINE = re.compile(r"[A-Za-z0-9-]{8,64}")
# So long others may join before what was said is written in one transaction.
GATHER_SECONDS = 0.05
IDLE_SECONDS = 10.0
# How often the screens of processes that have died are taken for gone.
BURY = timedelta(seconds=10)
# Returns the name of the token with which whoever sends the request got in, and their address.
Who = Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Hello:
    """What a page says of itself: the word of its machine, what it shows, and the version of the notices it shows."""

    screen: Screen
    machine: str
    notices: str

    @property
    def id(self) -> str:
        """What names this screen; empty where the page has no good word for its machine."""
        good = MACHINE.fullmatch(self.machine)
        return f"{self.machine} {self.screen.channel}" if good else ""


@dataclass
class Roll:
    """Hears what screens say, and answers what they are not told yet. Nobody waits for the disk.

    `home`: this process, where there are several, and `homes` those that live.
    """

    store: Store
    herald: Herald
    clock: clock.Clock
    home: str = ""
    homes: Callable[[], Collection[str]] = lambda: ()
    _here: dict[str, SeenScreen] = field(default_factory=dict)
    _of: dict[str, str] = field(default_factory=dict)
    _shown: dict[str, str] = field(default_factory=dict)
    _news: dict[str, SeenScreen] = field(default_factory=dict)
    _acks: dict[Ack, datetime] = field(default_factory=dict)
    _buried_at: datetime = DAWN
    _lived: set[str] = field(default_factory=set)
    _noting: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start writing; every screen that is connected to nobody is taken for gone."""
        self.store.write(screens.begin, self.clock(), self.homes())
        threading.Thread(target=self._loop, name="roll", daemon=True).start()

    def heard(self, hello: Hello, who: Who, connection: str = "", census: Census | None = None) -> Bulletin | None:
        """Note what a screen says it shows, and return what it is told now if that is something else.

        `who`: asked when a screen comes; a screen without a `connection` asks again and again. `census`: the rooms,
        where they were looked at just now.
        """
        bulletin = self.herald.bulletin(hello.screen, census)
        self.herald.joined(hello.screen, bulletin)
        is_shown = hello.notices == bulletin["version"]
        if hello.id:
            hears = tuple(sorted(self.herald.hears(hello.screen, census)))
            met = who() if self._is_new(hello, connection) else None
            with self._noting:
                self._see(hello, hears, met, connection)
                if is_shown:
                    self._acknowledge(hello, bulletin)
        return None if is_shown else bulletin

    def noticed(self, hello: Hello) -> None:
        """Note that a screen has on its glass what it was told last; hundreds may say so at once."""
        bulletin = self.herald.told(hello.screen)
        if bulletin is None or bulletin["version"] != hello.notices:
            bulletin = self.herald.bulletin(hello.screen)
        if bulletin["version"] == hello.notices and hello.id in self._here:
            with self._noting:
                self._acknowledge(hello, bulletin)

    def left(self, connection: str) -> None:
        """Note that a connection has ended."""
        with self._noting:
            self._leave(connection)

    def step(self) -> None:
        """Write what was said since the last time."""
        with self._noting:
            self._drop_silent()
            seen, self._news = self._news, {}
            acks, self._acks = self._acks, {}
        if seen or acks:
            self._write(seen, acks)
        if self.home and abs(self.clock() - self._buried_at) >= BURY:
            self._buried_at = self.clock()
            self._bury()

    def _bury(self) -> None:
        """Take the screens for gone of processes that lived neither now nor the last time.

        When the database was away nobody could say that it lives, and all do so within seconds.
        """
        living = {*self.homes()}
        self.store.write(screens.leave_dead, living | self._lived)
        self._lived = living

    def _write(self, seen: dict[str, SeenScreen], acks: dict[Ack, datetime]) -> None:
        """Write it, or keep it for the next time: screens say only once what they have on their glass."""
        try:
            self.store.write(screens.write, list(seen.values()), acks)
        except KioskError:
            with self._noting:
                self._news, self._acks = seen | self._news, acks | self._acks
            raise

    def _is_new(self, hello: Hello, connection: str) -> bool:
        return hello.id not in self._here or (bool(connection) and self._of.get(connection) != hello.id)

    def _see(self, hello: Hello, hears: tuple[str, ...], met: tuple[str, str] | None, connection: str) -> None:
        now, known = self.clock(), self._here.get(hello.id)
        if met is None and known and known.hears == hears and abs(now - known.seen_at) < SELDOM:
            return
        if met and connection:
            self._leave(connection)
            self._of[connection] = hello.id
        token, address = met or ((known.token, known.address) if known else ("", ""))
        screen, first = hello.screen, known.first_at if known else now
        seen = SeenScreen(
            hello.id, hello.machine, screen.display, screen.slug, hears, token, address, first, now, True, self.home
        )
        self._here[hello.id] = self._news[hello.id] = seen
        self._wake.set()

    def _acknowledge(self, hello: Hello, bulletin: Bulletin) -> None:
        if self._shown.get(hello.id) == hello.notices:
            return
        self._shown[hello.id] = hello.notices
        now = self.clock()
        self._acks |= {(item["id"], hello.id): now for item in bulletin["items"]}
        self._wake.set()

    def _leave(self, connection: str) -> None:
        """Forget a connection; the screen is gone unless it has another one."""
        number = self._of.pop(connection, "")
        if number in self._here and number not in self._of.values():
            self._news[number] = replace(self._here.pop(number), connected=False, seen_at=self.clock())
            self._shown.pop(number, None)
            self._wake.set()

    def _drop_silent(self) -> None:
        """Forget those that asked without a connection and do so no longer."""
        now, connected = self.clock(), {*self._of.values()}
        for number in [one.id for one in self._here.values() if abs(now - one.seen_at) > LOST]:
            if number not in connected:
                self._here.pop(number)
                self._shown.pop(number, None)

    def _loop(self) -> None:
        pause = threading.Event()

        def step() -> None:
            pause.wait(GATHER_SECONDS)
            self.step()

        runtime.repeat(step, self._wake, IDLE_SECONDS, log, "Writing the roll of screens")
