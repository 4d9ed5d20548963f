"""Telling systemd that we are ready and alive."""

from __future__ import annotations

import socket


class Notifier:
    """Sends words to the socket that systemd named; says nothing when it named none."""

    def __init__(self, address: str) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self, status: str) -> None:
        """Say that the screen shows something from now on."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        """Feed the watchdog."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def _send(self, words: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
            wire.sendto(words.encode(), self._address)
