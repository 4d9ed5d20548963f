"""What the command line says and does about devices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.store import acts, devices, errands, pairings
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.store.tokens import digest
from tests.running import Server

HASH = digest("a token")


@pytest.fixture
def kiosk(tmp_path: Path, oak: StoredRoom) -> Server:
    """The command line on the database of the store, with one device at the door of "oak"."""
    running = Server(tmp_path, {})
    made = running.run("devices", "enrol", "Oak's door", "door", "oak", HASH, "--serial", "pi-1")
    assert made.stdout == "Oak's door is device 1 and shows /door/oak.\n", made.stderr
    return running


def test_devices_are_listed_with_how_they_are(kiosk: Server) -> None:
    [one] = json.loads(kiosk.run("devices", "list", "--json").stdout)
    assert (one["name"], one["shows"], one["state"], one["why"]) == ("Oak's door", "/door/oak", "gone", ["never_heard"])
    assert "never_heard" in kiosk.run("devices", "list").stdout


def test_device_is_revoked_and_forgotten_by_its_name(kiosk: Server, store: Store) -> None:
    assert "pairing code" in kiosk.run("devices", "revoke", "oak's DOOR").stdout
    assert kiosk.run("devices", "enrol", "Again", "door", "oak", HASH).returncode == 1
    assert "forgotten" in kiosk.run("devices", "revoke", "1", "--forget").stdout
    with store.read() as db:
        assert devices.every(db) == []
        assert [one.act for one in acts.recent(db)] == ["forget_device", "revoke_device", "enrol_device"]


def test_screen_is_paired_by_its_code(kiosk: Server, store: Store) -> None:
    _secret, code = store.write(pairings.begin, "", "", "10.0.0.7", "", clock.now())
    assert "shows /door/oak" in kiosk.run("devices", "pair", code.lower(), "door", "oak").stdout
    wrong = kiosk.run("devices", "pair", "BBBB-BBBB", "door", "oak")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)


def test_device_is_asked_moved_on_and_given_words_of_its_own(kiosk: Server, store: Store) -> None:
    for arguments in (
        ("identify", "1"),
        ("restart", "1"),
        ("screenshot", "1"),
        ("brightness", "1", "40"),
        ("rotate", "1"),
        ("change", "1", "light=Mon-Fri 06:30-20:00", "theme=dark"),
    ):
        done = kiosk.run("devices", *arguments)
        assert done.returncode == 0, done.stderr
    with store.read() as db:
        one, asked = devices.find(db, 1), errands.recent(db, 1, 9)
    assert (one.rotating, dict(one.words)) == (True, {"light": "Mon-Fri 06:30-20:00", "theme": "dark"})
    assert [each.act for each in reversed(asked)] == [
        "identify",
        "restart_display",
        "screenshot",
        "brightness",
        "reload",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("identify", "nobody"), "no device called 'nobody'"),
        (("change", "1", "colour=red"), "no setting 'colour'"),
        (("change", "1", "light=noon"), "light cannot be 'noon'"),
        (("brightness", "1", "500"), "from 1 to 100"),
        (("enrol", "X", "door", "oak", "abc"), "64 hexadecimal digits"),
        (("enrol", "X", "doors", "oak", HASH), "two or 3 different rooms"),
    ],
)
def test_what_cannot_be_done_with_a_device_is_one_sentence(
    kiosk: Server, arguments: tuple[str, ...], sentence: str
) -> None:
    answer = kiosk.run("devices", *arguments)
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert sentence in answer.stderr
