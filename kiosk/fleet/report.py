"""What a machine says of itself in a heartbeat, and nothing else that it may send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Value: TypeAlias = "str | int | float | bool"
LONGEST = 120
FURTHEST = 1e15

# Memory and disk in MiB, times in seconds unless their name says otherwise.
TEXTS = (
    *("version", "release_prev", "os", "kernel", "boot_id", "net_if", "wifi_ssid", "ip", "page_status"),
    *("output_mode", "watchdog"),
)
FLAGS = (
    *("clock_synced", "undervolt_now", "undervolt_latched", "throttled", "write_ok", "root_ro", "screen_on"),
    "touch_present",
)
NUMBERS = (
    *("uptime_s", "temp_c", "mem_avail", "disk_free", "ext4_errors", "wifi_rssi_dbm", "hub_rtt_ms"),
    *("last_sync_age_s", "page_crashes", "unit_restarts", "brightness", "rotation"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """The readings of one heartbeat by their names; what a machine cannot read is not there."""

    said: Mapping[str, Value]

    def text(self, name: str) -> str:
        """Return a text, empty where nothing is said."""
        return str(self.said.get(name, ""))

    def number(self, name: str) -> float | None:
        """Return a number, None where nothing is said."""
        value = self.said.get(name)
        return None if value is None else float(value)

    def flag(self, name: str) -> bool | None:
        """Tell whether something is so, None where nothing is said."""
        value = self.said.get(name)
        return None if value is None else bool(value)

    def __str__(self) -> str:
        """Return the report as it is stored."""
        return json.dumps(dict(self.said), ensure_ascii=False, sort_keys=True)


NOTHING = Report({})


def read(said: Mapping[str, Any]) -> Report:
    """Return what is known and makes sense of what a machine has sent; the rest is left out."""
    found = {name: _cleaned(name, said[name]) for name in (*TEXTS, *FLAGS, *NUMBERS) if name in said}
    return Report({name: value for name, value in found.items() if value is not None})


def stored(text: str) -> Report:
    """Return a report as it was stored; nothing where that cannot be read."""
    try:
        said = json.loads(text)
    except ValueError:
        return NOTHING
    return read(said) if isinstance(said, dict) else NOTHING


def _cleaned(name: str, value: Any) -> Value | None:
    if name in FLAGS:
        return value if isinstance(value, bool) else None
    if name in NUMBERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if is_number and -FURTHEST < value < FURTHEST else None
    return "".join(sign for sign in value if sign.isprintable())[:LONGEST] if isinstance(value, str) else None
