"""Where the supervisor runs and what it was told: the only reader of its environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROTATIONS = ("normal", "90", "180", "270")
DARK = ("dim", "power")


@dataclass(frozen=True)
class Place:
    """Everything that the unit, its credentials and its settings say.

    `dark` is what a planned dark screen does: "dim" (black page) or "power" (the output goes off as well).
    `watchdog_seconds` is how long systemd waits for a sign of life; 0 when it does not wait.
    """

    url: str = "http://localhost:8080/"
    runtime: Path = Path("/run/kiosk-display")
    labwc: Path = Path("/etc/kiosk/labwc")
    token: str = ""
    output: str = ""
    rotate: str = "normal"
    hours: str = ""
    dark: str = "dim"
    compositor: str = "labwc"
    browser: str = "chromium"
    notify_socket: str = ""
    watchdog_seconds: float = 0.0
    version: str = ""
    root: Path = Path("/")
    told: Path = Path("/run/kiosk-told")

    @property
    def origin(self) -> tuple[str, int]:
        """Return host and port of the local server."""
        parts = urlsplit(self.url)
        return parts.hostname or "localhost", parts.port or 80

    @property
    def asks(self) -> Path:
        """Return the folder in which the root helper finds what it is asked to do."""
        return self.runtime / "asks"


def here() -> Place:
    """Read the environment. Raises ValueError with a sentence when a setting cannot be used."""
    given = os.environ
    return Place(
        url=given.get("SCREEN_URL", Place.url),
        runtime=Path(given.get("XDG_RUNTIME_DIR", str(Place.runtime))),
        labwc=Path(given.get("SCREEN_LABWC", str(Place.labwc))),
        token=_credential(given.get("CREDENTIALS_DIRECTORY", "")),
        output=given.get("SCREEN_OUTPUT", ""),
        rotate=_one_of("SCREEN_ROTATE", given.get("SCREEN_ROTATE", "") or "normal", ROTATIONS),
        hours=given.get("SCREEN_HOURS", ""),
        dark=_one_of("SCREEN_DARK", given.get("SCREEN_DARK", "") or "dim", DARK),
        compositor=given.get("SCREEN_COMPOSITOR", Place.compositor),
        browser=given.get("SCREEN_BROWSER", Place.browser),
        notify_socket=given.pop("NOTIFY_SOCKET", ""),  # no child is to speak for us
        watchdog_seconds=int(given.get("WATCHDOG_USEC", "0")) / 1e6,
        version=_version(Path(__file__)),
    )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}: allowed: {', '.join(allowed)}.")
    return value


def _credential(folder: str) -> str:
    file = Path(folder) / "device.token"
    return file.read_text(encoding="ascii").strip() if folder and file.is_file() else ""


def _version(file: Path) -> str:
    """Return the release this program lies in: `/opt/kiosk/releases/1.2.0/venv/…` is 1.2.0."""
    parts = file.resolve().parts
    return parts[parts.index("releases") + 1] if "releases" in parts[:-1] else ""
