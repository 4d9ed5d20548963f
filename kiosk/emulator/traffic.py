"""What was asked: counts and the latest requests, for tests and for the curious."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass

from kiosk.emulator.values import Json

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request; `operation` is Google's method name, such as `calendar.v3.Events.List`."""

    operation: str
    method: str
    path: str
    query: str
    status: int
    subject: str
    quota_user: str


class Traffic:
    """A record of requests, safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: deque[Request] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()

    def add(self, request: Request) -> None:
        """Record one."""
        with self._lock:
            self._latest.append(request)
            self._counts[request.operation] += 1

    def reset(self) -> None:
        """Forget all."""
        with self._lock:
            self._latest.clear()
            self._counts.clear()

    def requests(self) -> list[Request]:
        """The latest requests, oldest first."""
        with self._lock:
            return list(self._latest)

    def counts(self) -> dict[str, int]:
        """How many of each operation."""
        with self._lock:
            return dict(self._counts)

    def as_json(self) -> Json:
        """Counts and requests for the control address."""
        return {"counts": self.counts(), "requests": [asdict(each) for each in self.requests()]}
