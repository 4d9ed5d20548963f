"""Bringing a fleet into its state, ring by ring; the work is done by a program of its own, which has pyinfra."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.errors import KioskError, UsageError
from kiosk.resources import resource
from kiosk.settings import Settings
from kiosk.terminal import inventory
from kiosk.terminal.inventory import Entry, Inventory

UNREACHABLE, FAILED = 3, 4
WAIT_SECONDS = 20
NO_PYINFRA = (
    "Provisioning needs pyinfra: install room-kiosk[provision] into an environment of its own, and start "
    "`kiosk` from there, or name that environment's Python with --python."
)

Event = dict[str, Any]
Say = Callable[[str], None]


@dataclass
class Outcome:
    """How a run went, by machine: a sentence for each that could not be reached, or is not well."""

    unreachable: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    changed: int = 0

    @property
    def status(self) -> int:
        """Return the exit status: 0 all well, 3 some could not be reached, 4 some are not well."""
        return FAILED if self.failed else UNREACHABLE if self.unreachable else 0

    def left(self, entries: list[Entry]) -> list[Entry]:
        """Return the machines with which nothing went wrong so far."""
        return [one for one in entries if one.name not in self.unreachable and one.name not in self.failed]


@dataclass
class Run:
    """One command over some machines."""

    fleet: Inventory
    python: str
    say: Say
    pictures: str = ""
    outcome: Outcome = field(default_factory=Outcome)
    identities: dict[str, Event] = field(default_factory=dict)

    def plan(self, entries: list[Entry]) -> None:
        """Say what would change."""
        self._drive("plan", entries)

    def apply(self, entries: list[Entry]) -> None:
        """Lay everything, enrol, switch to the release, and look whether each machine is well."""
        self._drive("lay", entries)
        self._enrol(self.outcome.left(entries))
        self._drive("activate", self.outcome.left(entries))
        self.verify(self.outcome.left(entries))

    def verify(self, entries: list[Entry]) -> None:
        """Say how each machine is; one that is not well counts as failed."""
        self._drive("verify", entries)

    def rollback(self, entries: list[Entry]) -> None:
        """Switch to the release before, and look whether each machine is well."""
        self._drive("rollback", entries)
        self.verify(self.outcome.left(entries))

    def _drive(self, act: str, entries: list[Entry]) -> None:
        if not entries:
            return
        for event in _driver(self.python, self._told(act, entries)):
            self._hear(event, act)

    def _told(self, act: str, entries: list[Entry]) -> Event:
        release = {"version": self.fleet.version, "wheels": str(self.fleet.wheels.resolve())}
        machines = {one.name: one.plan for one in entries}
        return {"act": act, "machines": machines, "release": release, "parallel": self.fleet.parallel} | (
            {"pictures": self.pictures} if self.pictures else {}
        )

    def _hear(self, event: Event, act: str) -> None:
        name, said = event["host"], str(event.get("said", ""))
        match event["event"]:
            case "unreachable":
                self.outcome.unreachable[name] = said
                self._line(name, f"unreachable: {said}")
            case "failed":
                self._fail(name, said)
            case "step":
                self._line(name, said)
            case "done":
                self._done(event, act)
            case "identity":
                self.identities[name] = event
            case "verified":
                self._verified(event)

    def _done(self, event: Event, act: str) -> None:
        self.outcome.changed += event["changed"]
        for one in event["names"]:
            self._line(event["host"], f"would change: {one}")
        what = "to change" if act == "plan" else "changed"
        self._line(event["host"], f"{act}: {event['changed']} of {event['of']} {what}")

    def _verified(self, event: Event) -> None:
        name = event["host"]
        trouble = list(event["trouble"])
        if trouble:
            self._fail(name, "; ".join(trouble))
        else:
            self._line(name, f"well: {event['version']}" + (f", page {event['page']}" if event["page"] else ""))

    def _enrol(self, entries: list[Entry]) -> None:
        """Let the server know the machines that follow it, by the hash of the token that each has made."""
        followers = [one for one in entries if one.follows]
        self._drive("identity", followers)
        for one in self.outcome.left(followers):
            try:
                self._line(one.name, self._enrol_one(one))
            except KioskError as error:
                self._fail(one.name, str(error))

    def _enrol_one(self, one: Entry) -> str:
        identity = self.identities[one.name]
        said = {name: identity.get(name, "") for name in ("token_sha256", "serial", "model", "host_key")}
        body = {"name": one.name, "display": one.display, "slug": one.slug, **said}
        is_new, device = _post(one.plan["hub"], _token(self.fleet), body)
        self.outcome.changed += is_new
        return f"{'enrolled' if is_new else 'still'} device {device.get('id')}, shows /{one.display}/{one.slug}"

    def _fail(self, name: str, said: str) -> None:
        self.outcome.failed[name] = said
        self._line(name, f"failed: {said}")

    def _line(self, name: str, said: str) -> None:
        first, *rest = said.splitlines() or [""]
        self.say("\n".join([f"  {name:20} {first}", *(f"  {'':20}   {line}" for line in rest)]))


def provision(_settings: Settings, options: argparse.Namespace) -> int:
    """Run one act over the inventory, ring by ring; a ring that is not well ends it."""
    fleet = inventory.read(Path(options.inventory))
    run = Run(fleet, options.python or sys.executable, _print, _folder(options.pictures))
    rings = fleet.rings(options.ring, options.machine)
    _check_means(run, options.act, [one for _ring, entries in rings for one in entries])
    for place, (ring, entries) in enumerate(rings):
        _print(f"ring {ring}: {len(entries)} {'machine' if len(entries) == 1 else 'machines'}, release {fleet.version}")
        getattr(run, options.act)(entries)
        waiting = [name for name, _ in rings[place + 1 :]]
        if run.outcome.failed and waiting and options.act in ("apply", "rollback"):
            _print(f"not begun: ring {', '.join(waiting)}")
            break
    _print(_summary(run.outcome))
    return run.outcome.status


def _check_means(run: Run, act: str, entries: list[Entry]) -> None:
    """Raise UsageError for what would be missed only when machines have been changed."""
    if subprocess.run([run.python, "-c", "import pyinfra"], capture_output=True, check=False).returncode:
        raise UsageError(NO_PYINFRA)
    if act == "apply" and any(one.follows for one in entries):
        _token(run.fleet)


def _folder(name: str) -> str:
    """Make the folder of pictures and return it, "" for none."""
    if not name:
        return ""
    Path(name).mkdir(parents=True, exist_ok=True)
    return str(Path(name).resolve())


def _summary(outcome: Outcome) -> str:
    bad = [f"{len(outcome.failed)} not well", f"{len(outcome.unreachable)} unreachable"]
    return f"{outcome.changed} changes; " + ("all well" if not outcome.status else ", ".join(bad))


def _driver(python: str, plan: Event) -> Iterator[Event]:
    """Run the program that knows pyinfra and yield what happens, line by line. Raises KioskError."""
    home = resource("deploy/raspberrypi") / "provision"
    command = [python, "-W", "ignore", str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin:
            json.dump(plan, child.stdin)
        for line in child.stdout:
            if line.startswith("{"):
                yield json.loads(line)
    if child.returncode:
        raise KioskError(f"The program that provisions ended with {child.returncode}.")


def _token(fleet: Inventory) -> str:
    """Return the administrator's token. Raises UsageError when the inventory names no file of it."""
    if fleet.token_file is None:
        raise UsageError("Enrolling needs an access token: `token_file` in [fleet], made by `kiosk admin token`.")
    try:
        return fleet.token_file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"{fleet.token_file} cannot be read.") from error


def _post(server: str, token: str, body: Event) -> tuple[bool, Event]:
    """Enrol a device and say whether it is new. Raises KioskError with the server's words."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server}/api/v1/devices", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return answer.status == 201, dict(json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        raise KioskError(f"{server} does not enrol it: {_words(error)}") from error
    except (OSError, ValueError) as error:
        raise KioskError(f"{server} cannot be reached to enrol it ({error}).") from error


def _words(error: urllib.error.HTTPError) -> str:
    try:
        said = json.loads(error.read())
    except ValueError:
        said = {}
    return str(said.get("detail") or said.get("title") or error.code)


def _print(text: str) -> None:
    print(text, flush=True)
