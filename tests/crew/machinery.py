"""Programs of the system beside the product's processes: started by a test on a free port, ended by their ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.running import wait_for


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether something listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@dataclass
class Daemon:
    """A program that listens on a port of its own, and can be killed and started again on the same."""

    folder: Path
    port: int = field(default_factory=free_port)
    child: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> Daemon:
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            own = {"cwd": self.folder, "start_new_session": True}
            self.child = subprocess.Popen(self.command(), stdout=log, stderr=log, **own)
        wait_for(lambda: answers(self.port))
        return self

    def kill(self) -> None:
        """End it as a cut of power does, and the processes that it has started: those of nginx would go on serving."""
        if self.child:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait(20)
            wait_for(lambda: not answers(self.port))

    def stop(self) -> None:
        if self.child:
            self.child.terminate()
            self.child.wait(20)


class Redis(Daemon):
    """A Redis that keeps nothing."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        given = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        return ["redis-server", *(word for name, value in given.items() for word in (f"--{name}", str(value)))]


@dataclass
class Nginx(Daemon):
    """An nginx with a configuration that `written` makes for its folder and port."""

    written: Callable[[Path, int], str] = lambda _folder, _port: ""

    def command(self) -> list[str]:
        file = self.folder / "nginx.conf"
        file.write_text(self.written(self.folder, self.port))
        return [nginx(), "-p", str(self.folder), "-e", "stderr", "-c", str(file), "-g", "daemon off;"]


def nginx() -> str:
    """Return the program; on Debian it lies where only root looks."""
    found = [f"{folder}/nginx" for folder in (*os.get_exec_path(), "/usr/sbin")]
    return next(path for path in found if os.access(path, os.X_OK))
