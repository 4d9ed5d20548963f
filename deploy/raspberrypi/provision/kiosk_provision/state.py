"""The state of one machine, as pyinfra's operations: what is so already is left alone."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

from pyinfra.operations import apt, files, server, systemd

from kiosk_provision import machine as machines
from kiosk_provision.asking import ask, ask_list
from kiosk_provision.health import SERIAL, STATUS
from kiosk_provision.machine import DAEMON, MANAGER, Laid, Machine
from kiosk_provision.release import RELEASES, Release, lay_release

TOKEN = "/etc/kiosk/device.token"
# 32 bytes in the letters that addresses allow; made here, and read by nobody but root.
MAKE_TOKEN = (
    f"umask 077; head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\\n' > {TOKEN}.new && mv {TOKEN}.new {TOKEN}"
)

# A machine need not have each of them: without NetworkManager there is nothing of it to start.
ANEW = (
    "for unit in {}; do ! systemctl cat $unit >/dev/null 2>&1 || systemctl try-reload-or-restart $unit || exit 1; done"
)


def lay(machine: Machine, home: Path, release: Release) -> None:
    """Bring everything into place but the switch to the release."""
    _know_oneself()
    _install(machine)
    _users(machine)
    _folders()
    changed = _files(machine, home) | _token()
    lay_release(release)
    _local(machine, release)
    _wake(machine, changed)


def activate(machine: Machine, release: Release) -> None:
    """Switch to the release; the machine goes back by itself when it is not well."""
    _enable(machine)
    if ask("readlink /opt/kiosk/current") != f"releases/{release.version}":
        server.shell(name=f"activate {release.version}", commands=[_release(machine, f"activate {release.version}")])
    _start(machine)


def rollback(machine: Machine) -> None:
    """Switch to the release before."""
    server.shell(name="roll back", commands=[_release(machine, "rollback")])


def _release(machine: Machine, words: str) -> str:
    return f"/usr/local/sbin/kiosk-release {words} --port {machine.port} --within {machine.within}"


def _know_oneself() -> None:
    """A name that is missing in /etc/hosts makes every sudo wait for the network: it comes first."""
    name = ask("hostname")
    files.line(name="own name in /etc/hosts", path="/etc/hosts", line=r"^127\.0\.1\.1\s.*", replace=f"127.0.1.1 {name}")


def _install(machine: Machine) -> None:
    wanted = [*machine.packages, *(machines.PIN_PACKAGES if machine.pins else ())]
    there = ask_list("dpkg-query -W -f '${db:Status-Status} ${Package}\\n' 2>/dev/null | sed -n 's/^installed //p'")
    missing = sorted(set(wanted) - set(there))
    if missing:
        apt.packages(name=f"packages: {' '.join(missing)}", packages=missing, update=True, no_recommends=True)


def _users(machine: Machine) -> None:
    for user in ("kiosk", "kiosk-display") if machine.screen else ("kiosk",):
        server.group(name=f"group {user}", group=user, system=True)
        home = f"/var/lib/{user}"
        server.user(
            name=f"user {user}",
            user=user,
            group=user,
            home=home,
            shell="/usr/sbin/nologin",
            system=True,
            ensure_home=False,
            create_home=False,
        )


def _folders() -> None:
    for path in ("/etc/kiosk", "/opt/kiosk", "/opt/kiosk/releases"):
        files.directory(name=f"folder {path}", path=path, user="root", group="root", mode="755")


def _files(machine: Machine, home: Path) -> set[str]:
    """Lay every file and return what has to start anew."""
    woken: set[str] = set()
    for one in machines.files(machine, home):
        if _put(one):
            woken |= set(one.wakes)
    return woken


def _put(one: Laid) -> bool:
    laid = files.put(
        name=one.path,
        src=io.BytesIO(one.content),
        dest=one.path,
        user="root",
        group=one.group,
        mode=one.mode,
    )
    return bool(laid.will_change)


def _token() -> set[str]:
    """Have the machine make its token, another one when the last is revoked, and return what must read it anew."""
    if ask(f"test -s {TOKEN} && ! grep -q '\"revoked\": true' {STATUS} 2>/dev/null && echo good"):
        return set()
    server.shell(name="make this device's token", commands=[MAKE_TOKEN])
    return {machines.SERVER, machines.DISPLAY}


def _wake(machine: Machine, changed: set[str]) -> None:
    """Start anew what a changed file concerns; server and display only where they run already."""
    if MANAGER in changed:
        server.shell(name="systemd reads its settings", commands=["systemctl daemon-reexec"])
    elif DAEMON in changed:
        systemd.daemon_reload(name="systemd reads its units")
    _disable_login(machine)
    units = sorted(changed - {DAEMON, MANAGER})
    if units:
        server.shell(name=f"start anew: {' '.join(units)}", commands=[ANEW.format(" ".join(units))])


def _disable_login(machine: Machine) -> None:
    """Not stopped, which would blank the console of whoever stands before it: the display's unit takes its place."""
    if machine.screen and ask("systemctl is-enabled getty@tty1.service 2>/dev/null") == "enabled":
        server.shell(name="no login on the screen", commands=["systemctl disable getty@tty1.service"])


