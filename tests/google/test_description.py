"""Of a service's description only what makes requests is kept."""

from __future__ import annotations

import json

import httplib2
import pytest
from googleapiclient import discovery, discovery_cache

from kiosk.google import description

SERVICES = [("calendar", "v3"), ("admin", "directory_v1")]
EVENT = {"calendarId": "oak", "maxResults": 5, "singleEvents": True}


@pytest.mark.parametrize(("service", "version"), SERVICES)
def test_a_description_keeps_every_method_and_loses_its_words(service: str, version: str) -> None:
    whole = discovery_cache.get_static_doc(service, version)
    found = description.brief(whole)
    assert len(json.dumps(found)) < len(whole) / 3
    assert methods(found) == methods(json.loads(whole))


def methods(described: dict) -> dict[str, tuple[str, str, list[str]]]:  # type: ignore[type-arg]
    """Return each method's verb, path and parameters by its name."""
    found = {
        one["id"]: (one["httpMethod"], one["path"], sorted(one.get("parameters", {})))
        for one in described.get("methods", {}).values()
    }
    for resource in described.get("resources", {}).values():
        found |= methods(resource)
    return found


def test_requests_are_those_of_the_whole_library() -> None:
    options = {"http": httplib2.Http(), "static_discovery": True, "cache_discovery": False}
    whole, ours = discovery.build("calendar", "v3", **options), description.collections("calendar", "v3", "")
    for api in (whole, ours):
        assert api.events().list(**EVENT).uri.startswith("https://www.googleapis.com/calendar/v3/calendars/oak/events?")
    asked = [api.events().insert(calendarId="oak", body={"summary": "A"}, sendUpdates="all") for api in (whole, ours)]
    assert len({(one.uri, one.method, one.body, one.methodId, *sorted(one.headers.items())) for one in asked}) == 1
    answers = [one.postproc(httplib2.Response({"status": 200}), b'{"id": "1"}') for one in asked]
    assert answers == [{"id": "1"}] * 2


def test_a_service_is_described_once_for_everybody() -> None:
    assert description.collections("calendar", "v3", "") is description.collections("calendar", "v3", "")
