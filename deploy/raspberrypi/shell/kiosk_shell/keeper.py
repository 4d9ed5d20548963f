"""Keeps the page alive: shows it when the server answers, heals what dies, and says when nothing helps."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk_shell.page import BINDING, Page
from kiosk_shell.pipe import Event, PipeError

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0
MOST_MISSED = 3
ERROR_PAGE = "chrome-error://"


class Lost(Exception):
    """The page cannot be saved: compositor and browser must start anew."""


@dataclass
class Keeper:
    """Steps in monotonic seconds; `answers` says whether the server does."""

    page: Page
    url: str
    answers: Callable[[], bool]
    touched: Callable[[], None] = lambda: None
    on_load: Callable[[], None] = lambda: None
    said: dict[str, str] = field(default_factory=dict)
    crashes: int = 0
    shown: bool = False
    _crashed: bool = False
    _missed: int = 0
    _next_look: float = 0.0

    @property
    def status(self) -> str:
        """Return one word: splash, crashed, silent, error, or what the page says of its link."""
        if self._crashed:
            return "crashed"
        if self._missed:
            return "silent"
        if not self.shown:
            return "splash"
        if self.said.get("url", "").startswith(ERROR_PAGE):
            return "error"
        return self.said.get("link") or "page"

    def step(self, now: float) -> None:
        """Do what is due. Raises Lost after three pings without answer, or when the browser is gone."""
        self._hear()
        if self.page.pipe.closed:
            raise Lost("the browser closed its pipe")
        if not self.shown or self._crashed:
            self._show(now)
        elif now >= self._next_look:
            self._look(now)

    def reload(self) -> None:
        """Load the page anew, from wherever it is."""
        self.page.reload()

    def _hear(self) -> None:
        while True:
            try:
                event = self.page.pipe.events.get_nowait()
            except queue.Empty:
                return
            self._hear_one(event)

    def _hear_one(self, event: Event) -> None:
        self.page.remember(event)
        if event.name == "Inspector.targetCrashed":
            log.warning("the page crashed")
            self.crashes += 1
            self._crashed = True
        elif event.name == "Runtime.bindingCalled" and event.params.get("name") == BINDING:
            self.touched()
        elif event.name == "Page.domContentEventFired":
            self.on_load()

    def _show(self, now: float) -> None:
        """Open the page once the server answers: the browser never meets an error page."""
        if not self.answers():
            return
        try:
            opened = self.page.open(self.url)
        except PipeError as error:
            self._miss(error)
            return
        self.shown, self._crashed = opened, False if opened else self._crashed
        self._next_look = now + 1.0

    def _look(self, now: float) -> None:
        try:
            self.said = self.page.look()
        except PipeError as error:
            self._miss(error)
            return
        self._missed = 0
        self._next_look = now + LOOK_EVERY
        if self.status == "error":
            self.shown = False

    def _miss(self, error: PipeError) -> None:
        """A ping waits ten seconds by itself, so the next one follows at once."""
        self._missed += 1
        log.warning("the page does not answer (%s of %s): %s", self._missed, MOST_MISSED, error)
        if self._missed >= MOST_MISSED:
            raise Lost(str(error))
