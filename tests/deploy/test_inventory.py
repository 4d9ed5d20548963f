"""An inventory is read whole or refused with a sentence; what a machine is made of follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from kiosk_provision import machine as machines

from kiosk.errors import UsageError
from kiosk.resources import resource
from kiosk.terminal import inventory

HOME = resource("deploy/raspberrypi")
OAK = 'address = "10.0.0.11"\ndisplay = "door"\nslug = "oak"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An administrator's folder: known host keys, and a release as wheels."""
    (tmp_path / "known_hosts").touch()
    (tmp_path / "wheelhouse").mkdir()
    (tmp_path / "wheelhouse" / "room_kiosk-1.2.0-py3-none-any.whl").touch()
    return tmp_path


def read(folder: Path, text: str) -> inventory.Inventory:
    file = folder / "fleet.toml"
    file.write_text(text)
    return inventory.read(file)


def laid(folder: Path, text: str, head: str = "") -> dict[str, machines.Laid]:
    """Return the files of the one machine of an inventory, by path."""
    entry = read(folder, f"{head}\n[machines.oak]\n{text}").entries[0]
    return {one.path: one for one in machines.files(machines.read(entry.name, entry.plan), HOME)}


def test_the_example_is_an_inventory(folder: Path) -> None:
    text = (HOME / "fleet.example.toml").read_text()
    for name in ("id_ed25519", "google.json"):
        (folder / name).touch()
    found = read(folder, text.replace("~/.ssh/id_ed25519", "id_ed25519"))
    assert {ring for ring, _ in found.rings("", [])} == {"one", "floor", "all"}
    for one in found.entries:
        machines.files(machines.read(one.name, one.plan), HOME)


def test_rings_come_in_their_order_and_empty_ones_not_at_all(folder: Path) -> None:
    rings = {"elm": "all", "oak": "one", "ash": "all"}
    text = "".join(
        f'[machines.{name}]\n{OAK}port = {port}\nring = "{ring}"\n'
        for port, (name, ring) in enumerate(rings.items(), 22)
    )
    found = read(folder, text)
    assert [(ring, [one.name for one in some]) for ring, some in found.rings("", [])] == [
        ("one", ["oak"]),
        ("all", ["elm", "ash"]),
    ]
    assert [ring for ring, _ in found.rings("all", ["elm"])] == ["all"]


def test_the_release_is_that_of_the_wheels(folder: Path) -> None:
    assert read(folder, f"[machines.oak]\n{OAK}").version == "1.2.0"


def test_strangers_are_refused_whatever_the_inventory_says(folder: Path) -> None:
    driver = (HOME / "provision/kiosk_provision/driver.py").read_text()
    assert '"ssh_strict_host_key_checking": "yes"' in driver
    with pytest.raises(UsageError, match="nowhere"):
        read(folder, f'[fleet]\nknown_hosts = "nowhere"\n[machines.oak]\n{OAK}')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no machine"),
        ("[machines.oak]\n", "machine oak has no address"),
        ("[machines.Oak_1]\n" + OAK, "small letters"),
        ("[machines.oak]\n" + OAK + 'ring = "two"', "ring 'two': allowed: one, floor, all"),
        ("[machines.oak]\n" + OAK + 'colour = "red"', "colour: allowed:"),
        ("[machines.oak]\n" + OAK + 'credentials = "google.json"', "There is no file"),
        ("[fleets]\n[machines.oak]\n" + OAK, "fleets: allowed:"),
        ("[fleet]\npassword = 1\n[machines.oak]\n" + OAK, "password: allowed:"),
        ("[fleet]\nparallel = 0\n[machines.oak]\n" + OAK, "parallel 0: allowed: a whole number from 1"),
        ("[fleet]\nkey = 5\n[machines.oak]\n" + OAK, "key 5: allowed"),
        ('[fleet]\nserver = "rooms.example.com"\n[machines.oak]\n' + OAK, "allowed: an address such as https://"),
        ("[machines.oak]\n" + OAK + "hub = 5", "the hub 5"),
        ("[machines.oak]\n" + OAK + 'port = "ssh"', "the port 'ssh'"),
        ("[machines.oak]\n" + OAK + 'room = "oak"', "room is to be a table"),
        ("[machines.oak]\n" + OAK + 'room = { name = "Oak" }', "a room has name and slug"),
        ("[machines.oak]\n" + OAK + "rotate = 90", 'the rotate 90: allowed: "normal", "90"'),
        ("[machines.oak]\n" + OAK + 'dark = "off"', "the dark 'off': allowed: dim, power"),
        ("[machines.oak]\n" + OAK + 'light_pins = "17"', "red, green and blue"),
        ("[machines.oak]\n" + OAK + 'screen = "no"', "allowed: true, false"),
        ("[machines.oak]\n" + OAK + 'packages = "labwc"', "packages is to be a list"),
        ("[machines.oak]\n" + OAK + 'settings = "x"', "settings is to be a table"),
        ("[machines.oak]\n" + OAK + 'settings = { KIOSK_LANGUAG = "de" }', "Did you mean KIOSK_LANGUAGE"),
        ("[machines.oak]\n" + OAK + 'settings = { PATH = "/" }', "PATH is not a setting"),
        ("[machines.oak]\n" + OAK + 'settings = { KIOSK_MAIL_FROM = "a\\nKIOSK_HOST=0.0.0.0" }', "one line"),
        ('[settings]\nKIOSK_LANGUAGE = "klingon"\n[machines.oak]\n' + OAK, "KIOSK_LANGUAGE is 'klingon'"),
        ('[machines.oak]\naddress = "-oProxyCommand=true"\ndisplay = "door"\nslug = "oak"', "a name or an address"),
        ('[machines.oak]\naddress = "10.0.0.11"\ndisplay = "door"\nslug = "../oak"', "a word of an address"),
        ("machines = 3", "is to be a table"),
        ("[machines", "fleet.toml"),
    ],
)
def test_what_cannot_be_used_is_named(folder: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(folder, text)


def test_two_machines_at_one_address_are_named(folder: Path) -> None:
    with pytest.raises(UsageError, match="elm and oak have the same address"):
        read(folder, f"[machines.elm]\n{OAK}[machines.oak]\n{OAK}")


def test_an_inventory_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "fleet.toml").write_bytes("# T\u00fcr\n".encode("latin-1"))
    with pytest.raises(UsageError, match="codec"):
        inventory.read(folder / "fleet.toml")


