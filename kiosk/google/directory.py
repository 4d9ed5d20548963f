"""Google's Directory as the lists of an organisation's rooms and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from kiosk.google.access import Access, Google
from kiosk.google.client import DIRECTORY_SCOPES, PEOPLE_SCOPES, Client
from kiosk.source import Member, Resource

PAGE_SIZE = 500
OTHER_THINGS = "OTHER"
# Of `emails` the whole is asked for: Google describes it as "any", and into that no selection reaches.
PEOPLE_FIELDS = "nextPageToken,users(primaryEmail,name(fullName),aliases,nonEditableAliases,emails,suspended)"


class GoogleDirectory:
    """The rooms, buildings and people that one administrator's credentials can see."""

    def __init__(self, google: Google) -> None:
        service = ("admin", "directory_v1", "", google)
        self._client = Client(*service, DIRECTORY_SCOPES, Access.to_the_directory)
        # Google refuses a token altogether when one of its scopes is missing, so people have a client of their own.
        self._people = Client(*service, PEOPLE_SCOPES, Access.to_the_directory)

    def resources(self) -> list[Resource]:
        """Return all rooms with the names of their buildings; projectors and cars are left out."""
        buildings = {one["buildingId"]: one.get("buildingName", one["buildingId"]) for one in self._buildings()}
        return [_resource(one, buildings) for one in self._rooms() if _is_room(one)]

    def people(self) -> list[Member]:
        """Return every user with all addresses."""
        return [_member(one) for one in _pages(self._people_page, "users")]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._people.close()

    def _rooms(self) -> Iterator[Mapping[str, Any]]:
        return _pages(partial(self._page, "calendars"), "items")

    def _buildings(self) -> Iterator[Mapping[str, Any]]:
        return _pages(partial(self._page, "buildings"), "buildings")

    def _page(self, collection: str, token: str | None) -> Mapping[str, Any]:
        options: dict[str, Any] = {"customer": "my_customer", "maxResults": PAGE_SIZE, "pageToken": token}
        body: Mapping[str, Any] = self._client.execute(
            lambda api: getattr(api.resources(), collection)().list(**options)
        )
        return body

    def _people_page(self, token: str | None) -> Mapping[str, Any]:
        options = {"customer": "my_customer", "maxResults": PAGE_SIZE, "pageToken": token, "fields": PEOPLE_FIELDS}
        body: Mapping[str, Any] = self._people.execute(lambda api: api.users().list(**options))
        return body


def _pages(read: Callable[[str | None], Mapping[str, Any]], key: str) -> Iterator[Mapping[str, Any]]:
    """Return the items of all pages; a page may lack the list, and is not the last for that."""
    token: str | None = None
    while True:
        body = read(token)
        yield from body.get(key, [])
        token = body.get("nextPageToken")
        if not token:
            return


def _member(one: Mapping[str, Any]) -> Member:
    others = [item.get("address", "") for item in one.get("emails", [])]
    addresses = [one["primaryEmail"], *one.get("aliases", []), *one.get("nonEditableAliases", []), *others]
    name = one.get("name", {}).get("fullName", "")
    known = tuple(dict.fromkeys(address.lower() for address in addresses if address))
    return Member(name, known, bool(one.get("suspended")))


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
