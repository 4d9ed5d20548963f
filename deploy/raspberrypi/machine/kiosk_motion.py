#!/usr/bin/python3
"""A motion sensor before the screen: whoever comes near wakes it.

The pin is named in /etc/kiosk/gpio.env (MOTION_PIN=4); each movement rings the display's program.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

BELL = Path("/run/kiosk-display/motion")


class Sensor(Protocol):
    """What gpiozero calls a MotionSensor."""

    when_motion: Callable[[], None] | None


def ring(bell: Path = BELL) -> bool:
    """Wake the screen; False while the display's program is not there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        try:
            wire.sendto(b"motion", str(bell))
        except OSError:
            return False
    return True


def watch(sensor: Sensor, wake: Callable[[], object] = ring) -> None:
    """Ring at each movement from now on."""
    sensor.when_motion = lambda: wake() and None


def make(pin: str) -> Sensor:
    """Return the sensor on a pin."""
    from gpiozero import MotionSensor

    sensor: Sensor = MotionSensor(int(pin))
    return sensor


def main() -> int:
    sensor = make(os.environ.get("MOTION_PIN", "4"))
    watch(sensor)
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
