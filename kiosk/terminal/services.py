"""What the command line does to services: the catalogue of each building, and what was asked for."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import timedelta

from kiosk import clock
from kiosk.settings import Settings
from kiosk.store import orders, services
from kiosk.terminal.tables import open_parts, record, show

COLUMNS = ("id", "building", "name", "lead_minutes", "active", "detail")
REQUEST_COLUMNS = ("id", "start", "room", "quantity", "service", "state", "by", "note")
AHEAD = timedelta(days=60)


def list_services(settings: Settings, options: argparse.Namespace) -> None:
    """Print what every building offers."""
    with open_parts(settings).store.read() as db:
        known = services.every(db)
    nothing = "Nothing is offered yet: `kiosk services add BUILDING NAME`."
    show([asdict(one) for one in known], COLUMNS, options.json, nothing)


def add_service(settings: Settings, options: argparse.Namespace) -> None:
    """Let a building offer something."""
    store = open_parts(settings).store
    made = store.write(services.add, options.building, options.name, options.detail, options.lead)
    record(store, "add_service", service=made.name, building=made.building)
    print(f"Service {made.id}, {made.name}, is offered in {made.building or 'rooms without a building'}.")


def edit_service(settings: Settings, options: argparse.Namespace) -> None:
    """Change what a building offers, or offer it no longer."""
    store = open_parts(settings).store
    with store.read() as db:
        one = services.find(db, options.number)
    name = one.name if options.name is None else options.name
    detail = one.detail if options.detail is None else options.detail
    lead = one.lead_minutes if options.lead is None else options.lead
    active = one.active if options.offer is None else options.offer == "on"
    done = store.write(services.change, one.id, one.building, name, detail, lead, active)
    record(store, "edit_service", service=done.name, building=done.building, active=int(done.active))
    print(f"{done.name} is saved." if done.active else f"{done.name} is offered no longer.")


def list_requests(settings: Settings, options: argparse.Namespace) -> None:
    """Print what was asked for with bookings of the coming days."""
    now = clock.now()
    with open_parts(settings).store.read() as db:
        found = orders.between(db, now - timedelta(hours=12), now + AHEAD)
    rows: list[dict[str, str | int]] = [
        {
            "id": one.id,
            "start": clock.iso(one.start),
            "room": stored.room.slug,
            "quantity": one.quantity,
            "service": one.service.name,
            "state": one.state,
            "by": one.by,
            "note": one.note,
        }
        for one, stored in found
    ]
    nothing = "Nothing is asked for with a booking of today or the coming 60 days."
    show(rows, REQUEST_COLUMNS, options.json, nothing)


def answer_request(settings: Settings, options: argparse.Namespace) -> None:
    """Accept, decline or finish what was asked for; whoever asked is told by mail."""
    store = open_parts(settings).store
    done = store.write(orders.answer, options.number, options.state, options.answer, "console", clock.now())
    print(f"{done.quantity} × {done.service.name}: {done.state}.")
