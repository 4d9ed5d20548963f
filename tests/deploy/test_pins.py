"""The status light and the motion sensor, on pins that are not there."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import gpiozero
import kiosk_light
import kiosk_motion
import pytest
from gpiozero.pins.mock import MockFactory

from tests.running import wait_for


@pytest.fixture
def board() -> Iterator[MockFactory]:
    """A board of mock pins."""
    factory = MockFactory()
    gpiozero.Device.pin_factory = factory
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = None


def said(**more: object) -> str:
    return json.dumps({"page": "live", "lit": True, "room": "free"} | more)


@pytest.mark.parametrize(
    ("status", "pins"),
    [
        (said(), (0, 1, 0)),
        (said(room="busy"), (1, 0, 0)),
        (said(room="held"), (1, 0, 0)),
        (said(room="soon"), (1, 1, 0)),
        (said(room="closed"), (0, 0, 0)),
        (said(page="crashed"), (0, 0, 0)),
        (said(lit=False), (0, 0, 0)),
        ("", (0, 0, 0)),
    ],
)
def test_the_light_has_the_colour_of_the_room(board: MockFactory, status: str, pins: tuple[int, ...]) -> None:
    light = kiosk_light.make("17,27,22")
    kiosk_light.follow(light, lambda: status)
    assert tuple(int(board.pin(number).state) for number in (17, 27, 22)) == pins
    light.close()


def test_a_movement_wakes_the_screen(board: MockFactory, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.bind(str(tmp_path / "motion"))
        bell.setblocking(False)
        sensor = kiosk_motion.make("4")
        kiosk_motion.watch(sensor, lambda: kiosk_motion.ring(tmp_path / "motion"))
        assert wait_for(lambda: moved(board, bell), pause=0.3) == b"motion"
        sensor.close()


def moved(board: MockFactory, bell: socket.socket) -> bytes:
    """Hear what was rung, and have somebody come or go: a sensor that has seen nothing yet tells no movement."""
    pin = board.pin(4)
    pin.drive_low() if pin.state else pin.drive_high()
    try:
        return bell.recv(16)
    except BlockingIOError:
        return b""


def test_a_sensor_without_a_screen_rings_nobody(tmp_path: Path) -> None:
    assert not kiosk_motion.ring(tmp_path / "motion")
