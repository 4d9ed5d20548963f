"""The way out to one screen: a frame goes at once where its socket takes it, and what it does not take waits."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# A screen for which more than so many bytes wait behind a frame that it does not take is cut off, comes again, and gets
# the newest.
MOST_WAITING = 1024 * 1024
CLOSING = b"\x88\x00"


class Wire:
    """Frames of a websocket, whole and in order or not at all.

    `offer` gives the socket bytes and returns how many it took, without waiting; `press` waits until it has taken all;
    `shut` ends one direction or both (`socket.SHUT_WR`, `SHUT_RDWR`); `begin` lets something run beside.
    """

    __slots__ = ("_begin", "_is_over", "_offer", "_press", "_shut", "_size", "_waiting")

    def __init__(
        self,
        offer: Callable[[bytes], int],
        press: Callable[[memoryview], object],
        shut: Callable[[int], object],
        begin: Callable[[Callable[[], None]], object],
    ) -> None:
        self._offer, self._press, self._shut, self._begin = offer, press, shut, begin
        self._waiting: deque[memoryview] | None = None
        self._size = 0
        self._is_over = False

    @property
    def waits(self) -> int:
        """How many bytes wait behind the frame that the socket is taking."""
        return self._size

    def send(self, frame: bytes) -> None:
        """Send a frame, or have it wait behind others; never waits itself and raises nothing."""
        if self._is_over:
            return
        if self._waiting is not None:
            self._keep(memoryview(frame))
            return
        taken = self._offered(frame)
        if taken < len(frame):
            self._waiting = deque()
            self._keep(memoryview(frame)[taken:])
            self._begin(self._drain)

    def end(self) -> None:
        """Say goodbye behind all that waits; nothing is sent after that."""
        self.send(CLOSING)
        self._is_over = True
        if self._waiting is None:
            self._end_way_out()

    def cut(self) -> None:
        """End the connection at once, with all that waits: whoever reads from it sees its end."""
        self._is_over, self._size = True, 0
        if self._waiting:
            self._waiting.clear()
        with suppress(OSError):
            self._shut(socket.SHUT_RDWR)

    def _offered(self, frame: bytes) -> int:
        try:
            return self._offer(frame)
        except BlockingIOError:
            return 0
        except OSError:
            self.cut()
            return len(frame)

    def _keep(self, rest: memoryview) -> None:
        """Have bytes wait: a single frame may be of any size, for a screen that reads."""
        if self._size > MOST_WAITING:
            self.cut()
        elif self._waiting is not None:
            self._size += len(rest) if self._waiting else 0
            self._waiting.append(rest)

    def _drain(self) -> None:
        """Press what waits out, piece by piece, until nothing does."""
        waiting: Any = self._waiting
        while waiting:
            piece = waiting[0]
            try:
                self._press(piece)
            except OSError:
                self.cut()
            if waiting:
                waiting.popleft()
            self._size -= len(waiting[0]) if waiting else 0
        self._waiting = None
        if self._is_over:
            self._end_way_out()

    def _end_way_out(self) -> None:
        with suppress(OSError):
            self._shut(socket.SHUT_WR)
