"""How long a process stalls: how late a short sleep comes back while something else runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

NAP_SECONDS = 0.005


@contextmanager
def watched() -> Iterator[list[float]]:
    """Collect, in seconds, how late each of many short sleeps came back; never an empty list."""
    late, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            before = time.perf_counter()
            time.sleep(NAP_SECONDS)
            late.append(time.perf_counter() - before - NAP_SECONDS)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield late
    finally:
        done.set()
        watcher.join()
