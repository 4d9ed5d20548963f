"""A screen's side of Engine.IO, frame by frame, so that tests can read late, answer no ping, or go without a word."""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

import requests
import websocket

PATIENCE = 30.0
PATH = "/socket.io/?EIO=4&transport="
SEPARATOR = "\x1e"
# Every websocket that was opened, for `close_all`.
OPENED: list[websocket.WebSocket] = []


@dataclass
class Listener:
    """A client on a websocket. `answers`: whether it answers pings; `room`: bytes that its system keeps unread."""

    url: str
    answers: bool = True
    room: int = 0
    query: str = ""
    number: str = ""
    pings: int = 0
    ws: websocket.WebSocket = field(init=False)

    def connect(self) -> Listener:
        self.open()
        assert self.packet().startswith("0")
        self.ws.send("40")
        self.number = json.loads(self.packet()[2:])["sid"]
        return self

    def open(self) -> None:
        room = [(socket.SOL_SOCKET, socket.SO_RCVBUF, self.room)] if self.room else []
        self.ws = websocket.WebSocket(sockopt=room, skip_utf8_validation=True)
        OPENED.append(self.ws)
        self.ws.settimeout(PATIENCE)
        self.ws.connect(self.url.replace("http", "ws", 1) + PATH + "websocket" + self.query)

    def join(self, channel: str) -> Listener:
        """Join a channel; when this returns it has been joined."""
        self.ws.send(f"421{json.dumps(['join', channel])}")
        assert self.packet().startswith("431")
        return self

    def packet(self) -> str:
        """Return the next packet of the server; "" when the connection has ended."""
        while True:
            try:
                said = self.ws.recv()
            except (websocket.WebSocketConnectionClosedException, ConnectionError):
                return ""
            if said != "2":
                return str(said)
            self.pings += 1
            if self.answers:
                self.ws.send("3")

    def told(self) -> Any:
        """Return what it is told next, None at the end of the connection."""
        while True:
            said = self.packet()
            if said.startswith("42"):
                return json.loads(said[2:])[1]
            if not said or said == "1":
                return None

    def vanish(self) -> None:
        """Go without a word."""
        self.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ws.shutdown()


def close_all() -> None:
    """Close whatever was opened."""
    while OPENED:
        OPENED.pop().shutdown()


@dataclass
class Poller:
    """A client that asks again and again over HTTP."""

    url: str
    number: str = ""
    heard: list[Any] = field(default_factory=list)

    def connect(self) -> Poller:
        [opened] = self._get()
        self.number = json.loads(opened[1:])["sid"]
        self.say("40")
        self.poll()
        return self

    def join(self, channel: str) -> Poller:
        self.say(f"42{json.dumps(['join', channel])}")
        return self

    def say(self, packet: str) -> None:
        assert requests.post(self._address(), data=packet.encode(), timeout=PATIENCE).ok

    def poll(self) -> list[str]:
        """Ask once; what it is told is kept in `heard`."""
        packets = self._get()
        self.heard += [json.loads(one[2:])[1] for one in packets if one.startswith("42")]
        if "2" in packets:
            self.say("3")
        return packets

    def _get(self) -> list[str]:
        answer = requests.get(self._address(), timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.content.decode().split(SEPARATOR)

    def _address(self) -> str:
        return self.url + PATH + "polling" + (f"&sid={self.number}" if self.number else "")
