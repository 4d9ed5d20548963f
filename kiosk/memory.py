"""What a process keeps in memory: libraries that it does not use stay out, and what is free goes back."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Our libraries import these where they are installed, for the sake of what we do not use of them.
UNUSED = ("aiohttp", "redis", "requests", "tornado", "valkey", "websocket")
# M_ARENA_MAX of mallopt(3).
MOST_POOLS = -8


@contextmanager
def left_out(*libraries: str) -> Iterator[None]:
    """Have these libraries not found inside, as if they were not installed, but those that are loaded already."""
    absent = [name for name in libraries if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def share() -> None:
    """Have all threads take memory from one pool, where the C library is GNU's: pools of their own lie half empty."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(MOST_POOLS, 1)


def freeze() -> None:
    """Never walk again what lives since the start: it halves the pause of a broadcast. Call it before any loop runs."""
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """Give the system back what is free between what is used, where the C library is GNU's."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
