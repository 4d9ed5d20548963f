"""`kiosk` without a collector of garbage, which on a signal writes what it holds of connections, into COUNTED."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

# What every connection and everything said on it is in.
KINDS = {"HttpProtocol", "DirectSocket", "RequestContext"}


def count(_signal: int, _frame: object) -> None:
    """Write the number of connections, and of things said, that are in memory."""
    held = sum(type(one).__name__ in KINDS for one in gc.get_objects())
    target = Path(os.environ["COUNTED"])
    written = target.with_suffix(".new")
    written.write_text(str(held))
    written.rename(target)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, count)
    gc.disable()
    from kiosk.__main__ import main

    sys.exit(main(None))
