"""Google's Directory as the list of an organisation's rooms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kiosk.google.client import DIRECTORY_SCOPES, Client
from kiosk.source import Resource

PAGE_SIZE = 500
OTHER_THINGS = "OTHER"


class GoogleDirectory:
    """The rooms and buildings that one administrator's credentials can see."""

    def __init__(self, credentials_file: str, subject: str, endpoint: str) -> None:
        """`endpoint` is the root of another server that speaks Google's API, empty for Google."""
        root = f"{endpoint}/" if endpoint else ""
        self._client = Client("admin", "directory_v1", root, credentials_file, subject, DIRECTORY_SCOPES)

    def resources(self) -> list[Resource]:
        """Return all rooms with the names of their buildings; projectors and cars are left out."""
        buildings = {one["buildingId"]: one.get("buildingName", one["buildingId"]) for one in self._buildings()}
        return [_resource(one, buildings) for one in self._rooms() if _is_room(one)]

    def _rooms(self) -> Iterator[Mapping[str, Any]]:
        return self._every("calendars", "items")

    def _buildings(self) -> Iterator[Mapping[str, Any]]:
        return self._every("buildings", "buildings")

    def _every(self, collection: str, key: str) -> Iterator[Mapping[str, Any]]:
        token: str | None = None
        while True:
            body = self._page(collection, token)
            yield from body.get(key, [])
            token = body.get("nextPageToken")
            if not token:
                return

    def _page(self, collection: str, token: str | None) -> Mapping[str, Any]:
        options: dict[str, Any] = {"customer": "my_customer", "maxResults": PAGE_SIZE, "pageToken": token}
        body: Mapping[str, Any] = self._client.execute(
            lambda api: getattr(api.resources(), collection)().list(**options)
        )
        return body


def _is_room(one: Mapping[str, Any]) -> bool:
    return bool(one.get("resourceEmail")) and one.get("resourceCategory") != OTHER_THINGS


def _resource(one: Mapping[str, Any], buildings: Mapping[str, str]) -> Resource:
    building = one.get("buildingId", "")
    return Resource(
        calendar_id=one["resourceEmail"],
        name=one.get("resourceName") or one.get("generatedResourceName") or one["resourceEmail"],
        building=buildings.get(building, building),
        floor=one.get("floorName", ""),
        capacity=int(one.get("capacity", 0)),
        equipment=tuple(item["feature"]["name"] for item in one.get("featureInstances", [])),
    )
