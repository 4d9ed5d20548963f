"""Four machines at once: two doors and a lobby follow a hub, lose it, and find it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kiosk import clock
from tests.conftest import Tell
from tests.machines.conftest import FOLDER
from tests.machines.fleet import Fleet, Said, live_again, status
from tests.machines.rig import NETWORK, Machine, Rig, sh
from tests.running import wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(1800)]

KIOSK = "cd /var/lib/kiosk && runuser -u kiosk -- env KIOSK_CONFIG=/etc/kiosk/kiosk.env {venv}/bin/kiosk"
PLACES = {"hub": 20, "door-oak": 21, "door-elm": 22, "lobby": 23}
ENTRIES = {
    "hub": 'screen = false\nhub = ""\npackages = []\nring = "one"\nsettings = { KIOSK_HOST = "0.0.0.0" }\n',
    "door-oak": 'display = "door"\nslug = "oak"\npackages = []\nring = "one"\n',
    "door-elm": 'display = "door"\nslug = "elm"\npackages = []\nring = "floor"\n',
    "lobby": 'display = "lobby"\nslug = "all"\npackages = []\nring = "all"\n',
}
# Asks a machine's own server as its screen does, with the machine's token; prints the status, and the answer.
ASK = """
import json, sys, urllib.error, urllib.request
method, path, body = sys.argv[1:]
token = open("/etc/kiosk/device.token").read().strip()
asked = urllib.request.Request("http://127.0.0.1:8080" + path, body.encode() or None, method=method,
    headers=dict([("Authorization", "Bearer " + token), ("Content-Type", "application/json")]))
try:
    answer = urllib.request.urlopen(asked, timeout=30)
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, json.loads(answer.read() or b"{}")]))
"""
BUSY = ("busy", "held", "checkin")


@dataclass
class Building:
    """The hub, the three machines that follow it, and what was said when they were provisioned."""

    machines: dict[str, Machine]
    fleet: Fleet
    said: Said

    def screens(self) -> list[Machine]:
        return [machine for name, machine in self.machines.items() if name != "hub"]

    def hub(self, *words: str) -> str:
        """Run a command of the product on the hub."""
        command = KIOSK.format(venv="/opt/kiosk/current/venv")
        return self.machines["hub"].run(f"{command} {' '.join(words)}")

    def cut(self, off: bool) -> None:
        """Take the hub's cable out, or plug it in again."""
        sh("ip", "link", "set", "vb-hub", "down" if off else "up")

    def ask(self, name: str, method: str, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """Ask a machine's own server as its screen does."""
        text = json.dumps(body) if body else ""
        code, answer = json.loads(self.machines[name].run(f"python3 -c '{ASK}' {method} {path} '{text}'"))
        return int(code), dict(answer)

    def room(self, name: str, slug: str) -> str:
        return str(self.ask(name, "GET", f"/api/v1/rooms/{slug}")[1].get("status"))


@pytest.fixture(scope="module")
def building(rig: Rig, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Building:
    machines = {name: rig.machine(name, place) for name, place in PLACES.items()}
    fleet = Fleet(rig, tmp_path_factory.mktemp("office"), wheels)
    entries = {name: f'address = "{NETWORK}.{PLACES[name]}"\n{text}' for name, text in ENTRIES.items()}
    fleet.write({"hub": entries["hub"]})
    first = fleet.provision("apply")
    assert first.status == 0, first.text
    made = Building(machines, fleet, first)
    for room in ("Oak", "Elm"):
        made.hub("rooms", "add", room)
    (fleet.folder / "admin.token").write_text(made.hub("admin", "token", "provisioning").split()[-1])
    fleet.head = f'server = "http://{NETWORK}.{PLACES["hub"]}:8080"\ntoken_file = "{fleet.folder / "admin.token"}"'
    fleet.write(entries)
    made.said = fleet.provision("apply", "--pictures", str(FOLDER / "pictures"))
    return made


@pytest.fixture
def together(building: Building) -> Iterator[Building]:
    """The building, everything live and within reach, and so again afterwards."""
    assert building.said.status == 0, building.said.text
    for machine in building.screens():
        live_again(machine)
    yield building
    building.cut(off=False)


def test_three_machines_follow_a_hub_after_one_command(together: Building, tell: Tell) -> None:
    listed = json.loads(together.hub("devices", "list", "--json"))
    assert {(one["name"], one["shows"]) for one in listed} == {
        ("door-oak", "/door/oak"),
        ("door-elm", "/door/elm"),
        ("lobby", "/lobby/all"),
    }
    for machine in together.screens():
        assert "KIOSK_GOOGLE" not in machine.run("cat /etc/kiosk/kiosk.env")
    tell(f"four machines: {together.said.seconds:.1f} s\n    " + together.said.text.splitlines()[-1])


def test_a_second_run_changes_nothing_on_any(together: Building, tell: Tell) -> None:
    said = together.fleet.provision("apply")
    assert (said.status, said.text.splitlines()[-1]) == (0, "0 changes; all well")
    tell(f"{said.seconds:.1f} s")


def test_without_the_hub_doors_take_holds_and_with_it_everything_agrees(together: Building, tell: Tell) -> None:
    together.cut(off=True)
    code, held = together.ask("door-oak", "POST", "/api/v1/rooms/oak/bookings", minutes=30)
    assert code == 202, held
    assert status(together.machines["door-oak"])["page"] in ("live", "stale", "offline")
    together.cut(off=False)
    started = clock.monotonic()
    for name in ("door-oak", "lobby"):
        wait_for(lambda name=name: together.room(name, "oak") in BUSY, 120, 0.5)
    assert len(json.loads(together.hub("bookings", "list", "--days", "2", "--json"))) == 1
    tell(f"held without the hub; everybody agrees {clock.monotonic() - started:.1f} s after it came back")


def test_a_revoked_door_shows_its_code_within_two_seconds(together: Building, tell: Tell) -> None:
    door = together.machines["door-elm"]
    together.hub("devices", "revoke", "door-elm")
    started = clock.monotonic()
    wait_for(lambda: status(door).get("page") == "page", 60, 0.1)
    tell(f"revoked: its pairing page is on the glass after {clock.monotonic() - started:.1f} s")
