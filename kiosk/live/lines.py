"""Which machines have a page open here: their connections, by the machine's number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Machine:
    """What is done about machines: `number` of the one that sends the request that is being handled, 0 for none.

    `seen` hears that a machine's page is there, `did` what became of something that it was asked to do.
    """

    number: Callable[[], int] = lambda: 0
    seen: Callable[[int], None] = lambda _number: None
    did: Callable[[int, int, bool], None] = lambda _number, _errand, _done: None


@dataclass
class Lines:
    """The connections of this process that are machines' pages."""

    _device_of: dict[str, int] = field(default_factory=dict)

    def hold(self, connection: str, device: int) -> None:
        """Remember whose page a connection is."""
        self._device_of[connection] = device

    def drop(self, connection: str) -> None:
        """Forget a connection."""
        self._device_of.pop(connection, None)

    def of(self, connection: str) -> int:
        """Return whose page a connection is, 0 for nobody's in particular."""
        return self._device_of.get(connection, 0)

    def has(self, device: int) -> bool:
        """Tell whether a page of a machine is open."""
        return device in self._device_of.values()


def channel(device: int) -> str:
    """Return the name under which a machine's pages are told something."""
    return f"device/{device}"
