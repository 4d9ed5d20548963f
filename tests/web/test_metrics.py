"""What /metrics tells a Prometheus server, and what the rules and the dashboard in deploy/ make of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from kiosk import app, assembly, clock, settings
from kiosk.live.freshness import Change
from kiosk.schedule.model import Room
from kiosk.store import journal, mirror, rooms
from kiosk.store.journal import Command
from tests.conftest import OAK
from tests.fakes import StillClock
from tests.running import Server, wait_for
from tests.test_house import ROOT

DEPLOY = ROOT / "deploy" / "prometheus"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[assembly.Parts]:
    url = f"sqlite:///{tmp_path / 'kiosk.db'}"
    opened = assembly.open_parts(settings.load({}, database_url=url, async_mode="threading", open_displays="1"))
    yield opened
    opened.store.close()


def samples(text: str) -> list[Sample]:
    return [one for family in text_string_to_metric_families(text) for one in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    [one] = [one for one in found if one.name == name and labels.items() <= one.labels.items()]
    return one.value


def test_age_of_each_room_is_told_and_rooms_never_read_are_counted(parts: assembly.Parts, still: StillClock) -> None:
    for slug, calendar in (("oak", OAK), ("elm", "elm@resource.calendar.google.com")):
        parts.store.write(rooms.add_linked, Room(slug, slug, clock.zone("Europe/Berlin")), calendar, still())
    with parts.store.read() as db:
        number = rooms.by_slug(db, "oak").id
    parts.store.write(mirror.commit_full, number, 0, [], "", (still(), still()), still())
    still.advance(seconds=42)
    found = samples(app.build(parts, still).web.test_client().get("/metrics").text)
    assert value(found, "kiosk_room_age_seconds", room="oak") == 42
    assert value(found, "kiosk_rooms_unread") == 1


def test_how_long_changes_took_is_told_by_stage(parts: assembly.Parts, still: StillClock) -> None:
    server = app.build(parts, still)
    server.pulse.freshness.stored(Change(1, still() - timedelta(seconds=7), still(), still()))
    found = samples(server.web.test_client().get("/metrics").text)
    assert value(found, "kiosk_change_seconds_count", stage="seen") == 1
    assert value(found, "kiosk_change_seconds_sum", stage="seen") == 7
    assert value(found, "kiosk_change_seconds_bucket", stage="seen", le="5.0") == 0
    assert value(found, "kiosk_change_seconds_bucket", stage="seen", le="10.0") == 1


def test_answers_are_counted_by_part_and_status_and_strange_addresses_make_no_part(parts: assembly.Parts) -> None:
    client = app.build(parts).web.test_client()
    for path in ("/healthz", "/healthz", "/door/none", "/strange", "/stranger"):
        client.get(path)
    found = samples(client.get("/metrics").text)
    assert value(found, "kiosk_http_answers_total", part="health", status="200") == 2
    assert value(found, "kiosk_http_answers_total", part="missing", status="404") == 2
    assert value(found, "kiosk_http_seconds_count", part="health") == 2


def test_how_long_the_oldest_booking_waits_is_told_whatever_comes_and_goes(
    parts: assembly.Parts, still: StillClock
) -> None:
    number = parts.store.write(rooms.add, Room("oak", "Oak", clock.zone("Europe/Berlin")))
    client = app.build(parts, still).web.test_client()
    assert value(samples(client.get("/metrics").text), "kiosk_journal_waiting_seconds") == 0
    for seconds, state in ((1200, "confirmed"), (1000, "held"), (1, "pending")):
        asked = still() - timedelta(seconds=seconds)
        booking = ("book", f"e{seconds}", asked, asked, "", state, "", None, "", 0, asked, asked)
        parts.store.write(journal.add, Command(f"c{seconds}", number, *booking))
    found = samples(client.get("/metrics").text)
    assert value(found, "kiosk_journal_waiting_seconds") == 1000
    assert value(found, "kiosk_journal_rows", state="held") == 1


def test_methods_that_strangers_make_up_are_one(parts: assembly.Parts) -> None:
    client = app.build(parts).web.test_client()
    for word in ("SPAM", "SPAM2", "SPAM3"):
        client.open("/healthz", method=word)
    found = samples(client.get("/metrics").text)
    assert value(found, "kiosk_http_answers_total", status="405") == 3
    assert value(found, "kiosk_http_answers_total", status="405", method="other") == 3


def test_strangers_are_told_nothing(parts: assembly.Parts) -> None:
    closed = settings.load({}, database_url=parts.settings.database_url, async_mode="threading")
    server = app.build(assembly.Parts(closed, *[getattr(parts, name) for name in assembly.Parts.__slots__[1:]]))
    assert server.web.test_client().get("/metrics").status_code == 401


def test_a_running_server_tells_of_google_the_database_its_screens_and_its_journal(server: Server) -> None:
    wait_for(lambda: server.get("/readyz").ok)
    slug = server.get("/api/v1/rooms").json()["rooms"][0]["slug"]
    assert server.book(slug, minutes=15).status_code == 201
    found = samples(server.get("/metrics").text)
    assert value(found, "kiosk_google_requests_total", method="calendar.events.list", result="ok") >= 4
    assert value(found, "kiosk_google_requests_total", method="calendar.events.insert", result="ok") == 1
    assert value(found, "kiosk_google_seconds_count", method="calendar.events.insert") == 1
    assert value(found, "kiosk_journal_rows", state="confirmed") == 1
    assert value(found, "kiosk_database_seconds_count", use="write") > 10
    assert 0 < value(found, "kiosk_google_requests_left", period="minute") < 9000
    assert value(found, "process_resident_memory_bytes") > 1e7


def test_rules_and_dashboard_ask_for_what_there_is(server: Server) -> None:
    wait_for(lambda: server.get("/readyz").ok)
    told = {one.name for one in samples(server.get("/metrics").text)}
    # Told once there is something to count.
    told |= {"kiosk_change_seconds_bucket", "kiosk_screens", "kiosk_complaints_total", "kiosk_journal_rows"}
    for file in ("alerts.yml", "dashboard.json"):
        expressions = re.findall(r'"?expr"?: (.*)', (DEPLOY / file).read_text())
        asked = set(re.findall(r"\bkiosk_[a-z_]+", " ".join(expressions)))
        assert asked - told == set(), file
        assert len(asked) >= 8


def test_dashboard_is_one_that_grafana_can_read() -> None:
    board = json.loads((DEPLOY / "dashboard.json").read_text())
    assert board["title"] == "Kiosk"
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    assert all(panel["targets"] and panel["description"] for panel in board["panels"] if panel["type"] != "row")


def test_every_answer_names_its_request_and_keeps_the_name_it_was_given(server: Server) -> None:
    given = requests.get(f"{server.url}/healthz", headers={"X-Request-Id": "abc-123"}, timeout=10)
    assert given.headers["X-Request-Id"] == "abc-123"
    odd = requests.get(f"{server.url}/healthz", headers={"X-Request-Id": "a b\tc"}, timeout=10)
    assert re.fullmatch("[0-9a-f]{16}", odd.headers["X-Request-Id"])
    assert server.get("/healthz").headers["X-Request-Id"] != odd.headers["X-Request-Id"]
