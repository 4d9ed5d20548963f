"""The machine that measures: how fast it is just now, what it is made of, and the figures that were found on it."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

ROUNDS = 1_000_000
TIMES = 5
LIBRARIES = ("eventlet", "Flask", "Flask-SocketIO", "python-socketio", "python-engineio", "peewee")
# What was measured last, by name; `script/bench --table` makes the table of it.
FIGURES = Path(__file__).resolve().parent.parent / "var" / "bench.json"


def calibrate() -> float:
    """Return the milliseconds of a fixed loop of plain Python: the best of some runs, just now."""
    return best(_loop) * 1000


def _loop() -> int:
    total = 0
    for number in range(ROUNDS):
        total += number & 7
    return total


def best(step: Callable[[], object]) -> float:
    """Return the seconds of the fastest of some runs."""
    return min(timed(step) for _ in range(TIMES))


def timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def record(name: str, sender: str = "", loop: float = 0.0, **values: float) -> None:
    """Print a figure and keep it; `loop`: the milliseconds of the calibration loop beside it. Values are named."""
    known: dict[str, Any] = read()
    loop = loop or calibrate()
    known[f"{name} {sender}".strip()] = {**values, "loop": loop}
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(known | {"machine": described()}, indent=1))
    told = ", ".join(f"{value:.4g} {unit}" for unit, value in values.items())
    print(f"{name}{f', {sender}' if sender else ''}: {told} (loop {loop:.0f} ms)", flush=True)


def read() -> dict[str, Any]:
    return dict(json.loads(FIGURES.read_text())) if FIGURES.exists() else {}


def described() -> str:
    """Return what the machine is made of, in one sentence."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores ({_processor()}), {_memory()} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def resident(process: int) -> int:
    """Return the bytes that a process has in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def spent(process: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
