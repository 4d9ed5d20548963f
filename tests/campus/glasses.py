"""Many doors in one process, each a Socket.IO client on a websocket of its own that does what a door's page does.

usage: python -m tests.campus.glasses PORT, then on standard input a list of [slug, word] as JSON, and an empty line
whenever it is to be told how they are: {"here": N, "told": {slug: how often its doors were told}}
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import json  # noqa: E402 - what comes now is to wait as eventlet does
import random  # noqa: E402
import sys  # noqa: E402
import uuid  # noqa: E402
from collections import Counter  # noqa: E402
from typing import Any  # noqa: E402

import socketio  # noqa: E402
from eventlet.green import os  # noqa: E402
from socketio.exceptions import SocketIOError  # noqa: E402

# As in static/js/link.js, and as its library does unless it is told otherwise; all in seconds.
HEARTBEAT, ANSWER, RETRY = 20.0, 5.0, 5.0
COMES_AGAIN = {"reconnection_delay": 1, "reconnection_delay_max": 5, "randomization_factor": 0.5}
AT_ONCE = 50


class Client(socketio.Client):
    """Waits for its server as long as a browser does, when it comes again too."""

    def connect(self, *words: Any, **more: Any) -> None:
        super().connect(*words, **({"wait_timeout": 4 * ANSWER} | more))


class Glass:
    """One door: the version on its glass, and how often it was told of another."""

    def __init__(self, port: int, slug: str, word: str) -> None:
        self.slug, self.word, self.version, self.told = slug, word, "", 0
        self.is_dead = True
        self._url = f"http://127.0.0.1:{port}"
        self._turn = 0
        self._client = Client(handle_sigint=False, **COMES_AGAIN)
        self._client.on("connect", self._beat)
        self._client.on("disconnect", self._lose)
        self._client.on("tracks", self._hear)
        self._client.on("refresh", self._beat)

    def come(self) -> None:
        """Connect, and come again whenever the connection is lost."""
        way = {"Cookie": f"kiosk_way={uuid.uuid4().hex}"}
        self._client.connect(self._url, headers=way, transports=["websocket"], retry=True)

    def _beat(self) -> None:
        self._turn += 1
        eventlet.spawn(self._show, self._turn)

    def _lose(self, _reason: str = "") -> None:
        self.is_dead = True
        self._turn += 1

    def _show(self, turn: int) -> None:
        """Say what is on the glass, take what the answer brings, and do so again with the next beat."""
        said = {"display": "door", "slug": self.slug, "version": self.version, "screen": self.word, "notices": ""}
        try:
            answer = self._client.call("show", said, timeout=ANSWER)
        except SocketIOError:
            answer = None
        if turn != self._turn:
            return
        self.is_dead = not answer or "stamp" not in answer
        if not self.is_dead and answer["view"]:
            self._take(answer["view"]["version"])
            self._beat()
            return
        eventlet.spawn_after(RETRY if self.is_dead else HEARTBEAT * random.uniform(0.9, 1), self._again, turn)

    def _again(self, turn: int) -> None:
        if turn == self._turn:
            self._beat()

    def _hear(self, said: dict[str, Any]) -> None:
        if said["previous"] == self.version:
            self._take(said["version"])
        self._beat()

    def _take(self, version: str) -> None:
        self.version, self.told = version, self.told + 1


def state(glasses: list[Glass]) -> dict[str, Any]:
    told: Counter[str] = Counter()
    for one in glasses:
        told[one.slug] += one.told
    return {"here": sum(not one.is_dead for one in glasses), "told": told}


def main(port: int) -> None:
    """Let all come, and tell of them until nobody can ask any more."""
    rest, glasses = b"", []
    pool = eventlet.GreenPool(AT_ONCE)
    while more := os.read(0, 1 << 16):
        *lines, rest = (rest + more).split(b"\n")
        for line in lines:
            if line:
                glasses = [Glass(port, slug, word) for slug, word in json.loads(line)]
                for one in glasses:
                    pool.spawn(one.come)
            else:
                print(json.dumps(state(glasses)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
    os._exit(0)
