"""Every act can be found again and taken along; what people wrote in it harms no spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from kiosk import clock
from kiosk.store import acts, deliveries, extract, forgetting, webhooks
from kiosk.store.acts import Act
from kiosk.web.admin import audit
from tests.notify.receivers import Receiver
from tests.web.visitors import Reception, Visitor


def did(reception: Reception, actor: str, act: str, days: int = 0, **more: str) -> None:
    values = {"room": "oak", "event_id": "", "result": "done", "reason": ""} | more
    at = clock.now() - timedelta(days=days)
    reception.parts.store.write(acts.record, Act(at, actor, "10.0.0.7", act, **values, detail={"note": f"{act}!"}))


def found(visitor: Visitor, **asked: str) -> list[str]:
    answer = visitor.get("/admin/audit.json", query_string=asked)
    assert answer.status_code == 200
    return [one["act"] for one in answer.json["acts"]]


@pytest.fixture
def admin(reception: Reception) -> Visitor:
    did(reception, "person:ada@kiosk.example", "book", days=9)
    did(reception, "panel", "end", room="elm")
    did(reception, "bob@kiosk.example", "link", result="refused", reason="not_shared")
    return reception.account("admin")


@pytest.mark.parametrize(
    ("asked", "acts_found"),
    [
        ({}, ["link", "end", "book"]),
        ({"actor": "ada"}, ["book"]),
        ({"act": "link"}, ["link"]),
        ({"room": "elm"}, ["end"]),
        ({"result": "refused"}, ["link"]),
        ({"text": "not_sha"}, ["link"]),
        ({"text": "END!"}, ["end"]),
        ({"text": "100%"}, []),
        ({"actor": "ada", "room": "elm"}, []),
    ],
)
def test_acts_are_found_by_what_is_asked_for(admin: Visitor, asked: dict[str, str], acts_found: list[str]) -> None:
    assert found(admin, **asked) == acts_found


def test_acts_are_found_by_their_day(admin: Visitor) -> None:
    now = clock.now()
    days = {"from": (now - timedelta(days=10)).date().isoformat(), "to": (now - timedelta(days=8)).date().isoformat()}
    assert found(admin, **days) == ["book"]
    assert found(admin, **{"from": (now - timedelta(days=1)).date().isoformat()}) == ["link", "end"]
    assert "is no day" in admin.get("/admin/audit?from=yesterday").text


def test_the_page_is_turned_without_losing_an_act(reception: Reception) -> None:
    for number in range(audit.ON_A_PAGE + 5):
        did(reception, "panel", f"act{number}")
    admin = reception.account("admin")
    page = admin.get("/admin/audit?actor=panel").text
    older = page.split('href="/admin/audit?')[1].split('"')[0].replace("&amp;", "&")
    assert "actor=panel" in older
    rest = admin.get(f"/admin/audit?{older}").text
    assert (page.count("<tr>"), rest.count("<tr>")) == (audit.ON_A_PAGE + 1, 6)
    assert "Older" not in rest


def test_the_page_says_from_when_on_the_log_is_whole(reception: Reception, admin: Visitor) -> None:
    assert "The log only grows" in admin.get("/admin/audit").text
    reception.parts.store.write(acts.begin_at, clock.parse("2026-01-02T03:04:05Z"))
    assert 'The log begins on <time datetime="2026-01-02T03:04:05' in admin.get("/admin/audit").text


def test_a_cell_is_never_a_formula(reception: Reception, admin: Visitor) -> None:
    did(reception, '=HYPERLINK("https://elsewhere.example")', "book")
    text = admin.get("/admin/audit.csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["actor"].startswith("'=")
    assert rows[1]["reason"] == "not_shared"
    assert tuple(rows[0]) == extract.COLUMNS


def test_names_in_the_page_are_text(reception: Reception, admin: Visitor) -> None:
    did(reception, "<script>alert(1)</script>", "book")
    assert "<script>alert" not in admin.get("/admin/audit").text


@pytest.mark.parametrize("role", ["manager", "caterer", "viewer"])
@pytest.mark.parametrize("path", ["/admin/audit", "/admin/audit.csv", "/admin/audit.json", "/admin/data"])
def test_only_administrators_read_it(reception: Reception, role: str, path: str) -> None:
    assert reception.account(role).get(path).status_code == 403


def test_a_person_is_forgotten_by_a_button_and_the_log_does_not_name_them_again(
    reception: Reception, admin: Visitor
) -> None:
    admin.post("/admin/data/erase", email="ada@kiosk.example")
    assert "Forgotten: acts 1." in admin.get("/admin/data").text
    assert "ada@kiosk.example" not in admin.get("/admin/audit").text
    assert found(admin, act="erase") == ["erase_person"]


def test_days_of_keeping_names_are_set_and_shown(reception: Reception, admin: Visitor) -> None:
    admin.post("/admin/data/days", days="90")
    with reception.parts.store.read() as db:
        assert forgetting.after_days(db) == 90
    assert "90 days after a booking" in admin.get("/admin/data").text
    admin.post("/admin/data/days", days="soon")
    with reception.parts.store.read() as db:
        assert forgetting.after_days(db) == 90


def test_a_webhook_is_added_tested_switched_off_and_removed(reception: Reception, admin: Visitor) -> None:
    refused = admin.post("/admin/webhooks", url="http://10.0.0.1/")
    assert (refused.status_code, "begins with https://" in refused.text) == (422, True)
    added = admin.post("/admin/webhooks", url="https://example.org/rooms", events="booking.confirmed")
    store = reception.parts.store
    with store.read() as db:
        [hook] = webhooks.every(db)
        secret = webhooks.secret_of(db, hook.id)
    assert (hook.events, secret in added.text.replace("&#43;", "+")) == (("booking.confirmed",), True)
    assert secret not in admin.get("/admin/webhooks").text
    admin.post(f"/admin/webhooks/{hook.id}/test")
    with store.read() as db:
        assert [one.event for one in deliveries.recent(db, 9)] == ["ping"]
    admin.post(f"/admin/webhooks/{hook.id}/off")
    with store.read() as db:
        assert webhooks.find(db, hook.id).active is False
    admin.post(f"/admin/webhooks/{hook.id}/remove")
    with store.read() as db:
        assert (webhooks.every(db), deliveries.recent(db, 9)) == ([], [])
    assert secret not in admin.get("/admin/audit").text


def test_a_delivery_is_tried_again_from_the_page(reception: Reception, admin: Visitor) -> None:
    store, notifier = reception.parts.store, reception.server.notifier
    notifier.post.private = True
    with Receiver(answer=lambda _got: 500) as receiver:
        store.write(webhooks.add, receiver.url, (), clock.now())
        did(reception, "panel", "book", result="confirmed")
        notifier.step()
        page = admin.get("/admin/webhooks").text
        assert "next try" in page
        receiver.answer = lambda _got: 204
        number = page.split("/admin/deliveries/")[1].split("/")[0]
        admin.post(f"/admin/deliveries/{number}/retry")
        notifier.step()
        assert len(receiver.got) == 2
    assert "arrived" in admin.get("/admin/webhooks.part").text
