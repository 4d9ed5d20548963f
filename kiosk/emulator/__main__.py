"""`python -m kiosk.emulator`: the stand-in without the rest of the product."""

from __future__ import annotations

import sys

from kiosk.emulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
