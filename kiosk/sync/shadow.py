"""Following a hub: its sheet is kept here, its rooms are read when it says that they have changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kiosk import clock, runtime, settings
from kiosk.errors import AccessDenied, SourceError
from kiosk.store import following, journal, mirror, tokens
from kiosk.store.database import Store
from kiosk.sync.machine import MachineToken
from kiosk.upstream import hub, words
from kiosk.upstream.hub import Hub, News
from kiosk.upstream.line import STRANGE

log = logging.getLogger(__name__)

# How soon a hub that is away, or does not know this machine, is asked again.
AGAIN_SECONDS = 1.0
# Of a machine that it does not know, the hub hears only every so manieth time.
SELDOM = 5


@dataclass
class Shadow:
    """Listens to the hub, one long question after the other.

    `hasten`: a room is to be read now. `returned`: the hub is back. `shut`: this machine is to show nothing any more.
    `respoken`: the hub's displays speak another language, or the clock's other way, than was built here.
    """

    hub: Hub
    store: Store
    clock: clock.Clock
    token: MachineToken
    speech: Mapping[str, str]
    hasten: Callable[[int], object]
    returned: Callable[[], object]
    shut: Callable[[], object] = lambda: None
    respoken: Callable[[], object] = lambda: None
    reason: str = ""
    _version: str = ""
    _pulse: str = ""
    _skipped: int = 0
    _wake: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="shadow", daemon=True).start()

    def wake(self) -> None:
        """Ask the hub at once: this machine has been paired."""
        self._skipped = 0
        self.step()

    def is_let_in(self) -> bool:
        """Tell whether the hub lets this machine show something, as far as is known."""
        return bool(self.known())

    def known(self) -> dict[str, Any]:
        """Return what the hub said of this machine, {} when it does not let it in."""
        with self.store.read() as db:
            return following.known(db)

    def step(self) -> bool:
        """Ask once, and keep what is said; False when it is of no use to ask again at once."""
        if self._skipped:
            self._skipped -= 1
            return False
        try:
            news = self.hub.listen(self._version, self._pulse, 0 if self.reason else hub.LISTEN_SECONDS)
            hub.understood(partial(self._keep, news))
        except AccessDenied as error:
            return self._refused(error)
        except SourceError as error:
            self._lost(error)
            return False
        return True

    def _keep(self, news: News) -> None:
        if news.sheet is not None:
            self._keep_sheet(news.sheet, news.device)
        self._version, self._pulse = news.version, news.pulse
        self._compare(news)
        if self.reason:
            self._found_again()
        # A hub of another version may not say it, or speak what is not known here: that is no reason to begin again.
        if not settings.spoken(news.device).items() <= self.speech.items():
            self.respoken()

    def _keep_sheet(self, sheet: Mapping[str, Any], device: Mapping[str, Any]) -> None:
        with self.store.read() as db:
            lacking = following.lacking(db, sheet)
        files = {slug: self.hub.plan(slug, version) for slug, version in lacking.items()}
        self.store.write(following.take, device, sheet, files, words.calendar_id, self.clock())

    def _compare(self, news: News) -> None:
        """Have read what has changed; of all else it is known now as of when it is true."""
        with self.store.read() as db:
            here = {name: number for number, name in following.calendars(db).items()}
            read = {one.room_id: one.cursor or "" for one in mirror.everything(db)}
        known = {}
        for number, (state, as_of) in news.rooms.items():
            room_id = here.get(words.calendar_id(number))
            start = hub.begins(state)
            if room_id is not None and read.get(room_id, "").startswith(start):
                known[room_id] = (start, as_of)
            elif room_id is not None:
                self.hasten(room_id)
        if known:
            self.store.write(mirror.confirm, known)

    def _found_again(self) -> None:
        log.info("The hub answers again")
        self.reason = ""
        now = self.clock()
        self.store.write(mirror.forgive, now)
        self.store.write(journal.wake_all, now)
        self.returned()

    def _lost(self, error: SourceError) -> None:
        if self.reason != str(error):
            log.warning("The hub cannot be followed: %s", error, exc_info=error.__cause__ if _is_odd(error) else None)
        self.reason = str(error) or type(error).__name__

    def _refused(self, error: AccessDenied) -> bool:
        """Show nothing any more, unless the hub knows this machine by another token."""
        self._version = self._pulse = ""
        if self.token.refused():
            return True
        self._lost(error)
        self._skipped = SELDOM - 1
        if self.is_let_in():
            self.store.write_durably(following.forget)
            self.store.write(tokens.note_ending)
            self.shut()
        return False

    def _loop(self) -> None:
        runtime.repeat(self.step, self._wake, AGAIN_SECONDS, log, "Following the hub")


def _is_odd(error: SourceError) -> bool:
    """Tell whether a hub said what is not understood here: then it matters what that was."""
    return error.reason == STRANGE
