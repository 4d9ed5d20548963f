"""Units, policies and settings of a machine are what systemd and the browser read, and give away nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kiosk.resources import resource

ROOT = Path(__file__).resolve().parents[2]
HOME = resource("deploy/raspberrypi")
UNITS = sorted((HOME / "units").glob("*.service"))
LASTING = [unit for unit in UNITS if unit.name in {"kiosk-server.service", "kiosk-display.service"}]
EXPOSURE = {"kiosk-server.service": 2.0, "kiosk-display.service": 4.5}
# What each unit that runs for ever must say.
WALLS = ("CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "MemoryMax", "TasksMax", "Restart")


def words(unit: Path) -> dict[str, list[str]]:
    """Return what a unit says, by key; a key may be said more than once."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if "oneshot" not in unit.read_text()], ids=lambda unit: unit.name
)
def test_what_runs_for_ever_stands_behind_walls(unit: Path) -> None:
    said = words(unit)
    assert [key for key in WALLS if key not in said] == []
    assert said["CapabilityBoundingSet"] == [""]
    assert said["User"] != ["root"]


@pytest.mark.parametrize("unit", LASTING, ids=lambda unit: unit.name)
def test_what_hangs_is_noticed_and_what_ends_is_started_for_ever(unit: Path) -> None:
    said = words(unit)
    assert said["Type"] == ["notify"]
    assert int(said["WatchdogSec"][0]) <= 45
    assert (said["Restart"], said["StartLimitIntervalSec"]) == (["always"], ["0"])
    assert said["LoadCredential"] == ["device.token:/etc/kiosk/device.token"]


@pytest.mark.parametrize("unit", LASTING, ids=lambda unit: unit.name)
def test_exposure_is_small(unit: Path) -> None:
    """Where there is systemd it counts for itself; elsewhere the walls above have to do."""
    analyze = shutil.which("systemd-analyze")
    command = [
        analyze or sys.executable,
        *(["security", "--offline=true", "--no-pager", str(unit)] if analyze else ["-V"]),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert float(found[1] if found else 0) <= EXPOSURE[unit.name]


def test_every_wish_has_its_unit_and_its_word_in_the_helper() -> None:
    helper = (HOME / "machine" / "kiosk_privileged.py").read_text()
    from kiosk_provision.machine import WISHES

    assert all(f'"{wish}": self.{wish}' in helper for wish in WISHES)
    assert "PathExists=/run/kiosk-display/asks/%i" in (HOME / "units" / "kiosk-privileged@.path").read_text()


def test_the_browser_may_go_nowhere_but_to_its_own_machine() -> None:
    policy = json.loads((HOME / "chromium-policy.json").read_text())
    assert policy["URLBlocklist"] == ["*"]
    assert policy["URLAllowlist"] == ["http://localhost", "http://127.0.0.1", "data:*"]
    assert "DeveloperToolsAvailability" not in policy, "forbidding the tools would close the supervisor's pipe"


@pytest.mark.parametrize("name", ["rc.xml", "menu.xml"])
def test_the_compositors_settings_can_be_read(name: str) -> None:
    tree = ElementTree.parse(HOME / "labwc" / name)
    assert "ToggleFullscreen" not in ElementTree.tostring(tree.getroot(), encoding="unicode")


def test_a_card_is_prepared_for_keys_only() -> None:
    card = (HOME / "image" / "user-data.example").read_text()
    assert card.startswith("#cloud-config\n")
    assert "ssh_pwauth: false" in card
    assert "lock_passwd: true" in card


def test_the_supervisor_needs_nothing_but_the_standard_library() -> None:
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        "import sys; sys.path.insert(0, sys.argv[1]); import kiosk_shell.supervisor",
    ]
    done = subprocess.run([*command, str(HOME / "shell")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["kiosk_release", "kiosk_privileged", "kiosk_light", "kiosk_motion"])
def test_the_programs_of_a_machine_need_no_package_to_start(name: str) -> None:
    file = HOME / "machine" / f"{name}.py"
    command = [sys.executable, "-I", "-S", "-c", "import runpy, sys; runpy.run_path(sys.argv[1])", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_every_package_has_a_wheel_for_a_raspberry_pi(python: str, tmp_path: Path) -> None:
    maker = [str(HOME / "make-wheelhouse"), "--python", python, str(tmp_path / "wheels")]
    done = subprocess.run(
        maker, env=os.environ | {"PYTHON": sys.executable}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    names = [path.name for path in (tmp_path / "wheels").iterdir()]
    assert len(names) > 30
    assert [name for name in names if not name.endswith(".whl") or name.startswith("lgpio-0.0.0")] == []
    compiled = [name for name in names if not name.endswith("-any.whl")]
    assert compiled
    assert all("aarch64" in name for name in compiled)


def test_pyinfra_is_pinned_within_the_range_that_is_asked_for() -> None:
    pins = (HOME / "requirements.txt").read_text()
    assert re.search(r"^pyinfra==3\.1\d\.\d+ ", pins, flags=re.MULTILINE)
    assert '"pyinfra>=3.10,<4"' in (ROOT / "pyproject.toml").read_text()
