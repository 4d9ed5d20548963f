"""Delivering push messages: real HTTP requests, in the order of each channel, again when the receiver is ill."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from kiosk.emulator import channels
from kiosk.emulator.channels import Message
from kiosk.emulator.faults import Faults
from kiosk.emulator.store import Store
from kiosk.emulator.values import Json

logger = logging.getLogger(__name__)
_AGENT = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google)"
_ILL = frozenset({500, 502, 503, 504})
_TIMEOUT = 10.0
_MOST_TRIES = 8
_LONGEST_PAUSE = 64


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt: `status` is the receiver's, 0 when there was no answer."""

    channel: str
    number: int
    state: str
    attempt: int
    status: int


class Pushes:
    """The thread that looks what is due and those that send it.

    `retry_seconds`: the first pause after a failure, doubled each time. `http`: whether addresses may be
    plain http. `authority`: a file of certificates to trust beside the system's.
    """

    def __init__(self, store: Store, faults: Faults) -> None:
        self.retry_seconds = 1.0
        self.http = False
        self.authority = ""
        self._store = store
        self._faults = faults
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._busy: set[str] = set()
        self._open: set[http.client.HTTPConnection] = set()
        self._log: deque[Delivery] = deque(maxlen=20_000)
        self._thread = threading.Thread(target=self._run, name="pushes", daemon=True)
        self._senders = ThreadPoolExecutor(8, thread_name_prefix="push")

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """Look again at what is due."""
        self._wake.set()

    def stop(self) -> None:
        """End all threads; what was not delivered waits in the store."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._changed:
            for connection in self._open:
                _hang_up(connection)
        self._senders.shutdown(wait=True, cancel_futures=True)

    def deliveries(self) -> list[Delivery]:
        """All attempts so far, oldest first."""
        with self._changed:
            return list(self._log)

    def as_json(self) -> Json:
        """The attempts for the control address."""
        return {"deliveries": [asdict(each) for each in self.deliveries()]}

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every message is delivered or given up; false when that takes too long."""
        self.wake()
        with self._changed:
            return self._changed.wait_for(self._idle, timeout)

    def _idle(self) -> bool:
        if self._busy or self._stopping.is_set():
            return self._stopping.is_set()
        with self._store.transaction():
            channels.expire(self._store)
            return channels.next_due(self._store) is None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause = self._send_due()
            except Exception:
                logger.exception("push messages could not be sent")
                pause = 1.0
            if not self._stopping.is_set():
                self._wake.wait(pause)

    def _send_due(self) -> float | None:
        """One step: send what is due; returns the seconds until the next message, None when there is none."""
        now = self._store.clock.microseconds()
        with self._store.transaction():
            found = channels.due(self._store, now)
            following = self._store.row("SELECT min(due) FROM messages WHERE due > ?", now)
        with self._changed:
            fresh = [message for message in found if message.channel.id not in self._busy]
            self._busy |= {message.channel.id for message in fresh}
            self._changed.notify_all()
        for message in fresh:
            self._senders.submit(self._deliver, message)
        return (following[0] - now) / 1_000_000 if following and following[0] else None

    def _deliver(self, message: Message) -> None:
        try:
            status = self._post(message)
            with self._changed:
                attempt = message.tries + 1
                self._log.append(Delivery(message.channel.id, message.number, message.state, attempt, status))
            self._settle_one(message, status)
        except Exception:
            if not self._stopping.is_set():
                logger.exception("push message %s of %s failed", message.number, message.channel.id)
        finally:
            with self._changed:
                self._busy.discard(message.channel.id)
            self._wake.set()

    def _settle_one(self, message: Message, status: int) -> None:
        again = (status == 0 or status in _ILL) and message.tries + 1 < _MOST_TRIES
        if self._stopping.is_set():
            return
        with self._store.transaction():
            if again:
                pause = min(2**message.tries, _LONGEST_PAUSE) * self.retry_seconds
                channels.postpone(self._store, message, self._store.clock.microseconds() + int(pause * 1_000_000))
            else:
                channels.done(self._store, message)

    def _post(self, message: Message) -> int:
        """The receiver's status, 0 when it cannot be reached; a lost message looks delivered."""
        address = message.channel.address
        if self._faults.strike("lose_push", "push", address):
            return 200
        parts = urlsplit(address)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        with self._changed:
            self._open.add(connection)
        try:
            connection.request("POST", target, headers=_headers(message))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            logger.info("push to %s: %s", address, error)
            return 0
        finally:
            with self._changed:
                self._open.discard(connection)
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
        trust = ssl.create_default_context()
        if self.authority:
            trust.load_verify_locations(self.authority)
        return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=trust)


def _headers(message: Message) -> dict[str, str]:
    channel = message.channel
    expires = datetime.fromtimestamp(channel.expires // 1000, UTC)
    headers = {
        "Content-Length": "0", "Accept": "*/*", "User-Agent": _AGENT, "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Expiration": f"{expires:%a, %d %b %Y %H:%M:%S} GMT",
        "X-Goog-Resource-ID": channel.resource, "X-Goog-Resource-URI": channel.uri,
        "X-Goog-Resource-State": message.state, "X-Goog-Message-Number": str(message.number),
    }  # fmt: skip
    return headers | ({"X-Goog-Channel-Token": channel.token} if channel.token else {})


def _hang_up(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            logger.debug("the receiver had hung up")
