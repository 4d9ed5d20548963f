"""Very many screens in one process: websockets of Socket.IO as pages open them, on plain sockets and epoll.

usage: python -m bench._crowd PORT, then lines of JSON on standard input, each answered by one

{"do": "join", "count": N, "screens": [[display, slug], …]}: so many more screens; the seconds until all show something.
{"do": "heard", "expect": N}: the moments (nanoseconds) at which the next N messages came, and when the last one had.
{"do": "storm"}: waits until the server is gone and there again; the seconds from its first answer until all are back.
{"do": "leave"}: all go.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

# So many connect at the same time; a restart lets all come at once.
AT_ONCE = 100
HANDSHAKE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PATIENCE = 60.0


class Screen:
    """One page: connects, shows its display, answers pings, and notes when it is told something."""

    def __init__(self, crowd: Crowd, display: str, slug: str, number: int) -> None:
        self.crowd, self.display, self.slug, self.number = crowd, display, slug, number
        self.version = ""
        self.open()

    def open(self) -> None:
        self.rest, self.is_web, self.shows = b"", False, False
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", self.crowd.port))
        self.crowd.selector.register(self.socket, selectors.EVENT_WRITE, self.connected)

    def close(self) -> None:
        self.crowd.selector.unregister(self.socket)
        self.socket.close()

    def connected(self) -> None:
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.close()
            self.crowd.refused(self)
            return
        self.crowd.selector.modify(self.socket, selectors.EVENT_READ, self.read)
        self.socket.send(HANDSHAKE.format(port=self.crowd.port).encode())

    def read(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            self.crowd.lost(self)
            return
        self.rest += data
        if not self.is_web:
            head, end, rest = self.rest.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head, head
            self.is_web, self.rest = True, rest
        self.frames()

    def frames(self) -> None:
        while len(self.rest) >= 2:
            size, begin = self.rest[1], 2
            if size >= 126:
                begin = 4 if size == 126 else 10
                if len(self.rest) < begin:
                    return
                size = int.from_bytes(self.rest[2:begin], "big")
            if len(self.rest) < begin + size:
                return
            said, self.rest = self.rest[begin : begin + size], self.rest[begin + size :]
            self.hear(said)

    def hear(self, said: bytes) -> None:
        if said.startswith(b"42"):
            self.crowd.moments.append(time.monotonic_ns())
        elif said == b"2":
            self.say("3")
        elif said.startswith(b"0"):
            self.say("40")
        elif said.startswith(b"40"):
            self.show()
        elif said.startswith(b"430"):
            self.learn(json.loads(said[3:])[0])

    def show(self) -> None:
        page = {"display": self.display, "slug": self.slug, "version": self.version, "notices": ""}
        self.say("420" + json.dumps(["show", page | {"screen": f"bench-{self.number:05}"}]))

    def learn(self, answer: dict[str, Any]) -> None:
        assert "error" not in answer, answer
        self.version = (answer["view"] or {"version": self.version})["version"]
        self.shows = True
        self.crowd.ready(self)

    def say(self, text: str) -> None:
        """Send a text, masked with zeros."""
        size = struct.pack("!B", 0x80 | len(text)) if len(text) < 126 else struct.pack("!BH", 0xFE, len(text))
        self.socket.send(b"\x81" + size + b"\0\0\0\0" + text.encode())


class Crowd:
    """All screens, and what is asked of them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.screens: list[Screen] = []
        self.moments: list[int] = []
        self.waiting: deque[Callable[[], object]] = deque()
        self.absent: set[Screen] = set()
        self.first_answer = 0.0

    def ready(self, screen: Screen) -> None:
        self.absent.discard(screen)
        self.first_answer = self.first_answer or time.monotonic()
        if self.waiting:
            self.waiting.popleft()()

    def lost(self, screen: Screen) -> None:
        self.absent.add(screen)

    refused = lost

    def turn(self, timeout: float = 1.0) -> None:
        for key, _ in self.selector.select(timeout):
            key.data()

    def until(self, done: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE
        while not done():
            self.turn(0.05)
            assert time.monotonic() < give_up, f"{len(self.absent)} screens are absent, {len(self.moments)} heard"

    def join(self, count: int, screens: list[tuple[str, str]]) -> float:
        began, size = time.monotonic(), len(self.screens) + count

        def add() -> None:
            number = len(self.screens)
            screen = Screen(self, *screens[number % len(screens)], number)
            self.screens.append(screen)
            self.absent.add(screen)

        self.waiting = deque([add] * count)
        for _ in range(min(AT_ONCE, count)):
            self.waiting.popleft()()
        self.until(lambda: len(self.screens) == size and not self.absent)
        return time.monotonic() - began

    def heard(self, expect: int) -> list[int]:
        self.until(lambda: len(self.moments) >= expect)
        heard, self.moments = self.moments, []
        return heard

    def storm(self) -> float:
        """Come back, all at once, as soon as the server, which is gone, listens again."""
        self.until(lambda: len(self.absent) == len(self.screens))
        while not self.is_there():
            time.sleep(0.005)
        began = time.monotonic()
        for screen in self.screens:
            screen.open()
        self.until(lambda: not self.absent)
        return time.monotonic() - began

    def is_there(self) -> bool:
        """Try the port, from another address: from the same one, a free port may be connected with itself."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.2", 0))
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def leave(self) -> None:
        for screen in self.screens:
            screen.close()
        self.screens = []


def main(port: int) -> None:
    crowd, asked = Crowd(port), b""
    os.set_blocking(0, False)

    def hear() -> None:
        nonlocal asked
        more = os.read(0, 1 << 16)
        if not more:
            sys.exit(0)
        asked += more
        while b"\n" in asked:
            line, _, asked = asked.partition(b"\n")
            words = json.loads(line)
            answer = getattr(crowd, words.pop("do"))(**words)
            print(json.dumps(answer), flush=True)

    crowd.selector.register(0, selectors.EVENT_READ, hear)
    while True:
        crowd.turn()


if __name__ == "__main__":
    main(int(sys.argv[1]))
