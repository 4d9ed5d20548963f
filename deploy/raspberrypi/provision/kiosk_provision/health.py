"""What a machine says of itself: who it is, and whether it is well."""

from __future__ import annotations

import base64
import json
from typing import Any

from kiosk_provision.asking import ask, ask_list
from kiosk_provision.machine import Machine

QUESTION = (
    "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:{port}/healthz\", timeout=5).status)'"
)
TAKE_PICTURE = """
import pathlib, socket, sys, time
kept = pathlib.Path("/run/kiosk-display/picture.jpg")
kept.unlink(missing_ok=True)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"picture", "/run/kiosk-display/motion")
for _ in range(100):
    if kept.exists(): sys.stdout.buffer.write(kept.read_bytes()); break
    time.sleep(0.1)
kept.unlink(missing_ok=True)
"""
# A board's own number; what is no Raspberry Pi is known by the number that its system has made.
SERIAL = "cat /proc/device-tree/serial-number /etc/machine-id 2>/dev/null | tr '\\0' '\\n' | head -n 1"
GOOD_PAGE = "live"
STATUS = "/run/kiosk-display/status.json"
# A display that has just started shows its page a moment later.
STATUS_SOON = f'for i in $(seq 60); do grep -qE \'"page": "live"\' {STATUS} 2>/dev/null && break; sleep 0.5; done'


def identity() -> dict[str, str]:
    """Return what the machine is enrolled with; of its token only the hash leaves it."""
    return {
        "token_sha256": ask(
            "test -s /etc/kiosk/device.token && tr -d '\\n' < /etc/kiosk/device.token | sha256sum | cut -d ' ' -f 1"
        ),
        "serial": ask(SERIAL),
        "model": ask("tr -d '\\0' < /proc/device-tree/model 2>/dev/null"),
        "host_key": ask("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d ' ' -f 2"),
    }


def look(machine: Machine) -> dict[str, Any]:
    """Return version, page and boot of a machine, and a sentence for each thing that is not well."""
    version = ask("readlink /opt/kiosk/current").rpartition("/")[2]
    status = _status() if machine.screen else {}
    return {
        "version": version,
        "page": status.get("page", ""),
        "boot_id": ask("cat /proc/sys/kernel/random/boot_id"),
        "trouble": [*_units(machine), *_server(machine), *_page(machine, status), *_rights()],
    }


def picture() -> bytes:
    """Return what is on the glass, as JPEG; nothing when there is no picture."""
    return base64.b64decode(ask(f"python3 -c '{TAKE_PICTURE}' | base64"))


def _status() -> dict[str, Any]:
    try:
        found = json.loads(ask(f"{STATUS_SOON}; cat {STATUS}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _units(machine: Machine) -> list[str]:
    failed = ask_list("systemctl list-units --state=failed --plain --no-legend | cut -d ' ' -f 1")
    wanted = [unit for unit in machine.units if unit != "kiosk-release-settle.service"]
    states = ask_list(f"systemctl is-active {' '.join(wanted)}")
    idle = [f"{unit} is {state}" for unit, state in zip(wanted, states, strict=False) if state != "active"]
    return [*(f"{unit} failed" for unit in failed), *idle]


def _server(machine: Machine) -> list[str]:
    question = QUESTION.format(port=machine.port)
    return [] if ask(f"{question} 2>/dev/null") == "200" else ["the server does not answer"]


def _page(machine: Machine, status: dict[str, Any]) -> list[str]:
    if not machine.screen:
        return []
    if status.get("revoked"):
        return ["its token is revoked: the screen shows a pairing code"]
    if status.get("page") != GOOD_PAGE:
        return [f"the page is {status.get('page') or 'not there'}"]
    return []


def _rights() -> list[str]:
    found = ask("stat -c '%a %U' /etc/kiosk/device.token")
    return [] if found == "600 root" else [f"/etc/kiosk/device.token is {found or 'missing'}, not 600 root"]
