"""What a machine says of itself, read from folders laid out as the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest
from kiosk_shell.body import Body

BOOT = "6f3a2e2c-0d5c-4d4c-9d3b-1a2b3c4d5e6f"
TREE = {
    "proc/sys/kernel/random/boot_id": BOOT + "\n",
    "proc/sys/kernel/osrelease": "6.12.47+rpt-rpi-2712\n",
    "proc/uptime": "86461.22 301.07\n",
    "proc/meminfo": "MemTotal:        4000000 kB\nMemAvailable:    2048000 kB\n",
    "proc/net/route": "Iface\tDestination\tGateway\nwlan0\t0000A8C0\t0\nwlan0\t00000000\t0101A8C0\n",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
    "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    "sys/class/thermal/thermal_zone0/type": "gpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "99000\n",
    "sys/class/thermal/thermal_zone1/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone1/temp": "51234\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    "sys/fs/ext4/mmcblk0p2/errors_count": "3\n",
    "sys/fs/ext4/mmcblk0p1/errors_count": "0\n",
    "sys/class/input/event0/device/properties": "0\n",
    "sys/class/input/event1/device/properties": "2\n",
    "sys/class/net/wlan0/wireless/present": "",
    "sys/class/net/wlan0/operstate": "up\n",
}
SAID = {
    "vcgencmd": "throttled=0x50005",
    "iw": "Connected to 00:11:22:33:44:55 (on wlan0)\n\tSSID: the building's\n\tsignal: -67 dBm\n",
    "ip": "3: wlan0    inet 192.168.1.23/24 brd 192.168.1.255 scope global wlan0\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def body_of(root: Path, **said: str) -> Body:
    (root / "kept").mkdir(exist_ok=True)
    return Body(root, root / "kept", root / "kept", lambda program, *_: (SAID | said)[program])


def test_every_reading_of_a_pi_has_its_name(tree: Path) -> None:
    found = body_of(tree).readings()
    assert {name: found[name] for name in ("boot_id", "temp_c", "mem_avail", "uptime_s", "ext4_errors")} == {
        "boot_id": BOOT,
        "temp_c": 51.2,
        "mem_avail": 2000,
        "uptime_s": 86461,
        "ext4_errors": 3,
    }
    assert (found["net_if"], found["wifi_ssid"], found["wifi_rssi_dbm"]) == ("wlan0", "the building's", -67)
    assert (found["os"], found["ip"]) == ("Debian GNU/Linux 13 (trixie)", "192.168.1.23")
    assert (found["write_ok"], found["root_ro"], found["undervolt_now"]) == (True, False, False)
    assert found["touch_present"] is True


def test_the_model_has_no_zero_at_its_end(tree: Path) -> None:
    assert body_of(tree).model() == "Raspberry Pi 4 Model B Rev 1.5"


@pytest.mark.parametrize(("said", "throttled"), [("throttled=0x50000", False), ("throttled=0x4", True), ("", None)])
def test_only_what_is_throttled_now_counts(tree: Path, said: str, throttled: bool | None) -> None:
    assert body_of(tree, vcgencmd=said).readings().get("throttled") == throttled


def test_under_voltage_is_remembered_until_the_next_boot(tree: Path) -> None:
    alarm = tree / "sys/class/hwmon/hwmon1/in0_lcrit_alarm"
    alarm.write_text("1\n")
    assert body_of(tree).readings()["undervolt_latched"]
    alarm.write_text("0\n")
    after_restart = body_of(tree).readings()
    assert (after_restart["undervolt_now"], after_restart["undervolt_latched"]) == (False, True)
    (tree / "proc/sys/kernel/random/boot_id").write_text("another\n")
    assert body_of(tree).readings()["undervolt_latched"] is False


def test_a_card_that_takes_nothing_is_told(tree: Path) -> None:
    body = body_of(tree)
    body.data = tree / "gone"
    assert body.readings()["write_ok"] is False


def test_what_a_machine_lacks_is_left_out(tmp_path: Path) -> None:
    found = body_of(tmp_path, vcgencmd="", ip="").readings()
    assert not {
        "temp_c",
        "undervolt_now",
        "throttled",
        "wifi_ssid",
        "ext4_errors",
        "ip",
        "boot_id",
        "touch_present",
    } & set(found)


def test_the_clock_is_known_when_it_was_set_or_has_a_battery(tree: Path) -> None:
    body = body_of(tree)
    assert not body.clock_known()
    (tree / "sys/class/rtc/rtc0").mkdir(parents=True)
    assert body.clock_known()
    assert body.readings()["clock_synced"] is False
