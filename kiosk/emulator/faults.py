"""Faults on order: wrong statuses, slow answers, cut connections, broken bodies."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass

from kiosk.emulator.errors import ApiError

KINDS = ("status", "slow", "drop_before", "drop_after", "truncate", "html")
_REASONS = {
    401: ("authError", "global", "Invalid Credentials"),
    403: ("rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"),
    404: ("notFound", "global", "Not Found"),
    410: ("fullSyncRequired", "calendar", "Sync token is no longer valid, a full sync is required."),
    429: ("rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"),
}


@dataclass(slots=True)
class Fault:
    """What goes wrong, and for which requests: `operation` and `path` are parts of the request's own.

    `times`: how often it strikes before it is used up. `seconds`: how long a slow answer takes.
    """

    kind: str
    operation: str = ""
    path: str = ""
    times: int = 1
    status: int = 503
    reason: str = ""
    seconds: float = 0.0

    def error(self) -> ApiError:
        """The answer of a status fault."""
        reason, domain, message = _REASONS.get(self.status, ("backendError", "global", "Backend Error"))
        if self.reason.endswith("Exceeded"):
            domain = "usageLimits"
        return ApiError(self.status, self.reason or reason, message, domain=domain)


class Faults:
    """The faults on order; each request takes at most one of each kind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Fault] = []
        self.stopping = threading.Event()

    def order(self, fault: Fault) -> None:
        """Add a fault; ValueError for a kind there is none of."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault {fault.kind!r}, choose from {', '.join(KINDS)}")
        with self._lock:
            self._ordered.append(fault)

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._ordered.clear()

    def strike(self, kind: str, operation: str, path: str) -> Fault | None:
        """The fault of that kind which this request meets, counted down."""
        with self._lock:
            for fault in self._ordered:
                if fault.kind == kind and fault.operation in operation and fault.path in path:
                    fault.times -= 1
                    self._ordered = [each for each in self._ordered if each.times > 0]
                    return fault
        return None


def cut(connection: socket.socket) -> None:
    """Close the connection under the answer."""
    connection.shutdown(socket.SHUT_RDWR)


def truncate(connection: socket.socket, body: bytes) -> None:
    """Announce the whole body, send half of it, and close."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[: len(body) // 2])
    connection.shutdown(socket.SHUT_RDWR)
