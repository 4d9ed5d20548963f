"""Everything about the fleet that a server has: built here, so that `app` need not know its parts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from flask import Flask, request

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.fleet.courier import Courier, Pages, Shelf
from kiosk.fleet.roster import Roster
from kiosk.live.lines import Lines, Machine, channel
from kiosk.live.pulse import Publish
from kiosk.store import errands
from kiosk.store.database import Store
from kiosk.store.errands import Errand
from kiosk.web import device, devices, pairing
from kiosk.web.access import Gate
from kiosk.web.asking import Asking
from kiosk.web.device import Machines
from kiosk.web.devices import Devices
from kiosk.web.pairing import Pairings


@dataclass(frozen=True, slots=True)
class Fleet:
    """The roster of machines, who brings them errands, and their open pages."""

    roster: Roster
    courier: Courier
    lines: Lines
    machine: Machine

    def start(self) -> None:
        """Start the loops."""
        self.roster.start()
        self.courier.start()


def build(store: Store, gate: Gate, publish: Publish, now: clock.Clock, roster: Roster, shelf: Shelf) -> Fleet:
    """Return the fleet of a server that tells pages things through `publish`."""
    lines = Lines()
    courier = Courier(store, now, Pages(lines.has, partial(_tell_pages, publish)), shelf)
    machine = Machine(partial(_asking, gate), partial(_is_there, roster), partial(_answered, store, now))
    return Fleet(roster, courier, lines, machine)


def install(app: Flask, fleet: Fleet, gate: Gate, asking: Asking, public_url: str) -> None:
    """Add what machines, and whoever looks after them, ask."""
    store, now = gate.store, gate.clock
    device.install(app, Machines(store, gate, now, fleet.roster, fleet.courier))
    devices.install(app, Devices(store, gate, asking, now, fleet.roster))
    pairing.install(app, Pairings(store, now, public_url))


def _asking(gate: Gate) -> int:
    found = gate.device()
    return found.id if found else 0


def _is_there(roster: Roster, number: int) -> None:
    roster.heard(number, None, request.remote_addr or "")


def _answered(store: Store, now: clock.Clock, number: int, errand: int, done: bool) -> None:
    with suppress(UsageError):
        store.write(errands.answer, number, errand, done, "", now())


def _tell_pages(publish: Publish, number: int, one: Errand) -> None:
    publish(channel(number), "errand", {"id": one.id, "act": one.act})
