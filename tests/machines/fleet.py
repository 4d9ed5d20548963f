"""A fleet as an administrator has it: an inventory, known host keys, and the command that provisions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.machines.rig import Machine, Rig
from tests.running import clean_environment, wait_for

STATUS = "/run/kiosk-display/status.json"
# A machine that was just hit may need two watchdogs and a start, on a computer that has much else to do.
HEALED_WITHIN = 180.0


@dataclass(frozen=True)
class Said:
    """What `kiosk provision` said, its exit status, and how long it took, in seconds."""

    status: int
    text: str
    seconds: float


@dataclass
class Fleet:
    """An inventory file over a rig's machines. `more` is TOML for single machines, by name."""

    rig: Rig
    folder: Path
    wheels: Path
    more: dict[str, str] = field(default_factory=dict)
    head: str = ""

    def write(self, entries: dict[str, str], wheels: Path | None = None) -> Path:
        """Write known hosts and the inventory; `entries`: TOML lines by machine."""
        (self.folder / "known_hosts").write_text(self.rig.known_hosts())
        head = [
            "[fleet]",
            f'known_hosts = "{self.folder / "known_hosts"}"',
            f'wheels = "{wheels or self.wheels}"',
            f'key = "{self.rig.key}"',
            self.head,
            "[settings]",
            'KIOSK_TIMEZONE = "Europe/Berlin"',
        ]
        bodies = [f"[machines.{name}]\n{text}\n" for name, text in entries.items()]
        file = self.folder / "fleet.toml"
        file.write_text("\n".join([*head, *bodies]))
        return file

    def provision(self, act: str, *words: str) -> Said:
        """Run the command as an administrator does."""
        command = [sys.executable, "-m", "kiosk", "provision", act, str(self.folder / "fleet.toml")]
        python = os.environ["KIOSK_TESTS_PROVISION_PYTHON"]
        started = time.monotonic()
        done = subprocess.run(
            [*command, "--python", python, *words],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(done.returncode, done.stdout + done.stderr, time.monotonic() - started)


def status(machine: Machine) -> dict[str, Any]:
    """Return what the display's program says of itself; empty while it says nothing."""
    text = machine.run(f"cat {STATUS}", check=False)
    return dict(json.loads(text)) if text.startswith("{") else {}


def is_live(machine: Machine) -> bool:
    return status(machine).get("page") == "live"


def live_again(machine: Machine, seconds: float = HEALED_WITHIN) -> None:
    wait_for(lambda: is_live(machine), seconds, 0.2)


def restarts(machine: Machine, unit: str) -> int:
    return int(machine.run(f"systemctl show -P NRestarts {unit}"))
