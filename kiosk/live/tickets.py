"""With what each connected screen got in, so that it is shown out when that ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk import runtime

log = logging.getLogger(__name__)

SWEEP_SECONDS = 15.0


@dataclass
class Tickets:
    """The tokens of this process's connections; `valid` tells whether a token still lets in."""

    valid: Callable[[str], bool]
    dismiss: Callable[[str], None]
    _held: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start looking, again and again, for connections whose token has ended."""
        threading.Thread(target=self._loop, name="tickets", daemon=True).start()

    def hold(self, connection: str, token: str) -> None:
        """Remember with what a connection got in."""
        self._held[connection] = token

    def drop(self, connection: str) -> None:
        """Forget a connection."""
        self._held.pop(connection, None)

    def sweep(self) -> int:
        """Dismiss every connection whose token no longer lets in; return how many there were."""
        ended = {token for token in set(self._held.values()) if not self.valid(token)}
        gone = [connection for connection, token in self._held.items() if token in ended]
        for connection in gone:
            self.drop(connection)
            self.dismiss(connection)
        return len(gone)

    def _loop(self) -> None:
        runtime.repeat(self.sweep, threading.Event(), SWEEP_SECONDS, log, "Looking for ended tokens")
