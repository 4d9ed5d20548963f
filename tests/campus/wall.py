"""Many screens in processes of their own, asked how they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.running import ROOT

# So many screens does one process hold.
EACH = 250


class Wall:
    """So many doors at one address; rooms have theirs in turn."""

    def __init__(self, port: int, slugs: list[str], count: int) -> None:
        self.screens = [(slugs[number % len(slugs)], f"glass-{number:05}") for number in range(count)]
        self._port = port
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Let all screens come; they come again by themselves until `stop`."""
        command = [sys.executable, "-W", "ignore", "-m", "tests.campus.glasses", str(self._port)]
        for first in range(0, len(self.screens), EACH):
            one = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._processes.append(one)
            _say(one, json.dumps(self.screens[first : first + EACH]))

    def stop(self) -> None:
        """Let all screens go."""
        for one in self._processes:
            one.communicate(timeout=20)
        self._processes = []

    def here(self) -> int:
        """Return how many screens are connected, and have been answered."""
        return sum(one["here"] for one in self._asked())

    def told(self, slugs: Iterable[str]) -> dict[str, int]:
        """Return how often the screens of these rooms were told of another version, together."""
        told: Counter[str] = Counter()
        for one in self._asked():
            told.update(one["told"])
        return {slug: told[slug] for slug in slugs}

    def doors(self, slug: str) -> int:
        """Return how many screens show a room."""
        return sum(one == slug for one, _word in self.screens)

    def _asked(self) -> list[dict[str, Any]]:
        for one in self._processes:
            _say(one, "")
        return [json.loads(one.stdout.readline()) for one in self._processes if one.stdout]


def _say(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()
