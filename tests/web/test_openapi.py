"""The document of the API: everything that can be asked is in it, and nothing else; what it says holds."""

from __future__ import annotations

import json
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis

from kiosk import clock
from kiosk.notify.monthly import facts_of
from kiosk.schedule.usage import Scope
from kiosk.store import alarms, deliveries, devices, monthly, occupancy_text, problems, services, webhooks
from kiosk.store.alarms import Alarm
from kiosk.store.usage import Wanted
from kiosk.web.openapi import document, operation, roles
from tests.web import documented
from tests.web.test_matrix import TABLE, VISITORS, booked, everything, rows, rule_of
from tests.web.visitors import Reception

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"
REFUSED = {"401", "403"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def api(reception: Reception) -> dict[str, Any]:
    """The document as a stranger gets it."""
    answer = reception.stranger().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    return dict(answer.json)


def operations(api: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return (method, path, operation) of everything in the document."""
    for path, methods in api["paths"].items():
        for method, one in methods.items():
            yield method.upper(), path, one


def test_every_route_is_in_the_document_and_the_other_way_round(reception: Reception, api: dict[str, Any]) -> None:
    here = {(method, rule) for method, rule in everything(reception) if rule.startswith("/api/")}
    assert {(method, document.PART.sub(r"{\2}", rule)) for method, rule in here} == {
        (method, path) for method, path, _ in operations(api)
    }


def test_document_is_openapi_3_1(api: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(api).validate()
    assert api["openapi"].startswith("3.1")


def test_operations_have_names_of_their_own_and_a_summary(api: dict[str, Any]) -> None:
    every = [one for _, _, one in operations(api)]
    assert len({one["operationId"] for one in every}) == len(every)
    assert [one["operationId"] for one in every if not one["summary"]] == []


def test_every_example_validates(reception: Reception) -> None:
    api = documented.of(reception.server.web)
    found = list(examples(api))
    assert len(found) > 20
    assert {where: documented.errors(schema, value) for where, schema, value in found} == {
        where: [] for where, _, _ in found
    }


def examples(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Return (where, schema, value) of every example of a body, a parameter or a message."""
    hooks = [("POST", name, one["post"]) for name, one in api["webhooks"].items()]
    for method, path, one in [*operations(api), *hooks]:
        for content in one.get("requestBody", {}).get("content", {}).values():
            if "example" in content:
                yield f"{method} {path}", content["schema"], content["example"]
        for part in one["parameters"]:
            if "example" in part:
                yield f"{method} {path} {part['name']}", part["schema"], part["example"]


def test_commands_of_the_docs_are_as_the_document_says(reception: Reception) -> None:
    api = documented.of(reception.server.web)
    commands = re.findall(r"^```\n(curl .*?)^```", DOCS.read_text(encoding="utf-8"), re.M | re.S)
    assert len(commands) > 5
    assert {line: wrong(api, *command(line)) for line in commands} == {line: [] for line in commands}


def command(line: str) -> tuple[str, str, dict[str, list[str]], str]:
    """Return (method, path, parameters, body) of a curl command."""
    parser = ArgumentParser()
    for short, more in (("-X", {}), ("-d", {}), ("-H", {"action": "append"}), ("-G", {"action": "store_true"})):
        parser.add_argument(short, **more)  # type: ignore[arg-type]
    parser.add_argument("--data-urlencode", action="append", default=[])
    parser.add_argument("url")
    said = parser.parse_args(shlex.split(line.replace("\\\n", " "))[1:])
    parameters = {name: [value] for name, _, value in (part.partition("=") for part in said.data_urlencode)}
    return said.X or "GET", urlsplit(said.url).path, parameters, said.d or ""


def wrong(api: dict[str, Any], method: str, path: str, parameters: dict[str, list[str]], body: str) -> list[str]:
    """Return what of a request is not in the document."""
    shapes = {shape: re.sub(r"\{\w+\}", "[^/]+", shape) for shape in api["paths"]}
    shape = min((one for one, pattern in shapes.items() if re.fullmatch(pattern, path)), key=lambda one: one.count("{"))
    one = api["paths"][shape][method.lower()]
    known = {part["name"] for part in one["parameters"]}
    unknown = [name for name in parameters if name not in known]
    if not body:
        return unknown
    return unknown + documented.errors(one["requestBody"]["content"]["application/json"]["schema"], json.loads(body))


def test_every_body_has_an_example(api: dict[str, Any]) -> None:
    bodies = {
        one["operationId"]: one["requestBody"]["content"] for _, _, one in operations(api) if "requestBody" in one
    }
    plain = {name: said["application/json"] for name, said in bodies.items() if "application/json" in said}
    assert len(plain) > 15
    assert [name for name, said in plain.items() if "example" not in said] == []


def test_examples_are_taken_by_the_server(reception: Reception) -> None:
    views = reception.server.web.view_functions.values()
    declared = [one for one in map(operation.of_view, views) if one and one.example is not None]
    for one in declared:
        with reception.server.web.test_request_context(json=one.example):
            assert one.asked()["body"] is not None


def test_roles_stated_agree_with_the_table(reception: Reception, api: dict[str, Any]) -> None:
    wrong = []
    for line, cells in rows(TABLE).items():
        method, rule = rule_of(reception, line)
        if rule.startswith("/api/"):
            one = api["paths"][document.PART.sub(r"{\2}", rule)][method.lower()]
            answers = zip(VISITORS, cells, strict=True)
            wrong += [f"{line}: {name}" for name, cell in answers if not agrees(one, name, cell)]
    assert wrong == []


def agrees(one: dict[str, Any], visitor: str, cell: str) -> bool:
    """Tell whether an answer of the table is what the stated roles promise."""
    role = "manager" if visitor == "elsewhere" else visitor
    if role not in one["x-roles"]:
        return cell in REFUSED
    return cell not in REFUSED or (cell == "403" and "also depends" in one["description"])


def test_roles_are_the_columns_of_the_table() -> None:
    assert {*VISITORS} == {*roles.ROLES, "elsewhere"}


def test_page_shows_everything_without_a_script(reception: Reception, api: dict[str, Any]) -> None:
    page = reception.stranger().get("/api/v1/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "style=" not in page.text
    told = [one["post"]["operationId"] for one in api["webhooks"].values()]
    names = [*told, *(one["operationId"] for _, _, one in operations(api))]
    assert [name for name in names if f'id="{name}"' not in page.text] == []


def test_administration_leads_to_the_page(reception: Reception) -> None:
    assert 'href="/api/v1/docs#webhooks"' in reception.account("admin").get("/admin/webhooks").text


def test_every_kind_of_message_is_in_the_document(api: dict[str, Any]) -> None:
    assert set(api["webhooks"]) == {*webhooks.EVENTS, webhooks.PING}


def test_messages_are_as_the_document_says(reception: Reception, api: dict[str, Any]) -> None:
    reception.parts.store.write(webhooks.add, "https://hooks.example/in", [], clock.now())
    happen(reception)
    with reception.parts.store.read() as db:
        sent = [json.loads(one.body) for one in deliveries.recent(db, 1000) if one.way == "webhook"]
    documented.of(reception.server.web)
    wrong = {one["type"]: documented.errors(schema_of(api, one["type"]), one) for one in sent}
    assert len(wrong) > 12
    assert {kind: found for kind, found in wrong.items() if found} == {}


def schema_of(api: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return what a message of that kind is."""
    found: dict[str, Any] = api["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return found


def happen(reception: Reception) -> None:
    """Let everything happen that is told outside."""
    store, admin, person, now = reception.parts.store, reception.account("admin"), reception.person(), clock.now()
    event = booked(reception)
    wanted = store.write(services.add, "Berlin", "Coffee", "", 0)
    asked = person.post_json(f"/api/v1/bookings/{event}/services", {"room": "oak", "service": wanted.id}).json["id"]
    person.ask("DELETE", f"/api/v1/bookings/{event}/services/{asked}", json={})
    person.ask("DELETE", f"/api/v1/bookings/{event}?room=oak", json={})
    begun = person.post_json("/api/v1/rooms/elm/bookings", {"minutes": 15}).json["id"]
    person.post_json(f"/api/v1/bookings/{begun}/extend", {"minutes": 15, "room": "elm"})
    person.post_json(f"/api/v1/bookings/{begun}/end", {"room": "elm"})
    for kind, end in (("notice", clock.iso(now + timedelta(hours=1))), ("emergency", None)):
        made = admin.post_json("/api/v1/notices", {"title": "Told", "kind": kind, "end": end}).json["id"]
        admin.ask("DELETE", f"/api/v1/notices/{made}", json={})
    number = person.post_json("/api/v1/rooms/oak/problems", {"kind": "screen"}).json["id"]
    store.write(problems.answer, number, "done", "", "boss@kiosk.example", now)
    reception.device()
    with store.read() as db:
        [device] = devices.every(db)
    ill = Alarm("device.ill", (device,), "ill", (("hot", "says", "repair"),))
    gone = Alarm("devices.gone", (device,), "gone", of=1)
    store.write(alarms.tell, [ill, gone], (), now)
    wanted_days = Wanted(*monthly_days(), Scope(), clock.zone("Europe/Berlin"))
    report = facts_of(store.report(occupancy_text.summary, wanted_days))
    store.write(monthly.send, wanted_days.first, report, now)
    store.write(deliveries.announce_to, 1, webhooks.PING, {"from": "room-kiosk"}, now)


def monthly_days() -> tuple[Any, Any]:
    last = clock.now().date().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last
