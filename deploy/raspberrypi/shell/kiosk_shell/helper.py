"""Asking the machine's root helper: a file in a folder is a wish, and a small unit fulfils it.

The display may write the wishes and nothing else; the helper knows four of them and checks their values.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

LOGS_WITHIN = 15.0


class HelperError(Exception):
    """The helper did not do what it was asked for."""


@dataclass
class Helper:
    """The wishes' folder, and the folder of what the helper tells."""

    asks: Path
    told: Path

    def reboot(self) -> None:
        """Start the machine anew."""
        self._ask("reboot", "")

    def backlight(self, percent: int) -> None:
        """Set the panel's own light, from 1 to 100; panels without one ignore it."""
        self._ask("backlight", str(percent))

    def token(self, token: str) -> None:
        """Keep another token of this device; server and display start anew with it."""
        self._ask("token", token)

    def logs(self) -> bytes:
        """Return the newest lines of our units' journal. Raises HelperError."""
        file = self.told / "journal.txt"
        before = _stamp(file)
        self._ask("logs", "")
        give_up = time.monotonic() + LOGS_WITHIN
        while _stamp(file) == before:
            if time.monotonic() > give_up:
                raise HelperError(f"no logs within {LOGS_WITHIN:g} s")
            time.sleep(0.1)
        return file.read_bytes()

    def _ask(self, name: str, value: str) -> None:
        self.asks.mkdir(mode=0o700, exist_ok=True)
        hidden = self.asks / f".{name}"
        hidden.write_text(value, encoding="ascii")
        os.replace(hidden, self.asks / name)


def _stamp(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0
