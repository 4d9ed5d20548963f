"""One machine of the inventory, as the plan describes it, and the files that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGES = (
    "python3-venv",
    "labwc",
    "seatd",
    "chromium",
    "wlr-randr",
    "wlopm",
    "fonts-noto-core",
    "unattended-upgrades",
)
PIN_PACKAGES = ("python3-gpiozero", "python3-lgpio")
SETTLE = "kiosk-release-settle.service"
UNITS = ("kiosk-server.service", "kiosk-display.service", SETTLE)
WISHES = ("reboot", "backlight", "logs", "token")
PATHS = tuple(f"kiosk-privileged@{wish}.path" for wish in WISHES)

# What a changed file makes start anew.
SERVER, DISPLAY, DAEMON = "kiosk-server", "kiosk-display", "daemon-reload"
JOURNAL, SSH, LOGIND, NETWORK, MANAGER = "systemd-journald", "ssh", "systemd-logind", "NetworkManager", "daemon-reexec"


@dataclass(frozen=True)
class Laid:
    """A file as it must lie on the machine; `wakes`: what is started anew when it changes."""

    path: str
    content: bytes
    mode: str = "644"
    group: str = "root"
    wakes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """A machine of the plan. `settings` goes to the server, `ssh` to the connection; paths are this computer's."""

    name: str
    display: str
    slug: str
    ssh: dict[str, Any]
    settings: dict[str, str] = field(default_factory=dict)
    room: dict[str, str] = field(default_factory=dict)
    credentials: str = ""
    hub: str = ""
    port: int = 8080
    output: str = ""
    rotate: str = "normal"
    hours: str = ""
    dark: str = "dim"
    light_pins: str = ""
    motion_pin: str = ""
    screen: bool = True
    packages: tuple[str, ...] = PACKAGES
    within: int = 60

    @property
    def pins(self) -> bool:
        """Say whether a light or a sensor hangs on this machine's pins."""
        return bool(self.light_pins or self.motion_pin)

    @property
    def units(self) -> list[str]:
        """Return the units that start with this machine."""
        wanted = {"kiosk-display.service": self.screen}
        fixed = [unit for unit in UNITS if wanted.get(unit, True)]
        more = {"kiosk-light.service": self.light_pins, "kiosk-motion.service": self.motion_pin}
        return [*fixed, *(PATHS if self.screen else ()), *(unit for unit, pins in more.items() if pins)]


def read(name: str, given: dict[str, Any]) -> Machine:
    """Build a machine from the plan."""
    known: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return Machine(name=name, **known)


def files(machine: Machine, home: Path) -> list[Laid]:
    """Return every file of a machine; `home` is this folder's parent, deploy/raspberrypi."""
    return [
        *_system(home),
        *_units(machine, home),
        *_programs(machine, home),
        *_server(machine),
        *_screen(machine, home),
    ]


def _system(home: Path) -> list[Laid]:
    places = {
        "journald": ("/etc/systemd/journald.conf.d/kiosk.conf", JOURNAL),
        "watchdog": ("/etc/systemd/system.conf.d/kiosk.conf", MANAGER),
        "logind": ("/etc/systemd/logind.conf.d/kiosk.conf", LOGIND),
        "networkmanager": ("/etc/NetworkManager/conf.d/kiosk.conf", NETWORK),
        "unattended-upgrades": ("/etc/apt/apt.conf.d/52kiosk", ""),
        "sshd": ("/etc/ssh/sshd_config.d/kiosk.conf", SSH),
    }
    return [
        Laid(path, (home / "system" / f"{name}.conf").read_bytes(), wakes=(wakes,) if wakes else ())
        for name, (path, wakes) in places.items()
    ]


