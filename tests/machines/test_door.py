"""One machine, from blank to a live door, through everything that may happen to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from kiosk import clock
from tests.conftest import Tell
from tests.machines import releases
from tests.machines.conftest import FOLDER
from tests.machines.fleet import Fleet, Said, is_live, live_again, restarts, status
from tests.machines.rig import Machine, Rig
from tests.running import wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(1800)]

DOOR = """address = "10.173.0.11"
display = "door"
slug = "oak"
packages = []
room = { name = "Oak", slug = "oak" }
"""
NOBODY = DOOR.replace(".11", ".250")
RENDERERS = "$(ps -eo pid,args | awk '/[t]ype=renderer/ {print $1}')"
BROWSER = "$(ps -eo pid,args | grep '[r]emote-debugging-pipe' | grep -v 'type=' | awk '{print $1}')"
FAULTS = {
    "page killed": f"kill -9 {RENDERERS}",
    "page hangs": f"kill -STOP {RENDERERS}",
    "browser killed": f"kill -9 {BROWSER}",
    "compositor killed": "pkill -9 -x labwc",
    "supervisor hangs": "kill -STOP $(systemctl show -P MainPID kiosk-display)",
    "server killed": "kill -9 $(systemctl show -P MainPID kiosk-server)",
    "server hangs": "kill -STOP $(systemctl show -P MainPID kiosk-server)",
}
NO_RIGHT = "0" * 16
LONGEST_SERVER = 2.0
LONGEST_DISPLAY = 4.5


@dataclass
class Door:
    """A machine that was provisioned once, its fleet, and what was said then."""

    machine: Machine
    fleet: Fleet
    first: Said

    def apply(self, wheels: Path | None = None) -> Said:
        self.fleet.write({"oak": DOOR}, wheels)
        return self.fleet.provision("apply")

    def current(self) -> str:
        return self.machine.run("basename $(readlink /opt/kiosk/current)").strip()


@pytest.fixture(scope="module")
def provisioned(rig: Rig, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Door:
    machine = rig.machine("oak", 11)
    fleet = Fleet(rig, tmp_path_factory.mktemp("admin"), wheels)
    fleet.write({"oak": DOOR})
    return Door(machine, fleet, fleet.provision("apply", "--pictures", str(FOLDER / "pictures")))


@pytest.fixture
def door(provisioned: Door) -> Iterator[Door]:
    """The door, live, with the release of this checkout; made so again if a test has left it otherwise."""
    if not is_live(provisioned.machine) or provisioned.current() != releases.version_of(provisioned.fleet.wheels):
        said = provisioned.apply()
        assert said.status == 0, said.text
    provisioned.fleet.write({"oak": DOOR})
    return provisioned


def test_a_blank_machine_becomes_a_live_door_by_one_command(provisioned: Door, tell: Tell) -> None:
    assert provisioned.first.status == 0, provisioned.first.text
    assert "page live" in provisioned.first.text
    picture = Image.open(FOLDER / "pictures" / "oak.jpg")
    assert picture.size == (1280, 720)
    red, green, blue = picture.convert("RGB").getpixel((1270, 300))
    assert min(green - red, green - blue) > 20, "the door of a free room is green to its edge"
    tell(f"blank to live door: {provisioned.first.seconds:.1f} s; picture in {FOLDER / 'pictures'}")


def test_a_second_run_changes_nothing(door: Door, tell: Tell) -> None:
    said = door.apply()
    assert (said.status, said.text.splitlines()[-1]) == (0, "0 changes; all well")
    tell(f"{said.seconds:.1f} s: " + " | ".join(line.strip() for line in said.text.splitlines()[1:]))


def test_a_plan_of_what_is_so_already_has_nothing_to_change(door: Door) -> None:
    said = door.fleet.provision("plan")
    assert said.status == 0
    assert re.search(r"plan: 0 of \d+ to change", said.text), said.text


def test_no_secret_is_in_what_is_said_or_in_what_others_can_read(door: Door) -> None:
    token = door.machine.run("cat /etc/kiosk/device.token").strip()
    assert len(token) == 43
    assert token not in door.first.text
    assert door.machine.run("stat -c '%a %U' /etc/kiosk/device.token").strip() == "600 root"
    seen = door.machine.run(
        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; journalctl --no-pager"
    )
    assert token not in seen


def test_nothing_runs_with_rights_that_it_does_not_need(door: Door, tell: Tell) -> None:
    assert set(rights(door.machine, "kiosk-server")) == {NO_RIGHT}
    # The browser's own sandbox has rights in a namespace of its own, and nowhere else.
    within = door.machine.run("readlink /proc/1/ns/user").strip()
    assert set(rights(door.machine, "kiosk-display", within)) == {NO_RIGHT}
    levels = [exposure(door.machine, unit) for unit in ("kiosk-server", "kiosk-display")]
    assert levels[0] <= LONGEST_SERVER
    assert levels[1] <= LONGEST_DISPLAY
    tell(f"systemd-analyze security: server {levels[0]}, display {levels[1]}")


def test_the_units_are_as_systemd_wants_them(door: Door) -> None:
    units = "/etc/systemd/system/kiosk-*.service /etc/systemd/system/kiosk-privileged@*"
    assert door.machine.run(f"systemd-analyze verify {units} 2>&1", check=False).strip() == ""


def test_nothing_of_the_browser_is_written_to_the_card(door: Door) -> None:
    assert (
        door.machine.run(
            "find / -xdev -path /opt -prune -o -newer /etc/kiosk/device.token -path '*chromium*' -type f -print"
        ).strip()
        == ""
    )


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_heals_by_itself(door: Door, tell: Tell, fault: str) -> None:
    unit = "kiosk-server" if "server" in fault else "kiosk-display"
    before, crashes = restarts(door.machine, unit), status(door.machine)["crashes"]
    started = clock.monotonic()
    door.machine.run(f"{FAULTS[fault]}; rm -f /run/kiosk-display/healed")
    healed = (
        (lambda: restarts(door.machine, unit) > before)
        if "page" not in fault
        else (lambda: status(door.machine).get("crashes", 0) > crashes)
    )
    wait_for(healed, 120, 0.2)
    wait_for(lambda: is_live(door.machine) and answers(door.machine), 120, 0.2)
    tell(f"{fault}: {clock.monotonic() - started:.1f} s, {restarts(door.machine, unit) - before} restarts of {unit}")


def test_a_server_that_comes_late_is_waited_for(door: Door, tell: Tell) -> None:
    away = "/etc/kiosk/kiosk.env.away"
    door.machine.run(f"mv /etc/kiosk/kiosk.env {away}; systemctl restart --no-block kiosk-server")
    door.machine.run("systemctl restart kiosk-display")
    wait_for(lambda: status(door.machine).get("page") == "splash", 60, 0.2)
    before = restarts(door.machine, "kiosk-display")
    door.machine.run(f"mv {away} /etc/kiosk/kiosk.env")
    wait_for(lambda: answers(door.machine), 60, 0.1)
    started = clock.monotonic()
    live_again(door.machine)
    assert restarts(door.machine, "kiosk-display") == before
    tell(f"live {clock.monotonic() - started:.1f} s after the server")


def test_stopping_leaves_no_process(door: Door) -> None:
    door.machine.run("systemctl stop kiosk-display")
    assert door.machine.run("ps -u kiosk-display -o pid=", check=False).strip() == ""
    door.machine.run("systemctl start kiosk-display")
    live_again(door.machine)


def test_a_release_that_cannot_start_is_taken_back_by_the_machine(door: Door, tell: Tell) -> None:
    good = door.current()
    said = door.apply(releases.another(door.fleet.wheels, "9.9.9", broken=True))
    assert said.status == 4, said.text
    assert "9.9.9 is not well" in said.text
    assert f"{good} is current again" in said.text
    assert door.current() == good
    live_again(door.machine)
    tell(f"a release that cannot start: {said.seconds:.1f} s, exit status {said.status}, {good} is current again")


def test_an_update_and_the_way_back(door: Door, tell: Tell) -> None:
    good = door.current()
    update = door.apply(releases.another(door.fleet.wheels, "9.8.0"))
    assert update.status == 0, update.text
    assert door.current() == "9.8.0"
    back = door.fleet.provision("rollback")
    assert back.status == 0, back.text
    assert door.current() == good
    live_again(door.machine)
    tell(f"update {update.seconds:.1f} s, back {back.seconds:.1f} s")


def test_a_reboot_leads_back_to_the_door(door: Door, tell: Tell) -> None:
    before = boot_id(door.machine)
    door.machine.run("systemctl reboot", check=False)
    started = clock.monotonic()
    wait_for(lambda: boot_id(door.machine) not in ("", before), 90, 0.2)
    live_again(door.machine)
    tell(f"reboot to live door: {clock.monotonic() - started:.1f} s")


def test_a_power_cut_in_the_middle_of_an_update_leads_back(door: Door) -> None:
    good = door.current()
    door.machine.run(
        f"cp -al /opt/kiosk/releases/{good} /opt/kiosk/releases/9.7.0 && echo -n {good} > /opt/kiosk/trial"
        " && ln -sfn releases/9.7.0 /opt/kiosk/current && sync"
    )
    door.machine.cut()
    door.machine.boot()
    live_again(door.machine)
    assert door.current() == good
    door.machine.run("test ! -e /opt/kiosk/trial; rm -rf /opt/kiosk/releases/9.7.0")


def test_a_machine_that_is_off_does_not_keep_the_others_from_theirs(door: Door, tell: Tell) -> None:
    door.fleet.write({"elm": NOBODY, "oak": DOOR})
    said = door.fleet.provision("verify")
    assert said.status == 3, said.text
    assert re.search(r"elm +unreachable: ", said.text)
    assert re.search(r"oak +well: ", said.text)
    tell(f"exit status {said.status}: " + " | ".join(line.strip() for line in said.text.splitlines()[1:]))


def test_another_host_key_is_refused(door: Door, tell: Tell) -> None:
    door.machine.run("cp -a /etc/ssh /root/kept; rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh")
    said = door.fleet.provision("apply")
    door.machine.run("rm -r /etc/ssh; mv /root/kept /etc/ssh; systemctl restart ssh")
    assert said.status == 3, said.text
    assert "key" in said.text.lower()
    tell(f"changed: {said.text.splitlines()[1].strip()}")


def test_an_unknown_host_key_is_refused(door: Door, tell: Tell) -> None:
    (door.fleet.folder / "known_hosts").write_text("")
    said = door.fleet.provision("apply")
    assert said.status == 3, said.text
    tell(f"unknown: {said.text.splitlines()[1].strip()}")


def test_the_screen_goes_dark_and_wakes_by_movement(door: Door) -> None:
    machine = door.machine
    machine.run("sed -i '/SCREEN_HOURS/d' /etc/kiosk/display.env")
    ask(door, "screen_off")
    wait_for(lambda: status(machine).get("lit") is False, 60, 0.2)
    assert brightest(door) < 40
    machine.run(f"python3 -c '{RING}'")
    wait_for(lambda: status(machine).get("lit") is True, 60, 0.2)
    assert brightest(door) > 150


def test_the_server_gets_a_picture_and_the_logs(door: Door) -> None:
    for act in ("screenshot", "collect_logs"):
        number = ask(door, act)
        wait_for(lambda number=number: state_of(door, number) in ("done", "failed"), 60, 0.3)
        assert state_of(door, number) == "done"


def test_a_revoked_machine_shows_its_code_and_a_run_brings_it_back(door: Door, tell: Tell) -> None:
    door.machine.run(f"{KIOSK} devices revoke oak")
    started = clock.monotonic()
    wait_for(lambda: status(door.machine).get("page") == "page", 60, 0.1)
    tell(f"revoked to pairing page, as its supervisor sees it: {clock.monotonic() - started:.1f} s")
    wait_for(lambda: status(door.machine).get("revoked"), 120, 0.5)
    said = door.apply()
    assert said.status == 0, said.text
    live_again(door.machine)


def test_no_unit_has_failed_after_all_that(door: Door) -> None:
    live_again(door.machine)
    assert door.machine.run("systemctl --failed --no-legend --plain").strip() == ""
    assert door.machine.run("systemctl is-system-running", check=False).strip() == "running"


KIOSK = (
    "cd /var/lib/kiosk && runuser -u kiosk -- env KIOSK_CONFIG=/etc/kiosk/kiosk.env /opt/kiosk/current/venv/bin/kiosk"
)
RING = """
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"motion", "/run/kiosk-display/motion")
"""
# Asks the machine's own server, as an administrator's program does.
ASK = """
import json, sys, urllib.request
token, method, path, body = sys.argv[1:]
asked = urllib.request.Request("http://127.0.0.1:8080/api/v1/devices/" + path, body.encode() or None, method=method,
    headers=dict([("Authorization", "Bearer " + token), ("Content-Type", "application/json")]))
