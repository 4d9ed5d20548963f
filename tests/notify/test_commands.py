"""Webhooks, services, the log of acts and forgetting names on the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from kiosk import clock
from kiosk.schedule.model import Booking
from kiosk.store import acts, orders, services
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.fakes import MONDAY, StillClock
from tests.notify.receivers import Postbox, Receiver
from tests.running import Server


@pytest.fixture
def kiosk(tmp_path: Path, store: Store) -> Server:
    """The command line on the database of the store."""
    return Server(tmp_path, {"KIOSK_PRIVATE_WEBHOOKS": "1"})


def listed(kiosk: Server, *words: str) -> list[dict[str, Any]]:
    done = kiosk.run(*words, "--json")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_a_webhook_is_added_tried_and_removed(kiosk: Server) -> None:
    with Receiver() as receiver:
        secret = kiosk.run("webhooks", "add", receiver.url, "booking.ended").stdout.splitlines()[-1]
        assert "204" in kiosk.run("webhooks", "test", "1").stdout
        [got] = receiver.got
        assert (got.said["type"], got.is_signed_with(secret)) == ("ping", True)
        [row] = listed(kiosk, "webhooks", "list")
        assert (row["events"], row["state"]) == (["booking.ended"], "on")
        receiver.answer = lambda _got: 503
        failed = kiosk.run("webhooks", "test", "1")
        assert (failed.returncode, failed.stderr.count("\n"), "503" in failed.stderr) == (1, 1, True)
    assert kiosk.run("webhooks", "switch", "1", "off").returncode == 0
    assert listed(kiosk, "webhooks", "list")[0]["state"] == "off"
    assert kiosk.run("webhooks", "remove", "1").returncode == 0
    assert listed(kiosk, "webhooks", "list") == []


def test_a_message_that_was_given_up_is_sent_again(kiosk: Server, store: Store) -> None:
    with Receiver() as receiver:
        assert kiosk.run("webhooks", "add", receiver.url).returncode == 0
        receiver.answer = lambda _got: 503
        assert kiosk.run("webhooks", "test", "1").returncode == 1
        [row] = listed(kiosk, "webhooks", "log")
        assert (row["to"], row["event"], row["state"]) == (receiver.url, "ping", "waiting")
        assert "503" in kiosk.run("webhooks", "retry", row["id"]).stderr
        receiver.answer = lambda _got: 204
        assert "took it: " in kiosk.run("webhooks", "retry", row["id"]).stdout
        again = kiosk.run("webhooks", "retry", row["id"])
        assert (again.returncode, "has arrived already" in again.stderr) == (1, True)
    assert "not here any more" in kiosk.run("webhooks", "retry", "msg_none").stderr
    with store.read() as db:
        assert [one.act for one in acts.recent(db)][:2] == ["retry_delivery", "retry_delivery"]


def test_a_trial_mail_arrives_or_says_why_not(tmp_path: Path, store: Store) -> None:
    assert "KIOSK_SMTP_URL is not set" in Server(tmp_path, {}).run("mail", "test", "anna@kiosk.example").stderr
    assert "not a person's address" in Server(tmp_path, {}).run("mail", "test", "anna").stderr
    with Postbox() as server:
        kiosk = Server(tmp_path, {"KIOSK_SMTP_URL": server.url, "KIOSK_MAIL_FROM": "rooms@kiosk.example"})
        sent = kiosk.run("mail", "test", "Anna@kiosk.example")
        assert "anna@kiosk.example took it" in sent.stdout, sent.stderr
    with store.read() as db:
        last = acts.recent(db)[0]
    assert (last.actor, last.act, last.detail) == ("console", "test_mail", {"account": "anna@kiosk.example"})


def test_an_event_that_does_not_exist_is_one_sentence(kiosk: Server) -> None:
    done = kiosk.run("webhooks", "add", "https://example.org/", "booking.made")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "'booking.made'" in done.stderr


def test_a_service_is_offered_changed_asked_for_and_answered(
    kiosk: Server, store: Store, oak: StoredRoom, still: StillClock
) -> None:
    assert kiosk.run("services", "add", "", "Coffee", "--lead", "30").returncode == 0
    assert kiosk.run("services", "edit", "1", "--name", "Tea").returncode == 0
    [tea] = listed(kiosk, "services", "list")
    assert (tea["name"], tea["lead_minutes"], tea["active"]) == ("Tea", 30, True)
    start = clock.now()
    booking = Booking("e1", start, start)
    with store.read() as db:
        service = services.find(db, 1)
    store.write(orders.ask, oak, booking, service, 2, "", "ada@kiosk.example", MONDAY)
    [row] = listed(kiosk, "services", "requests")
    assert (row["room"], row["service"], row["state"]) == ("oak", "Tea", "requested")
    assert kiosk.run("services", "answer", str(row["id"]), "accepted").returncode == 0
    assert listed(kiosk, "services", "requests")[0]["state"] == "accepted"


def test_the_log_is_searched_and_printed_in_three_forms(kiosk: Server, store: Store) -> None:
    for number, act in enumerate(("book", "end")):
        store.write(acts.record, Act(clock.now(), "panel", "", act, "oak", str(number), "confirmed"))
    assert [row["act"] for row in listed(kiosk, "audit")] == ["end", "book"]
    assert [row["act"] for row in listed(kiosk, "audit", "--act", "boo")] == ["book"]
    assert listed(kiosk, "audit", "--to", "2020-01-01") == []
    assert len(list(csv.DictReader(io.StringIO(kiosk.run("audit", "--csv").stdout)))) == 2
    assert "confirmed" in kiosk.run("audit").stdout
    assert "is no day" in kiosk.run("audit", "--from", "monday").stderr


def test_names_are_forgotten_by_command(kiosk: Server, store: Store) -> None:
    store.write(acts.record, Act(MONDAY, "person:ada@kiosk.example", "", "book", "oak", "e1", "confirmed"))
    assert "never" in kiosk.run("people", "forget").stdout
    assert "after a booking" in kiosk.run("people", "forget", "30").stdout
    assert kiosk.run("people", "forget", "soon").returncode == 1
    assert "never" in kiosk.run("people", "forget", "never").stdout
    assert "Forgotten: acts 1." in kiosk.run("people", "erase", "ada@kiosk.example").stdout
    assert "ada" not in kiosk.run("audit", "--csv").stdout
