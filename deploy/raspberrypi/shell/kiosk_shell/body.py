"""How the machine is: temperature, power, memory, disk and network, read from /sys, /proc and small programs.

Every reading may be missing, since machines differ; what cannot be read is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

Reading: TypeAlias = "str | int | float | bool"
Run = Callable[..., str]
MIB = 1024 * 1024
THROTTLED_NOW = 0b1110  # capped frequency, throttled, soft temperature limit; bit 0, under-voltage, has its own field


def run(*command: str) -> str:
    """Return what a small program printed, "" when it is missing, fails or takes longer than 5 s."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


@dataclass
class Body:
    """Reads one machine below `root`; `kept` is where what must survive a restart, not a boot, is kept."""

    root: Path
    kept: Path
    data: Path = Path("/var/lib/kiosk-display")
    run: Run = field(default=run)

    def readings(self) -> dict[str, Reading]:
        """Return every reading that this machine has, by the heartbeat's names."""
        found: dict[str, Reading | None] = {
            **self._system(),
            **self._power(),
            **self._storage(),
            **self._network(),
            "touch_present": self._touch(),
        }
        return {name: value for name, value in found.items() if value is not None and value != ""}

    def boot_id(self) -> str:
        """Return what differs from boot to boot."""
        return self._text("proc/sys/kernel/random/boot_id")

    def model(self) -> str:
        """Return which machine this is, such as Raspberry Pi 4 Model B Rev 1.5."""
        return self._text("proc/device-tree/model").strip("\0")

    def clock_known(self) -> bool:
        """Say whether the time was synchronised since this boot, or comes from a clock that runs on a battery."""
        return self._synchronised() or any(self._path("sys/class/rtc").glob("rtc*"))

    def _system(self) -> dict[str, Reading | None]:
        return {
            "boot_id": self.boot_id(),
            "os": self._os(),
            "kernel": self._text("proc/sys/kernel/osrelease"),
            "uptime_s": _whole(self._text("proc/uptime").partition(".")[0]),
            "clock_synced": self._synchronised(),
            "temp_c": self._temperature(),
            "mem_avail": self._memory(),
        }

    def _synchronised(self) -> bool:
        return self._path("run/systemd/timesync/synchronized").exists()

    def _os(self) -> str:
        named = re.search(r'^PRETTY_NAME="?([^"\n]*)', self._text("etc/os-release"), flags=re.MULTILINE)
        return named[1] if named else ""

    def _temperature(self) -> float | None:
        for zone in sorted(self._path("sys/class/thermal").glob("thermal_zone*")):
            if self._read(zone / "type").startswith("cpu"):
                milli = _whole(self._read(zone / "temp"))
                return None if milli is None else round(milli / 1000, 1)
        return None

    def _memory(self) -> int | None:
        """Return available memory in MiB."""
        line = re.search(r"^MemAvailable:\s+(\d+)", self._text("proc/meminfo"), flags=re.MULTILINE)
        return int(line[1]) // 1024 if line else None

    def _power(self) -> dict[str, Reading | None]:
        now = self._undervolted()
        flags = _hex(self.run("vcgencmd", "get_throttled"))
        return {
            "undervolt_now": now,
            "undervolt_latched": self._latched(bool(now)) if now is not None else None,
            "throttled": None if flags is None else bool(flags & THROTTLED_NOW),
        }

    def _undervolted(self) -> bool | None:
        for sensor in self._path("sys/class/hwmon").glob("hwmon*"):
            if self._read(sensor / "name") == "rpi_volt":
                return self._read(sensor / "in0_lcrit_alarm") == "1"
        return None

    def _latched(self, now: bool) -> bool:
        """Remember under-voltage until the next boot: the kernel's driver forgets it within two seconds."""
        file, boot = self.kept / "undervolt", self.boot_id()
        if now:
            file.write_text(boot, encoding="ascii")
        return self._read(file) == boot if file.exists() else False

    def _storage(self) -> dict[str, Reading | None]:
        errors = [_whole(self._read(file)) or 0 for file in self._path("sys/fs/ext4").glob("*/errors_count")]
        return {
            "disk_free": shutil.disk_usage(self.root).free // MIB,
            "ext4_errors": sum(errors) if errors else None,
            "write_ok": self._writes(),
            "root_ro": bool(os.statvfs(self.root).f_flag & os.ST_RDONLY),
        }

    def _writes(self) -> bool:
        """Write a little to the card and read it back: a dying card does not always say so."""
        file, word = self.data / "write-test", os.urandom(16).hex()
        try:
            file.write_text(word, encoding="ascii")
            with file.open("rb+") as written:
                os.fsync(written.fileno())
            return file.read_text(encoding="ascii") == word
        except OSError:
            return False

    def _touch(self) -> bool | None:
        """Say whether something is there that is touched where it shows (INPUT_PROP_DIRECT)."""
        found = [_hex(f"0x{self._read(file)}") for file in self._path("sys/class/input").glob("*/device/properties")]
        return any((each or 0) & 0b10 for each in found) if found else None

    def _network(self) -> dict[str, Reading | None]:
        name = self._route()
        wifi = bool(name) and self._path(f"sys/class/net/{name}/wireless").exists()
        link = self.run("iw", "dev", name, "link") if wifi else ""
        ssid, signal = re.search(r"SSID: (.+)", link), re.search(r"signal: (-?\d+)", link)
        return {
            "net_if": name,
            "ip": self._address(name) if name else None,
            "wifi_ssid": ssid[1].strip() if ssid else None,
            "wifi_rssi_dbm": int(signal[1]) if signal else None,
        }

    def _route(self) -> str:
        """Return the interface of the default route, else the first that is up."""
        for line in self._text("proc/net/route").splitlines()[1:]:
            columns = line.split()
            if columns[1] == "00000000":
                return columns[0]
        ups = [
            one.name for one in sorted(self._path("sys/class/net").glob("*")) if self._read(one / "operstate") == "up"
        ]
        return ups[0] if ups else ""

    def _address(self, name: str) -> str:
        found = re.search(r"inet6? ([\da-f.:]+)", self.run("ip", "-o", "addr", "show", name, "scope", "global"))
        return found[1] if found else ""

    def _path(self, below: str) -> Path:
        return self.root / below

    def _text(self, below: str) -> str:
        return self._read(self._path(below))

    def _read(self, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def _hex(text: str) -> int | None:
    found = re.search(r"0x([0-9a-fA-F]+)", text)
    return int(found[1], 16) if found else None
