#!/usr/bin/python3
"""Releases of the server on this machine: install one, switch to it, and go back by itself when it is not well.

    kiosk-release install VERSION    make its environment from the wheels beside it; nothing is switched
    kiosk-release activate VERSION   switch to it; back again unless server and display are well in time
    kiosk-release rollback           switch to the release before
    kiosk-release settle             after a power cut in the middle of a switch: back to the release before
    kiosk-release list               the releases here; * marks the current one, - the one before

A release is /opt/kiosk/releases/VERSION with `wheels` and `venv`; `/opt/kiosk/current` and `previous` are links.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HOME = Path("/opt/kiosk")
SERVER, DISPLAY = "kiosk-server.service", "kiosk-display.service"
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!-]{0,63}")
KEEP = 3
WITHIN = 60.0
STEADY = 3.0
HOPELESS = 3


class ReleaseError(Exception):
    """What was asked for cannot be done, or was undone again."""


def systemctl(*words: str) -> str:
    """Run systemctl and return what it printed; its failure is not ours, the health check decides."""
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def answers(port: int) -> bool:
    """Say whether the server answers on this machine."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@dataclass
class Releases:
    """The releases below one folder, and the units that run from the current one."""

    home: Path = HOME
    port: int = 8080
    within: float = WITHIN
    control: Callable[..., str] = systemctl
    healthy: Callable[[int], bool] = answers
    say: Callable[[str], None] = print

    def install(self, version: str) -> None:
        """Make the environment of a release. Raises ReleaseError with pip's words."""
        folder = self._folder(version)
        wheels, made = folder / "wheels", folder / "venv"
        if (folder / "whole").exists():
            self.say(f"{version} is installed already")
            return
        shutil.rmtree(made, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(made)])
        pip = [str(made / "bin" / "python"), "-m", "pip", "install", "-q", "--no-index", "--no-compile"]
        _run([*pip, "--disable-pip-version-check", "--find-links", str(wheels), f"room-kiosk=={version}"])
        _run([str(made / "bin" / "python"), "-m", "compileall", "-q", str(made / "lib")], check=False)
        _link(folder / "shell", _shell_in(made))
        os.sync()
        (folder / "whole").touch()
        self.say(f"{version} is installed")

    def activate(self, version: str) -> None:
        """Switch to a release that is installed. Raises ReleaseError after having switched back."""
        if not (self._folder(version) / "whole").exists():
            raise ReleaseError(f"{version} is not installed here")
        before = self.current()
        if before == version and self._well():
            self.say(f"{version} is current already, and well")
            return
        self._try(version, before)
        if before and before != version:
            _link(self.home / "previous", Path("releases") / before)
        self._prune()
        self.say(f"{version} is current, and well")

    def rollback(self) -> None:
        """Switch to the release before. Raises ReleaseError when there is none."""
        before = self._named("previous")
        if not before:
            raise ReleaseError("there is no release before this one")
        self.activate(before)

    def settle(self) -> None:
        """Undo a switch that a power cut has interrupted: nobody had seen that release well."""
        trial = self.home / "trial"
        if not trial.exists():
            return
        before = trial.read_text(encoding="utf-8").strip()
        if before:
            _link(self.home / "current", Path("releases") / before)
        trial.unlink()
        self.say(f"a switch was interrupted: {before or 'nothing'} is current again")

    def listing(self) -> list[str]:
        """Return the releases here, newest last, with a mark for current and previous."""
        marks = {self._named("previous"): "-", self.current(): "*"}
        return [f"{marks.get(path.name, ' ')} {path.name}" for path in self._all()]

    def current(self) -> str:
        """Return the current release, "" before the first."""
        return self._named("current")

    def _try(self, version: str, before: str) -> None:
        trial = self.home / "trial"
        trial.write_text(before, encoding="utf-8")
        os.sync()
        self._switch(version)
        if not self._well_in_time():
            reason = self._reason()
            self._back(before)
            trial.unlink()
            raise ReleaseError(f"{version} is not well ({reason}); {before or 'nothing'} is current again")
        trial.unlink()

    def _switch(self, version: str) -> None:
        _link(self.home / "current", Path("releases") / version)
        self.control("reset-failed", SERVER, DISPLAY)
        self.control("restart", "--no-block", SERVER, DISPLAY)

    def _back(self, before: str) -> None:
        if before:
            self._switch(before)
            self._well_in_time()
            return
        (self.home / "current").unlink()
        self.control("stop", SERVER, DISPLAY)

    def _well_in_time(self) -> bool:
        """Say whether server and display came up, and still are a moment later, with no restart in between."""
        give_up = time.monotonic() + self.within
        while time.monotonic() < give_up and not self._hopeless():
            if self._well():
                before = self._restarts()
                time.sleep(min(STEADY, self.within / 2))
                if self._well() and self._restarts() == before:
                    return True
            time.sleep(0.2)
        return False

    def _well(self) -> bool:
        return self.healthy(self.port) and all(self._state(unit) == "active" for unit in self._units())

    def _hopeless(self) -> bool:
        """A unit that was started over and over need not be waited for."""
        return any(count.isdigit() and int(count) >= HOPELESS for count in self._restarts())

    def _restarts(self) -> list[str]:
        return [self.control("show", "-P", "NRestarts", unit) for unit in self._units()]

    def _units(self) -> list[str]:
        """Return the units this machine has: one without a screen runs the server only."""
        wanted = self.control("is-enabled", DISPLAY) == "enabled"
        return [SERVER, DISPLAY] if wanted else [SERVER]

    def _state(self, unit: str) -> str:
        return self.control("show", "-P", "ActiveState", unit)

    def _reason(self) -> str:
        silent = [] if self.healthy(self.port) else ["the server does not answer"]
        return "; ".join([*silent, *(f"{unit} is {self._state(unit)}" for unit in self._units())])

    def _prune(self) -> None:
        """Keep the current release, the one before, and the newest of the others."""
        kept = {self.current(), self._named("previous")}
        others = [path for path in self._all() if path.name not in kept]
        for path in others[: max(0, len(others) - (KEEP - len(kept - {""})))]:
            shutil.rmtree(path)

    def _all(self) -> list[Path]:
        found = [path for path in (self.home / "releases").glob("*") if path.is_dir()]
        return sorted(found, key=_installed_at)

    def _named(self, link: str) -> str:
        path = self.home / link
        return Path(os.readlink(path)).name if path.is_symlink() else ""

    def _folder(self, version: str) -> Path:
        folder = self.home / "releases" / version
        if not VERSION.fullmatch(version) or not (folder / "wheels").is_dir():
            raise ReleaseError(f"there are no wheels of {version!r} in {self.home}/releases")
        return folder


