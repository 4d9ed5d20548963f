#!/usr/bin/python3
"""A status light at the door: green while the room is free, red while it is not, yellow shortly before.

Three pins, for red, green and blue, are named in /etc/kiosk/gpio.env (LIGHT_PINS=17,27,22); the colour follows
what the display's program says of its page, so nothing here asks the network.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

STATUS = Path("/run/kiosk-display/status.json")
OLDEST_SECONDS = 0.5
Colour = tuple[float, float, float]
OFF: Colour = (0, 0, 0)
RED, GREEN, YELLOW = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 0.0)
COLOURS: dict[str, Colour] = {
    "free": GREEN,
    "soon": YELLOW,
    "checkin": YELLOW,
    "held": RED,
    "busy": RED,
}


class Light(Protocol):
    """What gpiozero calls an RGBLED."""

    color: Colour


def colour(status: str) -> Colour:
    """Return the light's colour for what the display's program wrote; dark when it cannot be relied on."""
    try:
        said = json.loads(status)
    except ValueError:
        return OFF
    if said.get("page") not in ("live", "stale", "page") or not said.get("lit"):
        return OFF
    return COLOURS.get(said.get("room", ""), OFF)


def follow(light: Light, read: Callable[[], str]) -> None:
    """Set the light once."""
    wanted = colour(read())
    if tuple(light.color) != wanted:
        light.color = wanted


def status() -> str:
    """Return what the display's program wrote last, "" when it did not."""
    try:
        return STATUS.read_text(encoding="utf-8")
    except OSError:
        return ""


def make(pins: str) -> Light:
    """Return the light on three pins, such as "17,27,22"."""
    from gpiozero import RGBLED

    red, green, blue = (int(pin) for pin in pins.split(","))
    light: Light = RGBLED(red, green, blue, pwm=False)
    return light


def main() -> int:
    light = make(os.environ.get("LIGHT_PINS", "17,27,22"))
    while True:
        follow(light, status)
        time.sleep(OLDEST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
