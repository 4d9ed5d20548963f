"""What the display may ask of root: four wishes, their values checked, and nothing read elsewhere for them."""

from __future__ import annotations

from pathlib import Path

import kiosk_privileged
import pytest
from kiosk_privileged import WishError
from kiosk_shell.helper import Helper

LOGS = b"open http://127.0.0.1:8080/admin/first/abcDEF123\nAuthorization: Bearer abc.def\nall is well\n"


@pytest.fixture
def ran() -> list[tuple[str, ...]]:
    return []


@pytest.fixture
def root(tmp_path: Path, ran: list[tuple[str, ...]]) -> kiosk_privileged.Helper:
    for name in ("asks", "told", "etc/kiosk", "sys/class/backlight/panel"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "sys/class/backlight/panel/max_brightness").write_text("255\n")

    def run(*command: str) -> bytes:
        ran.append(command)
        return LOGS

    return kiosk_privileged.Helper(tmp_path / "asks", tmp_path / "told", tmp_path, run)


@pytest.fixture
def display(tmp_path: Path) -> Helper:
    return Helper(tmp_path / "asks", tmp_path / "told")


def test_a_wish_is_fulfilled_once(root: kiosk_privileged.Helper, display: Helper, ran: list[tuple[str, ...]]) -> None:
    display.reboot()
    root.fulfil("reboot")
    assert ran == [("systemctl", "reboot", "--no-block")]
    with pytest.raises(WishError):
        root.fulfil("reboot")


@pytest.mark.parametrize(("percent", "written"), [(100, "255"), (40, "102"), (1, "2")])
def test_the_panels_light_is_set(
    root: kiosk_privileged.Helper, display: Helper, tmp_path: Path, percent: int, written: str
) -> None:
    display.backlight(percent)
    root.fulfil("backlight")
    assert (tmp_path / "sys/class/backlight/panel/brightness").read_text() == written


@pytest.mark.parametrize("value", ["0", "101", "-1", "50; reboot", ""])
def test_a_brightness_that_is_none_is_refused(root: kiosk_privileged.Helper, tmp_path: Path, value: str) -> None:
    (tmp_path / "asks/backlight").write_text(value)
    with pytest.raises(WishError):
        root.fulfil("backlight")
    assert not (tmp_path / "sys/class/backlight/panel/brightness").exists()


def test_a_wish_that_points_elsewhere_is_not_read(root: kiosk_privileged.Helper, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 43)
    (tmp_path / "asks/token").symlink_to(secret)
    with pytest.raises(WishError):
        root.fulfil("token")
    assert secret.exists()
    assert not (tmp_path / "asks/token").is_symlink()
    assert not (tmp_path / "etc/kiosk/device.token").exists()


def test_a_token_is_kept_for_root_alone(
    root: kiosk_privileged.Helper, display: Helper, tmp_path: Path, ran: list[tuple[str, ...]]
) -> None:
    display.token("a" * 43)
    root.fulfil("token")
    kept = tmp_path / "etc/kiosk/device.token"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("a" * 43 + "\n", 0o600)
    assert ran == [("systemctl", "restart", "--no-block", "kiosk-server", "kiosk-display")]


@pytest.mark.parametrize("value", ["short", "a" * 44, "a" * 42 + "\n", "a" * 42 + "/"])
def test_what_is_no_token_is_not_kept(root: kiosk_privileged.Helper, tmp_path: Path, value: str) -> None:
    (tmp_path / "asks/token").write_text(value)
    with pytest.raises(WishError):
        root.fulfil("token")
    assert not (tmp_path / "etc/kiosk/device.token").exists()


def test_logs_come_without_words_of_one_use(root: kiosk_privileged.Helper, tmp_path: Path) -> None:
    (tmp_path / "asks/logs").touch()
    root.fulfil("logs")
    told = (tmp_path / "told/journal.txt").read_text()
    assert "abcDEF123" not in told
    assert "abc.def" not in told
    assert "all is well" in told


@pytest.mark.parametrize("words", [[], ["shutdown"], ["reboot", "now"]])
def test_other_wishes_are_none(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert kiosk_privileged.main(words) == 2
    assert "four" not in capsys.readouterr().out