def _enable(machine: Machine) -> None:
    """Have the units start with the machine."""
    units = " ".join(machine.units)
    if ask_list(f"systemctl is-enabled {units} 2>/dev/null") != ["enabled"] * len(machine.units):
        server.shell(name="enable the units", commands=[f"systemctl enable -q {units}"])


def _start(machine: Machine) -> None:
    """Have what lasts run from now on."""
    units = [unit for unit in machine.units if unit != machines.SETTLE]
    active = ask_list(f"systemctl is-active {' '.join(units)} 2>/dev/null")
    if active != ["active"] * len(units):
        server.shell(name="start the units", commands=[f"systemctl start {' '.join(units)}"])


def _local(machine: Machine, release: Release) -> None:
    """A machine that is its own server learns its room and itself from here; behind a hub the hub knows both."""
    if machine.hub or not machine.screen:
        return
    # What is well already asks; a release that is new here may not even start.
    venv = "/opt/kiosk/current/venv" if ask("readlink /opt/kiosk/current") else f"{RELEASES}/{release.version}/venv"
    kiosk = f"cd /var/lib/kiosk && runuser -u kiosk -- env KIOSK_CONFIG=/etc/kiosk/kiosk.env {venv}/bin/kiosk"
    here = "install -d -m 700 -o kiosk -g kiosk /var/lib/kiosk"
    if machine.room and not _known(f"{kiosk} rooms list --json", "slug", machine.room["slug"]):
        more = [word for name, value in machine.room.items() if name != "name" for word in (f"--{name}", value)]
        add = shlex.join(["rooms", "add", machine.room["name"], *more])
        server.shell(name=f"add the room {machine.room['slug']}", commands=[f"{here} && {kiosk} {add}"])
    if not _known(f"{kiosk} devices list --json", "shows", f"/{machine.display}/{machine.slug}"):
        words = shlex.join(["devices", "enrol", machine.name, machine.display, machine.slug])
        words += f' --serial "$({SERIAL})"'
        hashed = f"$(tr -d '\\n' < {TOKEN} | sha256sum | cut -d ' ' -f 1)"
        server.shell(name="enrol at its own server", commands=[f'{here} && {kiosk} {words} "{hashed}"'])


def _known(command: str, key: str, value: str) -> bool:
    """Say whether a list that the product prints as JSON has such a row; none while it is not installed."""
    try:
        rows = json.loads(ask(f"({command}) 2>/dev/null") or "[]")
    except ValueError:
        return False
    return any(row.get(key) == value and row.get("state") != "revoked" for row in rows)
