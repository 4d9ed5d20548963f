"""Posting one signed message to a webhook: to the address that was looked at, in good time, and following nobody."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import SplitResult

from kiosk import __version__, clock, runtime
from kiosk.errors import KioskError, UsageError
from kiosk.notify import addresses, signing
from kiosk.notify.outcome import Outcome
from kiosk.store.deliveries import Delivery

CONNECT_SECONDS = 5.0
# However slowly it answers, a receiver is let go after this.
DEADLINE_SECONDS = 15.0
# What a receiver says is of no interest but for the log.
MOST_ANSWER = 2048
MOST_SHOWN = 120
LONGEST_WAIT = timedelta(hours=24)
PORTS = {"http": 80, "https": 443}


class Proxy(Protocol):
    """A proxy that opens tunnels; `headers` are sent to it and to nobody else."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


@dataclass
class Post:
    """Posts messages; `private`: also into private networks. `proxy_for(host)`: through what an https host is reached.

    Behind a proxy the name is looked up by it, so only an address written in figures is checked here.
    """

    private: bool
    clock: clock.Clock
    proxy_for: Callable[[str], Proxy | None] = lambda _host: None
    ca_file: str = ""
    deadline: float = DEADLINE_SECONDS
    _trust: ssl.SSLContext | None = field(default=None, init=False)

    def send(self, one: Delivery, url: str, secret: str) -> Outcome:
        """Post a message once and return how that ended; nothing is raised for what the receiver does."""
        try:
            parts = addresses.check(url, self.private)
            return self._exchange(parts, one, secret)
        except UsageError as error:
            return Outcome(False, str(error), again=False)
        except (OSError, http.client.HTTPException, KioskError) as error:
            return Outcome(False, _reason(error))

    def _exchange(self, parts: SplitResult, one: Delivery, secret: str) -> Outcome:
        seconds = int(self.clock().timestamp())
        sent = {
            **signing.headers(secret, one.id, seconds, one.body),
            "Content-Type": "application/json",
            "User-Agent": f"room-kiosk/{__version__}",
            "Connection": "close",
        }
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with closing(self._connection(parts)) as connection, self._in_time(connection):
            connection.request("POST", target, one.body.encode(), sent)
            answer = connection.getresponse()
            text = answer.read(MOST_ANSWER).decode("utf-8", "replace")
            return judged(answer.status, answer.headers.get("Retry-After", ""), text, self.clock())

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or PORTS[parts.scheme]
        proxy = self.proxy_for(f"{host}:{port}") if secure else None
        trust = self._trusted() if secure else None
        if proxy:
            tunnel = _Secure(proxy.host, proxy.port, proxy.host, trust, host)
            tunnel.set_tunnel(host, port, dict(proxy.headers))
            return tunnel
        address = addresses.resolve(host, port, self.private)
        return _Secure(host, port, address, trust, host) if secure else _Plain(host, port, address)

    def _trusted(self) -> ssl.SSLContext:
        """Read the certificates once, in a real thread: it takes long on a small machine."""
        if self._trust is None:
            self._trust = runtime.offload(_context, self.ca_file)
        return self._trust

    @contextmanager
    def _in_time(self, connection: http.client.HTTPConnection) -> Iterator[None]:
        """End a conversation that takes too long in all, however lively it is."""
        late = threading.Event()
        timer = threading.Timer(self.deadline, _hang_up, (connection, late))
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise TimeoutError("it took too long") if late.is_set() else error from error
        finally:
            timer.cancel()
        if late.is_set():
            raise TimeoutError("it took too long")


class _Plain(http.client.HTTPConnection):
    """A connection to an address that has been looked up already."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self._address = address

    def connect(self) -> None:
        """Connect to the address."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        self.sock.settimeout(DEADLINE_SECONDS)


class _Secure(_Plain):
    """The same over TLS, with the certificate of the name; perhaps through a tunnel."""

    default_port = 443

    def __init__(self, host: str, port: int, address: str, trust: ssl.SSLContext | None, name: str) -> None:
        super().__init__(host, port, address)
        self._trust, self._name = trust, name

    def connect(self) -> None:
        """Connect to the address and prove the name."""
        super().connect()
        if getattr(self, "_tunnel_host", None):
            self._tunnel()  # type: ignore[attr-defined]
        if self._trust is None:
            raise ssl.SSLError("There are no certificates to trust.")
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self._name)


def judged(status: int, retry_after: str, text: str, now: datetime) -> Outcome:
    """Return what an answer means: only 2xx is success, and a redirection is followed nowhere."""
    said = f"{status} {_line(text)}".strip()
    if 200 <= status < 300:
        return Outcome(True, said)
    if status == 410:
        return Outcome(False, f"{said}: it wants no more messages", again=False, gone=True)
    if 300 <= status < 400:
        return Outcome(False, f"{status}: it points elsewhere, which is not followed")
    return Outcome(False, said, after=_wait(retry_after) if status in {429, 503} else None)


def _wait(text: str) -> timedelta | None:
    if not (text.strip().isascii() and text.strip().isdigit()):
        return None
    return min(timedelta(seconds=int(text.strip()[:9])), LONGEST_WAIT)


def _line(text: str) -> str:
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]}…"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted ({error.verify_message})"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"no connection ({_line(str(error)) or type(error).__name__})"


def _hang_up(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    if connection.sock is not None:
        with suppress(OSError):  # it may have ended by itself
            connection.sock.shutdown(socket.SHUT_RDWR)


def _context(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)