def _link(path: Path, target: Path) -> None:
    """Point a link elsewhere in one step, so that a power cut leaves the old or the new one."""
    hidden = path.with_name(f".{path.name}.new")
    hidden.unlink(missing_ok=True)
    hidden.symlink_to(target)
    os.replace(hidden, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _installed_at(folder: Path) -> tuple[int, str]:
    whole = folder / "whole"
    return whole.stat().st_mtime_ns if whole.exists() else 0, folder.name


def _shell_in(made: Path) -> Path:
    found = sorted(made.glob("lib/python3*/site-packages/kiosk/_data/deploy/raspberrypi/shell"))
    if not found:
        raise ReleaseError("this release brings no program for the display")
    return found[-1].relative_to(made.parent)


def _run(command: Sequence[str], check: bool = True) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise ReleaseError(f"{Path(command[0]).name}: {(done.stderr or done.stdout).strip()[-2000:]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a failure is one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="kiosk-release", description="Releases of the server on this machine.")
    parser.add_argument("act", choices=("install", "activate", "rollback", "settle", "list"))
    parser.add_argument("version", nargs="?", default="")
    parser.add_argument("--port", type=int, default=8080, help="of the local server (8080)")
    parser.add_argument("--within", type=float, default=WITHIN, help="seconds a release has to be well (60)")
    options = parser.parse_args(arguments)
    releases = Releases(port=options.port, within=options.within)
    try:
        if options.act == "list":
            print("\n".join(releases.listing()))
        elif options.act in ("install", "activate"):
            getattr(releases, options.act)(options.version)
        else:
            getattr(releases, options.act)()
    except (ReleaseError, OSError) as error:
        print(f"kiosk-release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
