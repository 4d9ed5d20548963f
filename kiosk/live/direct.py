"""The direct sender: everything that touches the private side of python-engineio and python-socketio.

Their own way gives every client a task that writes and another that pings, and wakes the writer for each message.
Here a message is made a websocket's frame once and goes straight to every socket (`wire`), and one loop pings them all.
This is for eventlet, where nobody else runs between two steps that do not wait. Clients that poll, or are on their way
to a websocket, have the queue that they always had; it goes ahead of all else once the websocket stands.
"""

from __future__ import annotations

import hashlib
import logging
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any
from weakref import ref

from engineio import exceptions, packet, socket
from engineio.server import Server as Engine
from socketio import Manager
from socketio import packet as messages
from socketio import server as socketio

from kiosk import clock, runtime
from kiosk.live.wire import Wire

log = logging.getLogger(__name__)

# After so many clients others have their turn: that is some ten milliseconds.
AT_ONCE = 1000
# How late a ping may be; many go together.
LOOK_SECONDS = 0.25
PING = packet.Packet(packet.PING)
# Of each function that is replaced here or leads here: a digest of what it is given and of all names that it uses.
SHAPE = {
    "Engine._handle_connect": "3f4d4d5047b7",
    "Engine.send_packet": "16ddb938b007",
    "Socket.__init__": "cb370455ea65",
    "Socket.close": "456f57d05411",
    "Socket.receive": "bdcaa1705c91",
    "Socket.send": "eb3e7e7c4d85",
    "Socket.schedule_ping": "4c9f75f1fc76",
    "Socket._send_ping": "92b66687ce40",
    "Socket._websocket_handler": "ba90349edd23",
    "Manager.emit": "e9814c9556b3",
    "Manager.get_participants": "2f0df8f41ab6",
    "Server._handle_eio_connect": "472f1ad6a998",
    "Server._send_packet": "f73067b68089",
    "Server._send_eio_packet": "35155e041251",
}


class DirectSocket(socket.Socket):  # type: ignore[misc]
    """A client of Engine.IO; `wire` is its websocket's way out, once it has one."""

    pinger: Pinger
    wire: Wire | None = None
    # As the original has them.
    last_ping: float | None
    connected: bool
    upgraded: bool
    upgrading: bool

    def send(self, pkt: Any) -> None:
        """Send a packet to the client. Raises SocketIsClosedError."""
        if self.closed:
            raise exceptions.SocketIsClosedError
        if self.wire is None:
            self.queue.put(pkt)
        else:
            self.wire.send(framed(pkt))

    def schedule_ping(self) -> None:
        """Ping the client after a while, once for every answer."""
        if self.last_ping:
            self.last_ping = None
            self.pinger.later(self)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the connection; nobody is waited for where nobody takes packets from the queue."""
        has_begun = self.closing or self.closed
        super().close(wait=wait and self.wire is None, abort=abort, reason=reason)
        if self.wire and not has_begun:
            self.wire.end()

    def drop(self, reason: str) -> None:
        """Close the connection of a client that does not answer."""
        self.close(wait=False, abort=False, reason=reason)
        if self.wire:
            self.wire.cut()

    def _websocket_handler(self, ws: Any) -> list[object]:
        """Be a websocket's whole life, as the original is, without a task of its own that writes."""
        if not _is_plain(ws):
            return list(super()._websocket_handler(ws))
        ws.socket.settimeout(self.server.ping_interval + self.server.ping_timeout)
        if self.connected and not self._upgrades(ws):
            return []
        self.connected = self.upgraded = True
        self.upgrading = False
        self._take(ws)
        try:
            self._listen(ws)
        finally:
            self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
        return []

    def _upgrades(self, ws: Any) -> bool:
        """Lead a client over from polling; what it is told meanwhile waits in the queue."""
        self.upgrading = True
        probe = self._read(ws)
        if probe is None or (probe.packet_type, probe.data) != (packet.PING, "probe"):
            self.upgrading = False
            return False
        ws.send(packet.Packet(packet.PONG, data="probe").encode())
        self.queue.put(packet.Packet(packet.NOOP))
        answer = self._read(ws)
        if answer is None or answer.packet_type != packet.UPGRADE:
            self.upgrading = False
            return False
        return True

    def _take(self, ws: Any) -> None:
        """Take the websocket's way out, for its own frames too, and send what waits in the queue first."""
        wire = Wire(ws.socket.fd.send, ws.socket.sendall, ws.socket.fd.shutdown, self.server.start_background_task)
        ws._send = wire.send
        while not self.queue.empty():
            waiting = self.queue.get(block=False)
            self.queue.task_done()
            if waiting is None:
                wire.end()
            else:
                wire.send(framed(waiting))
        self.wire = wire

    def _listen(self, ws: Any) -> None:
        """Hear what the client says until its connection ends."""
        while True:
            try:
                said = self._read(ws)
                if said is None:
                    return
                self.receive(said)
            except exceptions.UnknownPacketError:
                continue
            except (OSError, EOFError, ValueError, exceptions.SocketIsClosedError) as error:
                log.debug("A screen's connection has ended: %s", error)
                return

    def _read(self, ws: Any) -> Any:
        """Return the next packet, None at the end of the connection. Raises ValueError for what is none."""
        data = ws.wait()
        if data is None:
            return None
        if len(data) > self.server.max_http_buffer_size:
            raise ValueError("packet is too large")
        return packet.Packet(encoded_packet=data)


