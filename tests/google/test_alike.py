"""The source in memory, with which most tests play, does what the real adapter does against the stand-in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.server import Emulator
from kiosk.errors import SourceError
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.schedule.model import Event
from kiosk.source import CalendarSource, Draft, Window
from tests.fakes import FakeCalendars, StillClock
from tests.running import SERVICE_USER

ADA, BOB, NOBODY = "ada@kiosk.example", "bob@kiosk.example", "nobody@kiosk.example"
PEOPLE = [{"email": ADA, "name": ADA}, {"email": BOB, "name": BOB}]
ZONE = "Europe/Berlin"
START = datetime(2026, 8, 10, 8, tzinfo=UTC)
HALF = timedelta(minutes=30)


def facts(event: Event | None) -> tuple[object, ...]:
    """Return what both must agree on."""
    if event is None:
        return ()
    organizer = event.organizer.email if event.organizer else ""
    when = event.id, event.start, event.end, event.cancelled
    return *when, event.answer, organizer, event.organized_by_room, event.attendees


def tried(act: Callable[[], Event | None]) -> tuple[object, ...]:
    """Return what an act gives, or the error it ends with."""
    try:
        return facts(act())
    except SourceError as error:
        return type(error).__name__, error.reason


def draft(number: int, start: datetime, person: str) -> Draft:
    return Draft(f"rd{number:04}", "Planning", start, start + 2 * HALF, ZONE, person=person)


def play(source: CalendarSource, room: str) -> list[tuple[object, ...]]:
    """Book as people and as the room, move, answer and delete; return all that is told on the way."""
    told: list[tuple[object, ...]] = []

    def look(event_id: str, *people: str) -> None:
        told.extend(tried(lambda person=person: source.get(room, event_id, person)) for person in ("", *people))  # type: ignore[misc]

    first = source.insert(room, draft(1, START, ADA))
    told.append(facts(first))
    told.append(tried(lambda: source.insert(room, draft(1, START, ADA))))
    told.append(tried(lambda: source.insert(room, draft(2, START + HALF, BOB))))
    look("rd0002", BOB, ADA)
    told.append(tried(lambda: source.insert(room, draft(3, START, NOBODY))))
    told.append(tried(lambda: source.insert(room, draft(4, START + 4 * HALF, ""))))
    longer = source.reshape(room, first, START, START + 3 * HALF, ZONE, ADA)
    told.append(tried(lambda: source.reshape(room, first, START, START + HALF, ZONE, ADA)))
    look("rd0001", ADA)
    told.append(tried(lambda: source.reshape(room, longer, START, START + 5 * HALF, ZONE, ADA)))
    look("rd0001", ADA)
    for answer in ("accepted", "accepted", "declined"):
        told.append(tried(lambda answer=answer: source.answer(room, "rd0001", answer)))  # type: ignore[misc]
        look("rd0001", ADA)
    stale, known = longer.etag, source.get(room, "rd0001").etag
    told.append(tried(lambda: source.answer(room, "rd0001", "accepted", etag=stale)))
    told.append(tried(lambda: source.answer(room, "rd0001", "accepted", etag=known)))
    told.append(tried(lambda: source.answer(room, "rd0004", "declined")))
    told.append(tried(lambda: source.answer(room, "rd9999", "declined")))
    told.append(tried(lambda: source.delete(room, "rd0001", ADA)))
    told.append(tried(lambda: source.delete(room, "rd0001", ADA)))
    told.append(tried(lambda: source.reshape(room, longer, START, START + HALF, ZONE, ADA)))
    told.append(tried(lambda: source.answer(room, "rd0001", "declined")))
    source.delete(room, "rd0002")
    look("rd0002", BOB)
    return told


@pytest.mark.parametrize("accepts", [True, False])
def test_fake_and_google_tell_the_same(accepts: bool, still: StillClock, tmp_path: Path) -> None:
    world: dict[str, Any] = {
        "domain": "kiosk.example",
        "people": PEOPLE,
        "rooms": [{"name": "Oak", "autoAccept": accepts}],
    }
    with Emulator(world) as google:
        room = google.world.rooms()[0].id
        google.write_credentials(tmp_path / "key.json")
        source = GoogleCalendars(by_file(str(tmp_path / "key.json"), SERVICE_USER, google.url))
        told = play(source, room)
        source.close()
    fake = FakeCalendars(still, events={room: {}}, strangers={NOBODY})
    fake.answers_with = "accepted" if accepts else "never"
    assert play(fake, room) == told


def test_list_tells_the_calendars_zone_and_when_it_was_last_changed(google: Emulator, tmp_path: Path) -> None:
    google.write_credentials(tmp_path / "key.json")
    room, window = google.world.add_room("Ash", zone_name="America/New_York"), Window(START, START + HALF)
    with closing(GoogleCalendars(by_file(str(tmp_path / "key.json"), SERVICE_USER, google.url))) as source:
        before = source.page(room, window)
        google.world.cancel(google.world.create(room, "Short-lived", START, START + HALF))
        after = source.page(room, window)
    assert (before.zone, after.zone) == ("America/New_York", "America/New_York")
    assert before.updated
    assert after.updated
    assert before.updated < after.updated
