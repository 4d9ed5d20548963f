"""`kiosk`, which on a signal writes how many greenlets and threads it has; the test says where, as COUNTED."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path


def count(_signal: int, _frame: object) -> None:
    """Write the number of greenlets that have begun and not ended, and of real threads."""
    from greenlet import greenlet  # type: ignore[import-untyped]

    alive = sum(1 for one in gc.get_objects() if isinstance(one, greenlet) and not one.dead)
    tasks = len(os.listdir("/proc/self/task"))
    target = Path(os.environ["COUNTED"])
    written = target.with_suffix(".new")
    written.write_text(f"{alive} {tasks}")
    written.rename(target)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, count)
    from kiosk.__main__ import main

    sys.exit(main(None))
