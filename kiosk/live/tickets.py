"""With what each connected screen got in, so that it is shown out when that ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kiosk import clock, runtime

log = logging.getLogger(__name__)

# How often it is looked whether something that lets in was ended, and how often anyway: a session ends by itself.
LOOK_SECONDS, SWEEP_SECONDS = 1.0, 15.0
# After so many tokens others have their turn.
SLICE = 50


@dataclass
class Tickets:
    """The tokens of this process's connections; `valid` tells whether a token still lets in.

    `endings` grows whenever one of them was ended, in whichever process. `rest`: as the store's.
    """

    valid: Callable[[str], bool]
    endings: Callable[[], int]
    dismiss: Callable[[str], None]
    rest: Callable[[float, float], float] = min
    _held: dict[str, str] = field(default_factory=dict)
    _seen: int = 0
    _swept: float = 0.0
    _wake: threading.Event = field(default_factory=threading.Event)
    _pause: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start looking, again and again, for connections whose token has ended."""
        threading.Thread(target=self._loop, name="tickets", daemon=True).start()

    def wake(self) -> None:
        """Look at once whether something was ended: something was committed."""
        self._wake.set()

    def hold(self, connection: str, token: str) -> None:
        """Remember with what a connection got in."""
        self._held[connection] = token

    def drop(self, connection: str) -> None:
        """Forget a connection."""
        self._held.pop(connection, None)

    def sweep(self) -> int:
        """Dismiss every connection whose token no longer lets in; return how many there were."""
        ended = {token for token in self._tokens() if not self.valid(token)}
        gone = [connection for connection, token in list(self._held.items()) if token in ended]
        for connection in gone:
            self.drop(connection)
            self.dismiss(connection)
        return len(gone)

    def look(self) -> None:
        """Sweep when something was ended, and from time to time."""
        seen, now = self.endings(), clock.monotonic()
        if seen != self._seen or now - self._swept >= SWEEP_SECONDS:
            self.sweep()
            self._seen, self._swept = seen, now

    def _tokens(self) -> Iterator[str]:
        for number, token in enumerate(set(self._held.values())):
            if number % SLICE == SLICE - 1:
                self._pause.wait(0.001)
            yield token

    def _loop(self) -> None:
        runtime.repeat(self.look, self._wake, self._rest, log, "Looking for ended tokens")

    def _rest(self) -> float:
        return self.rest(LOOK_SECONDS, max(self._swept + SWEEP_SECONDS - clock.monotonic(), 0.0))
