"""A release is installed beside the others, and a switch to one that is not well is taken back."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import kiosk_release
import pytest
from kiosk_release import DISPLAY, SERVER, ReleaseError, Releases

METADATA = "Metadata-Version: 2.1\nName: room-kiosk\nVersion: {}\n"
SHELL = "kiosk/_data/deploy/raspberrypi/shell/__main__.py"


@dataclass
class Systemd:
    """Units of one machine: which releases come up, and what was asked for."""

    home: Path
    ill: set[str] = field(default_factory=set)
    restarts: str = "0"
    screen: bool = True
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def control(self, *words: str) -> str:
        self.asked.append(words)
        match words:
            case ("is-enabled", _):
                return "enabled" if self.screen else "disabled"
            case ("show", "-P", "NRestarts", _):
                return "5" if self._is_ill() else self.restarts
            case ("show", "-P", "ActiveState", unit):
                return "activating" if self._is_ill() and unit == SERVER else "active"
        return ""

    def healthy(self, _port: int) -> bool:
        return not self._is_ill()

    def _is_ill(self) -> bool:
        link = self.home / "current"
        return not link.exists() or link.resolve().name in self.ill


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    return Systemd(tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def releases(tmp_path: Path, systemd: Systemd, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Releases:
    monkeypatch.setattr(kiosk_release, "STEADY", 0.01)
    return Releases(tmp_path, 8080, 0.3, systemd.control, systemd.healthy, said.append)


@pytest.fixture
def there(tmp_path: Path) -> Callable[..., None]:
    """Lay releases down as installed, one after the other."""
    moments = count(1_000)

    def lay(*versions: str) -> None:
        for version in versions:
            (tmp_path / "releases" / version / "wheels").mkdir(parents=True)
            whole = tmp_path / "releases" / version / "whole"
            whole.touch()
            os.utime(whole, (moment := next(moments), moment))

    return lay


Lay = Callable[..., None]


def wheel_of(version: str, folder: Path) -> None:
    """Write the smallest wheel that is one."""
    folder.mkdir(parents=True)
    info = f"room_kiosk-{version}.dist-info"
    with zipfile.ZipFile(folder / f"room_kiosk-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", METADATA.format(version))
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
        wheel.writestr(SHELL, "print('here')\n")
        wheel.writestr("kiosk/__init__.py", "")


@pytest.mark.timeout(300)
def test_a_release_is_installed_from_its_wheels_alone(releases: Releases, tmp_path: Path, said: list[str]) -> None:
    wheel_of("1.0", tmp_path / "releases/1.0/wheels")
    releases.install("1.0")
    assert (tmp_path / "releases/1.0/shell/__main__.py").read_text() == "print('here')\n"
    releases.install("1.0")
    assert said == ["1.0 is installed", "1.0 is installed already"]
    assert releases.current() == ""


@pytest.mark.timeout(300)
def test_a_release_that_cannot_be_installed_is_not_whole(releases: Releases, tmp_path: Path) -> None:
    (tmp_path / "releases/1.0/wheels").mkdir(parents=True)
    with pytest.raises(ReleaseError, match=r"room-kiosk==1\.0"):
        releases.install("1.0")
    with pytest.raises(ReleaseError, match="not installed"):
        releases.activate("1.0")


def test_the_first_release_becomes_current(releases: Releases, there: Lay, systemd: Systemd) -> None:
    there("1.0")
    releases.activate("1.0")
    assert releases.listing() == ["* 1.0"]
    assert ("restart", "--no-block", SERVER, DISPLAY) in systemd.asked


def test_a_release_that_is_well_leaves_the_one_before_for_a_rollback(releases: Releases, there: Lay) -> None:
    there("1.0", "1.1")
    releases.activate("1.0")
    releases.activate("1.1")
    assert releases.listing() == ["- 1.0", "* 1.1"]
    releases.rollback()
    assert releases.listing() == ["* 1.0", "- 1.1"]


def test_a_release_that_is_not_well_is_taken_back(releases: Releases, there: Lay, systemd: Systemd) -> None:
    there("1.0", "1.1", "1.2")
    releases.activate("1.0")
    releases.activate("1.1")
    systemd.ill.add("1.2")
    with pytest.raises(ReleaseError, match=r"1\.2 is not well .*does not answer.*; 1\.1 is current again"):
        releases.activate("1.2")
    assert releases.listing() == ["- 1.0", "* 1.1", "  1.2"]


def test_a_first_release_that_is_not_well_leaves_none(releases: Releases, there: Lay, systemd: Systemd) -> None:
    there("1.0")
    systemd.ill.add("1.0")
    with pytest.raises(ReleaseError, match="nothing is current again"):
        releases.activate("1.0")
    assert ("stop", SERVER, DISPLAY) in systemd.asked
    assert releases.current() == ""


def test_a_release_that_answers_but_starts_over_and_over_is_not_well(
    releases: Releases, there: Lay, systemd: Systemd
) -> None:
    there("1.0")
    counts = iter(range(1000))
    releases.control = lambda *words: str(next(counts)) if "NRestarts" in words else systemd.control(*words)
    with pytest.raises(ReleaseError, match="is not well"):
        releases.activate("1.0")


def test_a_machine_without_a_screen_needs_only_its_server(releases: Releases, there: Lay, systemd: Systemd) -> None:
    there("1.0")
    systemd.screen = False
    releases.activate("1.0")
    assert not [words for words in systemd.asked if words[:2] == ("show", "-P") and words[3] == DISPLAY]


def test_a_current_release_that_is_well_is_left_alone(
    releases: Releases, there: Lay, systemd: Systemd, said: list[str]
) -> None:
    there("1.0")
    releases.activate("1.0")
    systemd.asked.clear()
    releases.activate("1.0")
    assert said[-1] == "1.0 is current already, and well"
    assert not [words for words in systemd.asked if words[0] == "restart"]


def test_a_power_cut_during_a_switch_leads_back(
    releases: Releases, there: Lay, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    there("1.0", "1.1")
    releases.activate("1.0")
    monkeypatch.setattr(releases, "_well_in_time", cut)
    with pytest.raises(KeyboardInterrupt):
        releases.activate("1.1")
    assert releases.current() == "1.1"
    releases.settle()
    assert releases.current() == "1.0"
    releases.settle()
    assert releases.current() == "1.0"


def cut() -> bool:
    raise KeyboardInterrupt


def test_old_releases_are_removed_but_never_the_one_before(releases: Releases, there: Lay) -> None:
    for version in ("1.0", "1.1", "1.2", "1.3"):
        there(version)
        releases.activate(version)
    assert releases.listing()[-2:] == ["- 1.2", "* 1.3"]
    assert len(releases.listing()) == 3


@pytest.mark.parametrize("version", ["9.9", "../1.0", "", "1.0/venv"])
def test_a_version_that_is_not_there_is_refused(releases: Releases, there: Lay, version: str) -> None:
    there("1.0")
    with pytest.raises(ReleaseError, match="no wheels"):
        releases.activate(version)


def test_without_a_release_before_there_is_nothing_to_roll_back(releases: Releases) -> None:
    with pytest.raises(ReleaseError, match="no release before"):
        releases.rollback()
