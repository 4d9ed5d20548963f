"""`kiosk doctor` and `kiosk connect` as people and monitoring run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.emulator.server import Emulator
from tests.running import SERVICE_USER, Server


@pytest.fixture
def kiosk(google_settings: dict[str, str], tmp_path: Path) -> Server:
    """The command line of a server with the Directory's rooms; the server itself does not run."""
    server = Server(tmp_path, google_settings)
    assert server.run("rooms", "import").returncode == 0
    return server


def test_doctor_prints_only_what_is_wrong_and_fails_when_something_fails(kiosk: Server, google: Emulator) -> None:
    well = kiosk.run("doctor")
    assert (well.returncode, well.stdout.splitlines()) == (0, ["33 passed, 0 warnings, 0 failed."])
    google.world.share(google.world.rooms()[0].id, SERVICE_USER, "reader")
    ill = kiosk.run("doctor")
    assert ill.returncode == 1
    assert [line.split()[0] for line in ill.stdout.splitlines() if line.startswith(("FAIL", "WARN"))] == [
        "FAIL",
        "WARN",
    ]
    assert f"        {SERVICE_USER}" in ill.stdout.splitlines()


def test_doctor_speaks_json_and_of_some_rooms_only(kiosk: Server) -> None:
    slug = json.loads(kiosk.run("rooms", "list", "--json").stdout)[0]["slug"]
    told = json.loads(kiosk.run("doctor", slug, "--json").stdout)
    assert {one["subject"] for one in told["findings"]} == {"Google", slug}
    assert told["counts"] == {"fail": 0, "warn": 0, "pass": 15}
    assert "cellar" in kiosk.run("doctor", "cellar").stderr


def test_credentials_that_settings_name_are_told_and_cannot_be_replaced(kiosk: Server) -> None:
    assert "KIOSK_GOOGLE_CREDENTIALS names" in kiosk.run("connect").stdout
    for command in (("connect", str(kiosk.folder / "service-account.json")), ("disconnect",)):
        refused = kiosk.run(*command)
        assert (refused.returncode, "unset it" in refused.stderr) == (1, True)


def test_without_a_connection_every_command_says_how_to_get_one(google: Emulator, tmp_path: Path) -> None:
    bare = Server(tmp_path, {"KIOSK_GOOGLE_ENDPOINT": google.url})
    assert "kiosk connect FILE" in bare.run("connect").stdout
    assert "kiosk connect FILE" in bare.run("doctor").stdout
    assert "kiosk connect FILE" in bare.run("rooms", "import").stderr