def test_a_folder_without_a_release_says_how_to_make_one(folder: Path) -> None:
    (folder / "wheelhouse" / "room_kiosk-1.2.0-py3-none-any.whl").unlink()
    with pytest.raises(UsageError, match="make-wheelhouse"):
        read(folder, f"[machines.oak]\n{OAK}")


def test_an_unknown_machine_is_named(folder: Path) -> None:
    with pytest.raises(UsageError, match="elm"):
        read(folder, f"[machines.oak]\n{OAK}").rings("", ["elm"])


def test_a_machine_of_its_own_has_its_credentials_and_no_hub(folder: Path) -> None:
    (folder / "google.json").write_text("{}")
    found = laid(folder, OAK + 'credentials = "google.json"\nsettings = { KIOSK_LANGUAGE = "de" }\n')
    settings = found["/etc/kiosk/kiosk.env"].content.decode()
    assert "KIOSK_GOOGLE_CREDENTIALS=/etc/kiosk/google.json\n" in settings
    assert "KIOSK_LANGUAGE=de\n" in settings
    assert "KIOSK_HUB_URL" not in settings
    assert (found["/etc/kiosk/google.json"].mode, found["/etc/kiosk/google.json"].group) == ("640", "kiosk")


def test_a_machine_behind_a_hub_has_its_token_and_no_credentials(folder: Path) -> None:
    found = laid(folder, OAK, '[fleet]\nserver = "https://rooms.example.com/"')
    settings = found["/etc/kiosk/kiosk.env"].content.decode()
    assert "KIOSK_HUB_URL=https://rooms.example.com\n" in settings
    assert "KIOSK_DEVICE_TOKEN_FILE=/run/credentials/kiosk-server.service/device.token\n" in settings
    assert "/etc/kiosk/google.json" not in found


def test_the_browser_looks_at_its_own_machine_only(folder: Path) -> None:
    found = laid(folder, OAK + 'server_port = 9000\nrotate = "90"\noutput = "HDMI-A-1"\n')
    said = found["/etc/kiosk/display.env"].content.decode()
    assert 'SCREEN_URL="http://localhost:9000/"' in said
    assert 'SCREEN_ROTATE="90"' in said
    assert b'<touch mapToOutput="HDMI-A-1" />' in found["/etc/kiosk/labwc/rc.xml"].content


def test_a_machine_without_a_screen_runs_the_server_only(folder: Path) -> None:
    entry = read(folder, '[machines.hub]\naddress = "10.0.0.2"\nscreen = false\n').entries[0]
    one = machines.read(entry.name, entry.plan)
    assert one.units == ["kiosk-server.service", "kiosk-release-settle.service"]
    assert not [each.path for each in machines.files(one, HOME) if "display" in each.path or "chromium" in each.path]


def test_pins_bring_their_programs_and_units(folder: Path) -> None:
    found = laid(folder, OAK + 'light_pins = "17,27,22"\nmotion_pin = "4"\n')
    assert found["/etc/kiosk/gpio.env"].content == b"LIGHT_PINS=17,27,22\nMOTION_PIN=4\n"
    assert {"/usr/local/lib/kiosk/kiosk_light.py", "/etc/systemd/system/kiosk-motion.service"} <= set(found)


def test_a_changed_setting_starts_the_server_anew_and_a_changed_unit_is_read(folder: Path) -> None:
    found = laid(folder, OAK)
    assert found["/etc/kiosk/kiosk.env"].wakes == (machines.SERVER,)
    assert machines.DAEMON in found["/etc/systemd/system/kiosk-display.service"].wakes


def test_every_program_of_a_machine_is_a_file_that_runs(folder: Path) -> None:
    programs = [one for path, one in laid(folder, OAK).items() if path.startswith("/usr/local/sbin/")]
    assert [one.mode for one in programs] == ["755", "755"]
    assert all(one.content.startswith(b"#!/usr/bin/python3\n") for one in programs)
