"""The inventory of a fleet: a TOML file that says which machine is where and what it shows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.errors import UsageError
from kiosk.terminal import wellformed

RINGS = ("one", "floor", "all")
DISPLAYS = ("door", "doors", "lobby", "floor")
WHEEL = re.compile(r"room_kiosk-([^-]+)-py3-none-any\.whl")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
TEXTS = ("address", "user", "key", "display", "slug", "ring", "output", "rotate", "hours", "dark")
MORE_TEXTS = ("light_pins", "motion_pin", "credentials")
TABLES, NUMBERS = ("settings", "room"), ("port", "within")
AS_GIVEN = ("output", "rotate", "hours", "dark", "light_pins", "motion_pin", "within")
FLEET = ("server", "token_file", "known_hosts", "wheels", "user", "key", "parallel")


@dataclass(frozen=True)
class Entry:
    """A machine of the inventory: where it is, in which ring, and what the plan says of it."""

    name: str
    ring: str
    display: str
    slug: str
    plan: dict[str, Any]

    @property
    def follows(self) -> bool:
        """Tell whether it shows what a hub says, and is enrolled there."""
        return bool(self.plan["hub"] and self.plan["screen"])


@dataclass(frozen=True)
class Inventory:
    """A fleet; `server`: the hub that it follows, "" for machines that are their own servers."""

    server: str
    token_file: Path | None
    wheels: Path
    version: str
    parallel: int
    entries: tuple[Entry, ...] = field(default_factory=tuple)

    def rings(self, only: str, names: list[str]) -> list[tuple[str, list[Entry]]]:
        """Return the rings in their order with their machines, empty ones left out. Raises UsageError."""
        unknown = set(names) - {one.name for one in self.entries}
        if unknown:
            raise UsageError(f"The inventory has no machine {', '.join(sorted(unknown))}.")
        chosen = [one for one in self.entries if not names or one.name in names]
        found = [(ring, [one for one in chosen if one.ring == ring]) for ring in RINGS if only in ("", ring)]
        return [(ring, entries) for ring, entries in found if entries]


def read(file: Path) -> Inventory:
    """Read an inventory; paths in it are counted from its own folder. Raises UsageError with what is wrong."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}.") from error
    fleet = _table(given, "fleet", FLEET)
    _only(given, ("fleet", "settings", "machines"), "the inventory")
    wellformed.check("[fleet]", fleet)
    wellformed.check_settings("[settings]", given.get("settings", {}))
    folder = file.parent
    wheels = _path(folder, fleet.get("wheels", "wheelhouse"))
    machines = _table(given, "machines", ())
    if not machines:
        raise UsageError(f"{file} names no machine: [machines.NAME].")
    entries = tuple(_entry(name, one, given, folder) for name, one in machines.items())
    _check_addresses(entries)
    return Inventory(
        server=str(fleet.get("server", "")).rstrip("/"),
        token_file=_path(folder, fleet["token_file"]) if fleet.get("token_file") else None,
        wheels=wheels,
        version=_version(wheels),
        parallel=int(fleet.get("parallel", 20)),
        entries=entries,
    )


def _check_addresses(entries: Iterable[Entry]) -> None:
    """Raise UsageError where a line was copied: one machine would be set up as two by turns."""
    known: dict[tuple[str, int], str] = {}
    for one in entries:
        where = str(one.plan["ssh"]["ssh_hostname"]), int(one.plan["ssh"]["ssh_port"])
        if known.setdefault(where, one.name) != one.name:
            raise UsageError(f"{known[where]} and {one.name} have the same address {where[0]}.")


def _entry(name: str, given: Any, whole: dict[str, Any], folder: Path) -> Entry:
    where = f"machine {name}"
    if not NAME.fullmatch(name) or not isinstance(given, dict):
        raise UsageError(f"{where}: allowed: a table named in small letters, digits and hyphens.")
    _only(given, (*TEXTS, *MORE_TEXTS, *TABLES, *NUMBERS, "server_port", "screen", "packages", "hub"), where)
    wellformed.check(where, given)
    screen = given.get("screen", True)
    for needed in ("address", "display", "slug") if screen else ("address",):
        if not isinstance(given.get(needed), str) or not given[needed]:
            raise UsageError(f"{where} has no {needed}.")
    _one_of(where, "display", given.get("display", "door"), DISPLAYS)
    ring = _one_of(where, "ring", given.get("ring", "all"), RINGS)
    plan = _plan(given, whole, folder)
    wellformed.check_settings(where, plan["settings"])
    return Entry(name, ring, str(given.get("display", "")), str(given.get("slug", "")), plan)


def _plan(given: dict[str, Any], whole: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what the driver is told of a machine."""
    fleet = whole.get("fleet", {})
    told: dict[str, Any] = {name: given[name] for name in AS_GIVEN if name in given}
    told |= {"display": given.get("display", ""), "slug": given.get("slug", ""), "screen": given.get("screen", True)}
    told |= {"port": given.get("server_port", 8080), "hub": str(given.get("hub", fleet.get("server", ""))).rstrip("/")}
    told |= {"packages": given["packages"]} if "packages" in given else {}
    if given.get("credentials"):
        told["credentials"] = str(_file(folder, given["credentials"]))
    settings = {**whole.get("settings", {}), **given.get("settings", {})}
    told["settings"] = {name: str(value) for name, value in settings.items()}
    told["room"] = {name: str(value) for name, value in given.get("room", {}).items()}
    return told | {"ssh": _ssh(given, fleet, folder)}


def _ssh(given: dict[str, Any], fleet: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return how pyinfra reaches a machine; an unknown or another host key than the known one is refused."""
    ssh = {
        "ssh_hostname": given["address"],
        "ssh_port": int(given.get("port", 22)),
        "ssh_user": given.get("user", fleet.get("user", "pi")),
        "ssh_known_hosts_file": str(_file(folder, fleet.get("known_hosts", "known_hosts"))),
    }
    key = given.get("key", fleet.get("key", ""))
    return ssh | ({"ssh_key": str(_file(folder, key))} if key else {})


def _version(wheels: Path) -> str:
    """Return which release the folder of wheels holds. Raises UsageError unless it holds one."""
    found = [match[1] for path in sorted(wheels.glob("*.whl")) if (match := WHEEL.fullmatch(path.name))]
    if len(found) != 1:
        said = f"holds {len(found)} wheels of the product" if wheels.is_dir() else "does not exist"
        raise UsageError(f"The folder of wheels {wheels} {said}: make it with deploy/raspberrypi/make-wheelhouse.")
    return found[0]


def _table(given: dict[str, Any], name: str, known: tuple[str, ...]) -> dict[str, Any]:
    found = given.get(name, {})
    if not isinstance(found, dict):
        raise UsageError(f"{name} is to be a table: [{name}].")
    if known:
        _only(found, known, f"[{name}]")
    return found


def _only(given: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise UsageError(f"{where} has {', '.join(unknown)}: allowed: {', '.join(sorted(known))}.")


def _one_of(where: str, name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise UsageError(f"{where} has the {name} {value!r}: allowed: {', '.join(allowed)}.")
    return str(value)


def _path(folder: Path, name: str) -> Path:
    return folder / Path(name).expanduser()


def _file(folder: Path, name: str) -> Path:
    found = _path(folder, name)
    if not found.is_file():
        raise UsageError(f"There is no file {found}, which the inventory names.")
    return found.resolve()
