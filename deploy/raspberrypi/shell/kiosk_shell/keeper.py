"""Keeps the page alive: shows it when the server answers, heals what dies, and says when nothing helps."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk_shell.page import BINDING, Page
from kiosk_shell.pipe import Event, PipeError

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
LOOK_SOON = 0.5
KILL_AFTER, MOST_MISSED = 2, 4
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
        """Return one word: splash, loading, crashed, silent, error, or what the page says of its link.

        "page" is a page that is no display, such as the one that asks to be paired.
        """
        if self._crashed:
            return "crashed"
        if self._missed:
            return "silent"
        if not self.shown:
            return "splash"
        if not self.said:
            return "loading"
        if self.said.get("url", "").startswith(ERROR_PAGE):
            return "error"
        return self.said.get("link") or "page"

    def step(self, now: float) -> None:
        """Do what is due. Raises Lost when the page is silent and nothing helps, or the browser is gone."""
        self._hear()
        if self.page.pipe.closed:
            raise Lost("the browser closed its pipe")
        if not self.shown or self._crashed:
            self._show(now)
        elif now >= self._next_look:
            self._look(now)

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
            self._crashed, self._missed, self.said = True, 0, {}
        elif event.name == "Runtime.bindingCalled" and event.params.get("name") == BINDING:
            self.touched()
        elif event.name == "Page.domContentEventFired":
            self._next_look = 0.0
            self.on_load()

    def _show(self, now: float) -> None:
        """Open the page once the server answers: the browser never meets an error page."""
        if not self.answers():
            return
        try:
            self._load()
        except PipeError as error:
            self._miss(error)
            return
        self._next_look = now + LOOK_SOON

    def _load(self) -> None:
        """Open the page, or bring back one whose process died: that one is loaded anew, since a browser that is sent
        elsewhere just then may never say that it went."""
        if self._crashed:
            self.page.reload()
            self._crashed = False
        else:
            self.shown = self.page.open(self.url)

    def _look(self, now: float) -> None:
        try:
            self.said = self.page.look()
        except PipeError as error:
            self._miss(error)
            return
        self._missed = 0
        self._next_look = now + (LOOK_EVERY if self.said.get("ready") == "complete" else LOOK_SOON)
        if self.status == "error":
            log.warning("the browser shows an error page")
            self.shown, self.said = False, {}

    def _miss(self, error: PipeError) -> None:
        """Count a ping that was not answered; the second one in a row kills the page's process, which heals as a crash.

        A ping waits five seconds by itself, so the next one follows at once.
        """
        self._missed += 1
        log.warning("the page does not answer (%s of %s): %s", self._missed, MOST_MISSED, error)
        if self._missed == KILL_AFTER:
            self._kill()
        if self._missed >= MOST_MISSED:
            raise Lost(str(error))

    def _kill(self) -> None:
        try:
            self.page.kill()
        except PipeError as error:
            raise Lost(str(error)) from error
