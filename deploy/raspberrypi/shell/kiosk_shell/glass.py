"""The two programs that make a picture: the compositor, and the browser with its pipe."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from kiosk_shell import flags
from kiosk_shell.pipe import Pipe
from kiosk_shell.place import Place

log = logging.getLogger(__name__)

# The shell puts our ends at the descriptors at which the browser looks for them.
WITH_PIPES = 'exec "$@" 3<&{0} 4>&{1} {0}<&- {1}>&-'


class GlassError(Exception):
    """A program that makes the picture did not come up."""


class Glass:
    """Compositor and browser as children; both end with us, since they live in our unit."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.display = ""
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> Pipe:
        """Start both and return the browser's pipe. Raises GlassError."""
        self._compositor()
        self.turn()
        profile = self.place.runtime / "chromium"
        shutil.rmtree(profile, ignore_errors=True)
        return self._browser(flags.command(self.place.browser, profile))

    def ended(self) -> str:
        """Return a sentence when one of the two has ended, else ""."""
        gone = [child for child in self._children if child.poll() is not None]
        return f"{_name(gone[0])} ended with {gone[0].returncode}" if gone else ""

    def stop(self) -> None:
        """End both."""
        for child in reversed(self._children):
            child.terminate()
        for child in reversed(self._children):
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()

    def turn(self) -> None:
        """Turn the picture as the settings say."""
        for output in self.outputs() if self.place.rotate != "normal" else []:
            self.run("wlr-randr", "--output", output, "--transform", self.place.rotate)

    def power(self, on: bool) -> None:
        """Switch the screen itself."""
        for output in self.outputs():
            self.run("wlopm", "--on" if on else "--off", output)

    def outputs(self) -> list[str]:
        """Return the names of the outputs: the one of the settings, or whatever is connected."""
        if self.place.output:
            return [self.place.output]
        return [line.split()[0] for line in self.run("wlr-randr").splitlines() if line[:1].strip()]

    def run(self, *command: str) -> str:
        """Run a small program beside the compositor and return what it printed; failures are logged."""
        try:
            done = subprocess.run(
                command, env=self._environment(), capture_output=True, text=True, timeout=10, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("%s: %s", command[0], error)
            return ""
        return done.stdout

    def _compositor(self) -> None:
        for left in self.place.runtime.glob("wayland-*"):
            left.unlink()
        command = [self.place.compositor, "-C", str(self.place.labwc)]
        self._children.append(self._spawn(command))
        self.display = self._socket(30.0)

    def _socket(self, seconds: float) -> str:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and not self.ended():
            found = [path.name for path in self.place.runtime.glob("wayland-*") if path.suffix != ".lock"]
            if found:
                return found[0]
            time.sleep(0.05)
        raise GlassError(self.ended() or f"{self.place.compositor} made no screen within {seconds:g} s")

    def _browser(self, command: Sequence[str]) -> Pipe:
        low_in, ours_out = os.pipe()
        ours_in, low_out = os.pipe()
        theirs_in, theirs_out = _high(low_in), _high(low_out)
        script = WITH_PIPES.format(theirs_in, theirs_out)
        child = self._spawn(["/bin/bash", "-c", script, "browser", *command], (theirs_in, theirs_out))
        self._children.append(child)
        os.close(theirs_in)
        os.close(theirs_out)
        return Pipe(os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb"))

    def _spawn(self, command: Sequence[str], keep: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(command, env=self._environment(), stdin=subprocess.DEVNULL, pass_fds=keep)
        except OSError as error:
            raise GlassError(f"{command[0]} cannot be started: {error.strerror}") from error

    def _environment(self) -> dict[str, str]:
        """Return a child's environment: the device's token and systemd's socket are not its business."""
        kept = ("PATH", "LANG", "HOME", "TZ", "LIBSEAT_BACKEND", "CHROME_EXTRA")
        given = {name: value for name, value in os.environ.items() if name in kept or name.startswith("WLR_")}
        given |= {"XDG_RUNTIME_DIR": str(self.place.runtime), "XDG_CONFIG_HOME": str(self.place.runtime / "config")}
        return given | ({"WAYLAND_DISPLAY": self.display} if self.display else {})


def _high(descriptor: int) -> int:
    """Move a descriptor out of the way of 3 and 4, at which the browser looks."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(descriptor)
    return moved


def _name(child: subprocess.Popen[bytes]) -> str:
    words = child.args if isinstance(child.args, list) else [str(child.args)]
    return Path(str(words[4] if "browser" in words else words[0])).name
