#!/usr/bin/python3
"""What the display may ask of root, and nothing else: each wish is a file in the display's own folder.

kiosk-privileged reboot       start the machine anew
kiosk-privileged backlight    set the panel's own light; the file says how many per cent
kiosk-privileged logs         write the newest lines of our units' journal where the display may read them
kiosk-privileged token        keep another token of this device; the file is the token
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
PERCENT = re.compile(r"[1-9][0-9]?|100")
UNITS = ("kiosk-server", "kiosk-display", "kiosk-light", "kiosk-motion", "kiosk-release-settle")
LINES, MOST_BYTES = 2000, 190_000
LONGEST_WISH = 100
# Words of one use, which a log must not hand on: the invitation of the first administrator, and bearers of tokens.
SECRETS = re.compile(rb"(/admin/first/|Bearer |token=)[A-Za-z0-9_~.-]+")


class WishError(Exception):
    """A wish that is none of ours."""


def run(*command: str) -> bytes:
    """Run a program and return what it printed."""
    return subprocess.run(command, capture_output=True, check=False).stdout


@dataclass
class Helper:
    """The folders of wishes and answers; `run` runs a program."""

    asks: Path = Path("/run/kiosk-display/asks")
    told: Path = Path("/run/kiosk-told")
    root: Path = Path("/")
    run: Callable[..., bytes] = run

    def fulfil(self, name: str) -> None:
        """Take one wish and do it. Raises WishError."""
        value = self._take(name)
        {"reboot": self.reboot, "backlight": self.backlight, "logs": self.logs, "token": self.token}[name](value)

    def reboot(self, _value: str) -> None:
        self.run("systemctl", "reboot", "--no-block")

    def backlight(self, value: str) -> None:
        """Never 0: some panels never come back from it."""
        if not PERCENT.fullmatch(value):
            raise WishError("a brightness goes from 1 to 100")
        for light in (self.root / "sys/class/backlight").glob("*"):
            most = int((light / "max_brightness").read_text())
            (light / "brightness").write_text(str(max(1, most * int(value) // 100)))

    def logs(self, _value: str) -> None:
        units = [word for unit in UNITS for word in ("-u", unit)]
        found = self.run("journalctl", "--no-pager", "-o", "short-iso", "-n", str(LINES), *units)
        self._tell("journal.txt", SECRETS.sub(rb"\1...", found[-MOST_BYTES:]))

    def token(self, value: str) -> None:
        if not TOKEN.fullmatch(value):
            raise WishError("that is no token")
        _keep(self.root / "etc/kiosk/device.token", value.encode() + b"\n")
        self.run("systemctl", "restart", "--no-block", "kiosk-server", "kiosk-display")

    def _take(self, name: str) -> str:
        """Read a wish and remove it; what it points to elsewhere is never read."""
        path = self.asks / name
        try:
            wish = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise WishError(f"no wish called {name}") from error
        try:
            return os.read(wish, LONGEST_WISH).decode("ascii", "replace").strip()
        finally:
            os.close(wish)
            path.unlink(missing_ok=True)

    def _tell(self, name: str, content: bytes) -> None:
        hidden = self.told / f".{name}"
        hidden.write_bytes(content)
        hidden.chmod(0o640)
        owner = self.told.stat()
        os.chown(hidden, owner.st_uid, owner.st_gid)
        os.replace(hidden, self.told / name)


def _keep(path: Path, content: bytes) -> None:
    """Replace a secret file in one step."""
    hidden = path.with_name(f".{path.name}.new")
    hidden.unlink(missing_ok=True)
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    os.replace(hidden, path)


def main(arguments: list[str]) -> int:
    """Fulfil one wish; one that is none of ours is a sentence in the journal."""
    if len(arguments) != 1 or arguments[0] not in ("reboot", "backlight", "logs", "token"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        Helper().fulfil(arguments[0])
    except (WishError, OSError, ValueError) as error:
        print(f"kiosk-privileged: {arguments[0]}: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
