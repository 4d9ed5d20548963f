"""A cable between followers and their hub that can be pulled, answer by half, or fall silent, at any byte."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal["", "pulled", "half", "silent"]
CHUNK = 4096


@dataclass
class Cable:
    """Passes bytes on to `port`; `fault` is what becomes of what comes back."""

    port: int
    fault: Fault = ""
    listener: socket.socket = field(init=False)
    _open: set[socket.socket] = field(default_factory=set)
    _noting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def spoil(self, fault: Fault) -> None:
        """From now on this becomes of all that passes; what is open is cut, but for a cable that falls silent."""
        self.fault = fault
        if fault != "silent":
            self._cut()

    def close(self) -> None:
        # Whoever waits for a connection is woken by this, and by closing alone is not.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._cut()

    def _cut(self) -> None:
        with self._noting:
            cut, self._open = self._open, set()
        for one in cut:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        if self.fault == "pulled":
            near.close()
            return
        try:
            far = socket.create_connection(("127.0.0.1", self.port), 5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        with self._noting:
            self._open |= {near, far}
        threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
        self._pass(far, near, True)

    def _pass(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if back and self.fault == "silent":
                    continue
                if back and self.fault == "half":
                    target.sendall(data[: len(data) // 2])
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
            with self._noting:
                self._open.discard(one)
