"""A server with nothing to do looks at nothing: its loops read the database only after something was committed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk import app, assembly, clock, settings
from kiosk.app import Server
from kiosk.measures import Measures
from kiosk.schedule.model import Room
from kiosk.store import facts, rooms

BEGIN = datetime(2026, 8, 10, 10, 0, tzinfo=UTC)


class Ticking:
    """A clock that goes on by three seconds with each reading, within one day."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> datetime:
        self.readings += 1
        return BEGIN + timedelta(seconds=3 * self.readings)


def steps(server: Server) -> tuple[Callable[[], object], ...]:
    """Return what the loops do again and again that must come soon after a change."""
    return (
        lambda: server.mirror.step(asking=False),
        server.desk.step,
        server.notifier.step,
        server.herald.step,
        server.pulse.step,
        server.fleet.courier.step,
        server.tickets.look,
        server.listeners.step,
    )


def read(measures: Measures) -> int:
    return sum(measures.database["read"].counts)


def test_loops_of_an_idle_server_read_nothing(tmp_path: Path) -> None:
    measures = Measures()
    given = {"secrets": str(tmp_path), "database_url": f"sqlite:///{tmp_path / 'kiosk.db'}", "open_displays": "1"}
    parts = assembly.open_parts(settings.load({}, async_mode="threading", **given), measures=measures)
    parts.store.write(rooms.add, Room("oak", "Oak", clock.zone("Europe/Berlin")))
    server = app.build(parts, Ticking())
    for _ in range(3):
        for step in steps(server):
            step()
    before = read(measures)
    for _ in range(20):
        for step in steps(server):
            step()
    assert read(measures) == before
    parts.store.write(facts.write, "word", "said")
    for step in steps(server):
        step()
    assert read(measures) > before
    parts.close()
