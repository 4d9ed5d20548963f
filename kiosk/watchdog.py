"""Telling systemd that the server is up, and still alive, each time after it has answered a question of its own."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from dataclasses import dataclass

from kiosk.settings import Supervision

log = logging.getLogger(__name__)

QUESTION = "/healthz"
ANSWER_WITHIN = 5.0
# How many questions fit into what systemd waits; a slow answer then costs nothing.
QUESTIONS = 4
STARTING_PAUSE = 0.2


@dataclass(frozen=True)
class Watchdog:
    """Asks our own server, as a screen would, and feeds systemd's watchdog; a hanging server lets it starve."""

    address: tuple[str, int]
    supervision: Supervision

    def start(self) -> None:
        """Watch as long as the process lives, where somebody supervises it."""
        if self.supervision.socket:
            threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def answers(self) -> bool:
        """Say whether the server answers."""
        connection = http.client.HTTPConnection(*self.address, timeout=ANSWER_WITHIN)
        try:
            connection.request("GET", QUESTION)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def say(self, words: str) -> None:
        """Send words to systemd."""
        name = self.supervision.socket
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.sendto(words.encode(), "\0" + name[1:] if name.startswith("@") else name)

    def _watch(self) -> None:
        rest = threading.Event()
        while not self.answers():
            rest.wait(STARTING_PAUSE)
        self.say("READY=1")
        pause = self.supervision.seconds / QUESTIONS
        while pause:
            rest.wait(pause)
            if self.answers():
                self.say("WATCHDOG=1")
