"""The command that provisions: rings with a check between, one line for all that happens, and its exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.__main__ import main
from tests.running import Server

MACHINES = {"oak": "one", "elm": "floor", "ash": "floor", "fir": "all"}
TOKEN_HASH = "ab" * 32
# Plays the program that knows pyinfra: it reads a plan, and says what a file beside it says for the act and machine.
DRIVER = """#!{python}
import json, pathlib, sys
home = pathlib.Path({home!r})
if sys.argv[1] == "-c":
    sys.exit(0 if (home / "pyinfra").exists() else 1)
plan = json.load(sys.stdin)
with (home / "plans").open("a") as file:
    file.write(json.dumps(plan) + "\\n")
said = json.loads((home / "said").read_text())
print("words of somebody else")
for name in plan["machines"]:
    for event in said.get(plan["act"] + " " + name, said.get(plan["act"], [])):
        print(json.dumps(dict(event, host=name)))
"""
DONE = {"event": "done", "changed": 0, "of": 9, "names": []}
WELL = {"event": "verified", "version": "1.2.0", "page": "live", "trouble": []}
SAID: dict[str, list[dict[str, Any]]] = {
    "plan": [{**DONE, "changed": 1, "names": ["/etc/kiosk/kiosk.env"]}],
    "lay": [{"event": "step", "said": "install 1.2.0"}, {**DONE, "changed": 1}],
    "activate": [DONE],
    "rollback": [DONE],
    "verify": [WELL],
    "identity": [{"event": "identity", "token_sha256": TOKEN_HASH, "serial": "s1", "model": "Pi", "host_key": "k"}],
}


class Office:
    """An administrator's folder, with a program that plays the machines."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said: dict[str, list[dict[str, Any]]] = dict(SAID)
        self.fleet = ""
        for name in ("known_hosts", "pyinfra", "plans"):
            (home / name).touch()
        (home / "wheelhouse").mkdir()
        (home / "wheelhouse" / "room_kiosk-1.2.0-py3-none-any.whl").touch()
        self.driver = home / "python"
        self.driver.write_text(DRIVER.format(python=sys.executable, home=str(home)))
        self.driver.chmod(0o755)

    def run(self, act: str, *words: str, machines: dict[str, str] | None = None) -> int:
        """Run the command and return its exit status."""
        bodies = [
            f'[machines.{name}]\naddress = "{name}"\ndisplay = "door"\nslug = "oak"\nring = "{ring}"\n'
            for name, ring in (machines or MACHINES).items()
        ]
        (self.home / "fleet.toml").write_text("\n".join([f"[fleet]\n{self.fleet}", *bodies]))
        (self.home / "said").write_text(json.dumps(self.said))
        return main(["provision", act, str(self.home / "fleet.toml"), "--python", str(self.driver), *words])

    def acts(self) -> list[tuple[str, list[str]]]:
        """Return what the machines were asked for: the act and their names."""
        plans = [json.loads(line) for line in (self.home / "plans").read_text().splitlines()]
        return [(plan["act"], list(plan["machines"])) for plan in plans]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_each_ring_is_looked_at_before_the_next_begins(office: Office) -> None:
    assert office.run("apply") == 0
    rings = (["oak"], ["elm", "ash"], ["fir"])
    assert office.acts() == [(act, ring) for ring in rings for act in ("lay", "activate", "verify")]


def test_a_ring_that_is_not_well_ends_it(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.said["verify ash"] = [{**WELL, "trouble": ["the page is crashed"]}]
    assert office.run("apply") == 4
    assert "fir" not in [name for _, names in office.acts() for name in names]
    said = capsys.readouterr().out
    assert "not begun: ring all" in said
    assert "failed: the page is crashed" in said


def test_a_machine_that_is_off_keeps_no_other_from_its_turn(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.said["lay elm"] = [{"event": "unreachable", "said": "no route"}]
    assert office.run("apply") == 3
    assert ("activate", ["ash"]) in office.acts()
    assert ("verify", ["fir"]) in office.acts()
    assert "unreachable: no route" in capsys.readouterr().out


def test_a_machine_that_failed_is_not_switched(office: Office) -> None:
    office.said["lay oak"] = [{"event": "failed", "said": "no space left"}]
    assert office.run("apply") == 4
    assert office.acts() == [("lay", ["oak"])]


def test_a_plan_says_what_would_change_and_asks_for_nothing_else(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert office.run("plan") == 0
    assert {act for act, _ in office.acts()} == {"plan"}
    assert "would change: /etc/kiosk/kiosk.env" in capsys.readouterr().out


def test_verify_goes_on_after_a_ring_that_is_not_well(office: Office) -> None:
    office.said["verify oak"] = [{**WELL, "trouble": ["kiosk-display.service failed"]}]
    assert office.run("verify") == 4
    assert ("verify", ["fir"]) in office.acts()


def test_a_rollback_is_looked_at_too(office: Office) -> None:
    assert office.run("rollback", "--ring", "one") == 0
    assert office.acts() == [("rollback", ["oak"]), ("verify", ["oak"])]


def test_one_machine_may_be_chosen(office: Office) -> None:
    assert office.run("verify", "--machine", "ash") == 0
    assert office.acts() == [("verify", ["ash"])]


def test_without_pyinfra_one_sentence_says_what_to_install(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    (office.home / "pyinfra").unlink()
    assert office.run("plan") == 1
    assert "room-kiosk[provision]" in capsys.readouterr().err


def test_nothing_to_change_is_said_in_the_last_line(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.said["lay"] = [DONE]
    office.run("apply")
    assert capsys.readouterr().out.splitlines()[-1] == "0 changes; all well"


@pytest.fixture
def hub(tmp_path: Path, office: Office) -> Server:
    """A server that machines are enrolled at, with an administrator's token in a file."""
    (tmp_path / "hub").mkdir()
    server = Server(tmp_path / "hub", {})
    assert server.run("rooms", "add", "Oak").returncode == 0
    token = server.run("admin", "token", "provisioning").stdout.split()[-1]
    (tmp_path / "admin.token").write_text(token + "\n")
    server.start()
    office.fleet = f'server = "{server.url}"\ntoken_file = "admin.token"\n'
    return server


def test_machines_are_enrolled_at_their_hub_in_the_same_run(
    office: Office, hub: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        one = {"oak": "one"}
        assert office.run("apply", machines=one) == 0
        assert office.run("apply", machines=one) == 0
        said = capsys.readouterr().out
        assert "enrolled device 1, shows /door/oak" in said
        assert "still device 1, shows /door/oak" in said
        assert [act for act, _ in office.acts()][:4] == ["lay", "identity", "activate", "verify"]
        listed = json.loads(hub.run("devices", "list", "--json").stdout)
        assert [(each["name"], each["serial"]) for each in listed] == [("oak", "s1")]
        assert (office.home / "admin.token").read_text().strip() not in said + (office.home / "plans").read_text()
    finally:
        hub.stop()


def test_a_hub_that_does_not_enrol_says_why(office: Office, hub: Server, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        (office.home / "admin.token").write_text("worthless")
        assert office.run("apply", machines={"oak": "one"}) == 4
        assert f"{hub.url} does not enrol it" in capsys.readouterr().out
    finally:
        hub.stop()


def test_a_hub_that_is_gone_says_so(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    (office.home / "admin.token").write_text("a")
    office.fleet = 'server = "http://127.0.0.1:9"\ntoken_file = "admin.token"\n'
    assert office.run("apply", machines={"oak": "one"}) == 4
    assert "cannot be reached to enrol it" in capsys.readouterr().out