@dataclass
class Pinger:
    """Asks each client again and again whether it is there, and closes those that do not answer in time.

    `interval`: seconds from an answer to the next question; `timeout`: seconds for the answer. `clients`: those of the
    server by their number; who has left is forgotten there.
    """

    clients: dict[str, Any]
    interval: float
    timeout: float
    # Nobody whose connection has ended is kept in memory for the sake of their turn.
    _due: deque[tuple[float, ref[DirectSocket]]] = field(default_factory=deque)
    _asked: deque[tuple[float, ref[DirectSocket]]] = field(default_factory=deque)
    _loops: bool = False

    def later(self, client: DirectSocket) -> None:
        """Ping a client when the interval is over; the first one starts the loop."""
        self._due.append((clock.monotonic() + self.interval, ref(client)))
        if not self._loops:
            self._loops = True
            threading.Thread(target=self._loop, name="pinger", daemon=True).start()

    def step(self) -> None:
        """Ping whom it is time for, and let go who was asked and has not answered."""
        now = clock.monotonic()
        while self._due and self._due[0][0] <= now:
            client = self._due.popleft()[1]()
            if client:
                self._ask(client, now)
        while self._asked and self._asked[0][0] + self.timeout <= now:
            asked, known = self._asked.popleft()
            client = known()
            if client and client.last_ping == asked:
                self._let_go(client)
                runtime.breathe()

    def _ask(self, client: DirectSocket, now: float) -> None:
        if client.closing or client.closed:
            self._let_go(client)
            return
        client.last_ping = now
        self._asked.append((now, ref(client)))
        client.send(PING)

    def _let_go(self, client: DirectSocket) -> None:
        client.drop(client.server.reason.PING_TIMEOUT)
        self.clients.pop(client.sid, None)

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), LOOK_SECONDS, log, "Pinging the screens")


def install(server: Any) -> Callable[[str, str, dict[str, Any]], None]:
    """Make a server's clients direct ones, before it has any, and return what tells a channel an event.

    Raises NotImplementedError where the installed libraries are not of the shape that this module knows.
    """
    _recognize(server)
    engine, pinger = server.eio, Pinger(server.eio.sockets, server.eio.ping_interval, server.eio.ping_timeout)
    greet = engine.handlers["connect"]

    def adopt(number: str, environ: dict[str, Any]) -> Any:
        client = engine.sockets[number]
        client.__class__ = DirectSocket
        client.pinger = pinger
        return greet(number, environ)

    engine.on("connect", adopt)
    engine.start_service_task = False
    return _publisher(server)


def _publisher(server: Any) -> Callable[[str, str, dict[str, Any]], None]:
    turn = threading.Lock()

    def publish(channel: str, event: str, payload: dict[str, Any]) -> None:
        # All of it is text: it need not be searched for bytes.
        said = server.packet_class(messages.EVENT, namespace="/", data=[event, payload], binary=False)
        told = packet.Packet(packet.MESSAGE, said.encode())
        with turn:
            for number, (_, client) in enumerate(server.manager.get_participants("/", channel), 1):
                server.eio.send_packet(client, told)
                if number % AT_ONCE == 0:
                    runtime.breathe()

    return publish


def framed(pkt: Any) -> bytes:
    """Return the frame of a packet, which is made once."""
    made: bytes | None = pkt.__dict__.get("frame")
    if made is None:
        made = pkt.frame = frame(pkt.encode())
    return made


def frame(said: str | bytes) -> bytes:
    """Return a websocket's frame of a text or of bytes (RFC 6455, section 5.2), unmasked, as servers send it."""
    kind, content = (0x81, said.encode()) if isinstance(said, str) else (0x82, said)
    size = len(content)
    if size < 126:
        head = struct.pack("!BB", kind, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", kind, 126, size)
    else:
        head = struct.pack("!BBQ", kind, 127, size)
    return head + content


def shape() -> dict[str, str]:
    """Return the shape of the installed libraries, to compare with `SHAPE`."""
    holders = {"Engine": Engine, "Socket": socket.Socket, "Manager": Manager, "Server": socketio.Server}
    found = {}
    for name in SHAPE:
        holder, _, function = name.partition(".")
        found[name] = _digest(getattr(holders[holder], function).__code__)
    return found


def _recognize(server: Any) -> None:
    unknown = [name for name, known in shape().items() if known != SHAPE[name]]
    if unknown:
        raise NotImplementedError(f"{', '.join(unknown)} is not as it was when this was written")
    # Another manager tells other processes too.
    if type(server.manager) is not Manager or server.eio.async_mode != "eventlet":
        raise NotImplementedError(
            f"{type(server.manager).__name__} on {server.eio.async_mode} is left to the stock sender"
        )


def _is_plain(ws: Any) -> bool:
    """Whether a websocket is eventlet's, of the current protocol, neither compressed nor encrypted by us."""
    return hasattr(ws, "_send") and not getattr(ws, "extensions", True) and hasattr(ws.socket, "fd")


def _digest(code: CodeType) -> str:
    return hashlib.sha256(" ".join(sorted({*_names(code)})).encode()).hexdigest()[:12]


def _names(code: CodeType) -> Iterator[str]:
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    # Some versions of Python have a function for each comprehension, which is given ".0".
    yield from (name for name in (*given, *code.co_names) if "." not in name)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
