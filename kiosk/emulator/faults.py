"""Faults on order or by chance: wrong statuses, slow answers, cut connections, broken bodies, lost tokens."""

from __future__ import annotations

import random
import socket
import threading
from dataclasses import dataclass, field, fields
from typing import TypeVar

from kiosk.emulator.errors import ApiError, invalid_credentials

# A slow answer takes an hour at most.
LONGEST = 3600
KINDS = (
    "status", "slow", "drop_before", "drop_after", "truncate", "html", "revoke", "forget_sync", "lose_push",
)  # fmt: skip
_REASONS = {
    400: ("badRequest", "global", "Bad Request"),
    403: ("rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"),
    404: ("notFound", "global", "Not Found"),
    409: ("duplicate", "global", "The requested identifier already exists."),
    410: ("fullSyncRequired", "calendar", "Sync token is no longer valid, a full sync is required."),
    412: ("conditionNotMet", "global", "Precondition Failed"),
    429: ("rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"),
}
_Number = TypeVar("_Number", int, float)
_MESSAGES = {
    "quotaExceeded": "Calendar usage limits exceeded.",
    "userRateLimitExceeded": "User Rate Limit Exceeded",
    "forbidden": "Forbidden",
    "deleted": "Resource has been deleted",
}


@dataclass(slots=True)
class Fault:
    """What goes wrong, and for which requests: `operation` and `path` are parts of the request's own.

    `probability`: how likely it strikes each of them. `times`: how often it strikes before it is used up, 0
    for without end; once when it is certain, without end when it is left to chance, unless said otherwise.
    `seconds`: how long a slow answer takes.
    """

    kind: str
    operation: str = ""
    path: str = ""
    times: int | None = None
    status: int = 503
    reason: str = ""
    seconds: float = 0.0
    probability: float = 1.0
    chance: random.Random = field(default_factory=lambda: random.Random(0), repr=False, compare=False)

    def __post_init__(self) -> None:
        """Numbers may come as text; ValueError or TypeError for what a request that meets this could not do."""
        if not isinstance(self.operation, str) or not isinstance(self.path, str) or not isinstance(self.reason, str):
            raise TypeError("operation, path and reason are texts")
        self.status = _within(int(self.status), 200, 599)
        self.seconds = _within(float(self.seconds), 0, LONGEST)
        self.probability = _within(float(self.probability), 0, 1)
        if self.times is not None:
            self.times = _within(int(self.times), 0, 1_000_000_000)
        else:
            self.times = 1 if self.probability >= 1 else 0

    def error(self) -> ApiError:
        """The answer of a status fault."""
        if self.status == 401 and not self.reason:
            return invalid_credentials()
        reason, domain, message = _REASONS.get(self.status, ("backendError", "global", "Backend Error"))
        if self.reason.endswith("Exceeded") or self.reason == "accessNotConfigured":
            domain = "usageLimits"
        message = _MESSAGES.get(self.reason, message)
        return ApiError(self.status, self.reason or reason, message, domain=domain)


def parse(text: str) -> Fault:
    """A fault as written on the command line: `KIND[:key=value,…]`; ValueError says what is wrong with it."""
    kind, _, rest = text.partition(":")
    kinds = {each.name: str(each.type) for each in fields(Fault) if each.name not in {"kind", "chance"}}
    given: dict[str, str | int | float] = {}
    for part in filter(None, rest.split(",")):
        name, _, value = part.partition("=")
        if name not in kinds:
            raise ValueError(f"unknown key {name!r}, choose from {', '.join(kinds)}")
        given[name] = _value(kinds[name], value)
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}, choose from {', '.join(KINDS)}")
    return Fault(kind, **given)  # type: ignore[arg-type]


def _value(kind: str, text: str) -> str | int | float:
    if kind.startswith("int"):
        return int(text)
    return float(text) if kind == "float" else text


def _within(number: _Number, low: float, high: float) -> _Number:
    if not low <= number <= high:
        raise ValueError(f"invalid number {number}: it must lie between {low} and {high}")
    return number


class Faults:
    """The faults on order; each request takes at most one of each kind.

    Chance is drawn for each fault by itself, in the order of the requests it could strike, so the same seed
    and the same requests meet the same faults.
    """

    def __init__(self, seed: object = 0) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Fault] = []
        self._seed = seed
        self._count = 0
        self.stopping = threading.Event()

    def order(self, fault: Fault) -> None:
        """Add a fault; ValueError for a kind there is none of."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault {fault.kind!r}, choose from {', '.join(KINDS)}")
        with self._lock:
            self._count += 1
            fault.chance = random.Random(f"{self._seed}/{self._count}")
            self._ordered.append(fault)

    def clear(self, seed: object = None) -> None:
        """Everything works again; with a seed, chance begins anew."""
        with self._lock:
            self._ordered.clear()
            if seed is not None:
                self._seed, self._count = seed, 0

    def strike(self, kind: str, operation: str, path: str) -> Fault | None:
        """The fault of that kind which this request meets, counted down."""
        with self._lock:
            for fault in self._ordered:
                if fault.kind == kind and fault.operation in operation and fault.path in path and _strikes(fault):
                    self._count_down(fault)
                    return fault
        return None

    def _count_down(self, fault: Fault) -> None:
        if fault.times:
            fault.times -= 1
            if not fault.times:
                self._ordered.remove(fault)


def _strikes(fault: Fault) -> bool:
    return fault.probability >= 1 or fault.chance.random() < fault.probability


def cut(connection: socket.socket) -> None:
    """Close the connection under the answer."""
    connection.shutdown(socket.SHUT_RDWR)


def truncate(connection: socket.socket, body: bytes) -> None:
    """Announce the whole body, send half of it, and close."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[: len(body) // 2])
    connection.shutdown(socket.SHUT_RDWR)
