"""What the command line does to the plans of floors."""

from __future__ import annotations

import argparse
from pathlib import Path

from kiosk.errors import UsageError
from kiosk.settings import Settings
from kiosk.store import drawings, outlines, plans
from kiosk.terminal.tables import open_parts, record, show

COLUMNS = ("slug", "name", "building", "floor", "kind", "rooms")


def list_plans(settings: Settings, options: argparse.Namespace) -> None:
    """Print the plans."""
    with open_parts(settings).store.read() as db:
        known = [(plan, len(plans.places(db, plan))) for plan in plans.every(db)]
    rows: list[dict[str, str | int]] = [
        {
            "slug": plan.slug,
            "name": plan.name,
            "building": plan.building,
            "floor": plan.floor,
            "kind": plan.kind,
            "rooms": count,
        }
        for plan, count in known
    ]
    show(rows, COLUMNS, options.json, "No plans yet: `kiosk plans add FILE NAME`.")


def add_plan(settings: Settings, options: argparse.Namespace) -> None:
    """Add a plan, with the rooms that its shapes are called as."""
    drawing = drawings.read(_read(options.file))
    store = open_parts(settings).store
    plan = store.write(plans.add, options.name, options.building, options.floor, drawing)
    parts = outlines.parts(drawing.content) if drawing.kind == "svg" else ()
    count = store.write(plans.put_called, plan.slug, parts)
    record(store, "add_plan", plan=plan.slug)
    if drawing.left_out:
        print(f"Left out, since screens show shapes and text only: {drawing.left_out}.")
    print(f"The plan {plan.slug} is at /floor/{plan.slug}; {count} rooms are on it.")


def remove_plan(settings: Settings, options: argparse.Namespace) -> None:
    """Delete a plan."""
    store = open_parts(settings).store
    plan = store.write(plans.remove, options.plan)
    record(store, "remove_plan", plan=plan.slug)
    print(f"The plan {plan.slug} is deleted. Its rooms stay.")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from error