print(urllib.request.urlopen(asked, timeout=20).read().decode())
"""


def admin(door: Door, method: str, path: str, body: str = "") -> dict[str, object]:
    file = "/root/admin.token"
    door.machine.run(f"test -s {file} || ({KIOSK} admin token tests) | grep -oE '[^ ]+$' | tail -n 1 > {file}")
    return dict(json.loads(door.machine.run(f"python3 -c '{ASK}' \"$(cat {file})\" {method} {path} '{body}'")))


def device(door: Door) -> int:
    found = json.loads(door.machine.run(f"{KIOSK} devices list --json"))
    return int(next(one["id"] for one in found if one["name"] == "oak"))


def ask(door: Door, act: str) -> int:
    return int(str(admin(door, "POST", f"{device(door)}/acts", json.dumps({"act": act}))["id"]))


def state_of(door: Door, number: int) -> str:
    found = admin(door, "GET", str(device(door)))["acts"]
    assert isinstance(found, list)
    return next(str(one["state"]) for one in found if one["id"] == number)


def brightest(door: Door) -> int:
    """Return how bright the brightest part of the screen is, from 0 to 255."""
    said = door.fleet.provision("verify", "--pictures", str(FOLDER / "pictures"))
    assert "its picture" in said.text, said.text
    low_high: Callable[[], tuple[int, int]] = Image.open(FOLDER / "pictures" / "oak.jpg").convert("L").getextrema
    return low_high()[1]


def answers(machine: Machine) -> bool:
    question = 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8080/healthz", timeout=3).status)'
    return machine.run(f"python3 -c '{question}' 2>/dev/null", check=False).strip() == "200"


def rights(machine: Machine, unit: str, namespace: str = "") -> list[str]:
    """Return the effective capabilities of a unit's processes; only of those in one user namespace, if it is named."""
    procs = f"/sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs"
    each = "echo $(readlink /proc/$pid/ns/user) $(grep CapEff /proc/$pid/status | cut -f 2)"
    rows = [line.split() for line in machine.run(f"for pid in $(cat {procs}); do {each}; done").splitlines()]
    return [row[1] for row in rows if len(row) == 2 and namespace in ("", row[0])]


def boot_id(machine: Machine) -> str:
    return machine.run("cat /proc/sys/kernel/random/boot_id", check=False).strip()


def exposure(machine: Machine, unit: str) -> float:
    said = machine.run(f"systemd-analyze security --no-pager {unit}.service", check=False)
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert found, said
    return float(found[1])