def _units(machine: Machine, home: Path) -> list[Laid]:
    names = [unit for unit in machine.units if "@" not in unit]
    names += ["kiosk-privileged@.path", "kiosk-privileged@.service"] if machine.screen else []
    wakes = {"kiosk-server.service": (SERVER,), "kiosk-display.service": (DISPLAY,)}
    return [
        Laid(f"/etc/systemd/system/{name}", (home / "units" / name).read_bytes(), wakes=(DAEMON, *wakes.get(name, ())))
        for name in names
    ]


def _programs(machine: Machine, home: Path) -> list[Laid]:
    release = (home / "machine" / "kiosk_release.py").read_bytes()
    helper = (home / "machine" / "kiosk_privileged.py").read_bytes()
    found = [Laid("/usr/local/sbin/kiosk-release", release, "755")]
    found += [Laid("/usr/local/sbin/kiosk-privileged", helper, "755")] if machine.screen else []
    for kind, pins in (("light", machine.light_pins), ("motion", machine.motion_pin)):
        if pins:
            program = (home / "machine" / f"kiosk_{kind}.py").read_bytes()
            found.append(Laid(f"/usr/local/lib/kiosk/kiosk_{kind}.py", program, wakes=(f"kiosk-{kind}",)))
    return found


def _server(machine: Machine) -> list[Laid]:
    settings = {
        "KIOSK_DATABASE_URL": "sqlite:////var/lib/kiosk/kiosk.db",
        "KIOSK_SECRETS": "/var/lib/kiosk/secrets",
        "KIOSK_PORT": str(machine.port),
    }
    settings |= {"KIOSK_GOOGLE_CREDENTIALS": "/etc/kiosk/google.json"} if machine.credentials else {}
    settings |= _following(machine) | machine.settings
    found = [Laid("/etc/kiosk/kiosk.env", _lines(settings), "640", "kiosk", (SERVER,))]
    if machine.credentials:
        secret = Path(machine.credentials).read_bytes()
        found.append(Laid("/etc/kiosk/google.json", secret, "640", "kiosk", (SERVER,)))
    return found


def _following(machine: Machine) -> dict[str, str]:
    token = "/run/credentials/kiosk-server.service/device.token"
    return {"KIOSK_HUB_URL": machine.hub, "KIOSK_DEVICE_TOKEN_FILE": token} if machine.hub else {}


def _screen(machine: Machine, home: Path) -> list[Laid]:
    if not machine.screen:
        return []
    said = {
        "SCREEN_URL": f"http://localhost:{machine.port}/",
        "SCREEN_OUTPUT": machine.output,
        "SCREEN_ROTATE": machine.rotate,
        "SCREEN_HOURS": machine.hours,
        "SCREEN_DARK": machine.dark,
    }
    rules = (home / "labwc" / "rc.xml").read_text(encoding="utf-8")
    touch = f'  <touch mapToOutput="{machine.output}" />\n' if machine.output else ""
    policy = (home / "chromium-policy.json").read_bytes()
    pins = {"LIGHT_PINS": machine.light_pins, "MOTION_PIN": machine.motion_pin}
    found = [
        Laid(
            "/etc/kiosk/display.env", _lines({key: f'"{text}"' for key, text in said.items() if text}), wakes=(DISPLAY,)
        ),
        Laid(
            "/etc/kiosk/labwc/rc.xml",
            rules.replace("</labwc_config>", f"{touch}</labwc_config>").encode(),
            wakes=(DISPLAY,),
        ),
        Laid("/etc/kiosk/labwc/menu.xml", (home / "labwc" / "menu.xml").read_bytes(), wakes=(DISPLAY,)),
        Laid("/etc/chromium/policies/managed/kiosk.json", policy, wakes=(DISPLAY,)),
    ]
    given = {name: text for name, text in pins.items() if text}
    woken = tuple(f"kiosk-{name.split('_')[0].lower()}" for name in given)
    return [*found, Laid("/etc/kiosk/gpio.env", _lines(given), wakes=woken)] if given else found


def _lines(values: dict[str, str]) -> bytes:
    return "".join(f"{name}={value}\n" for name, value in values.items()).encode()
