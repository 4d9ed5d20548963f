"""The Directory: rooms, buildings, features and people, with Google's little query language."""

from __future__ import annotations

import base64
import hashlib
import json
import re

from kiosk.emulator.errors import ApiError, bad_request
from kiosk.emulator.store import Store
from kiosk.emulator.values import Json

CUSTOMER = "my_customer"
_KINDS = {
    "room": "admin#directory#resources#calendars#CalendarResource",
    "building": "admin#directory#resources#buildings#Building",
    "feature": "admin#directory#resources#features#Feature",
    "user": "admin#directory#user",
}
_QUERY_FIELDS = {
    "generatedResourceName": "generatedResourceName", "name": "resourceName", "resourceName": "resourceName",
    "buildingId": "buildingId", "floor_name": "floorName", "floorName": "floorName", "capacity": "capacity",
    "resourceEmail": "resourceEmail", "resourceCategory": "resourceCategory", "resourceId": "resourceId",
    "featureInstances.feature.name": "features",
}  # fmt: skip
_ORDER_FIELDS = {"resourceId", "resourceName", "capacity", "buildingId", "floorName"}
_CLAUSE = re.compile(r"(?P<name>[\w.]+)\s*(?P<op>!=|>=|<=|=|:|>|<)\s*(?P<value>\"[^\"]*\"|'[^']*'|\S+)")


def add(store: Store, kind: str, item_id: str, data: Json) -> None:
    """Add or replace one entry of the Directory; kinds are room, building, feature, user."""
    store.write("INSERT OR REPLACE INTO directory VALUES (?, ?, ?)", kind, item_id, json.dumps(data))


def remove(store: Store, kind: str, item_id: str) -> None:
    """Take an entry out of the Directory."""
    store.write("DELETE FROM directory WHERE kind = ? AND id = ?", kind, item_id)


def find(store: Store, kind: str, item_id: str) -> Json | None:
    """One entry by its id, in Google's shape."""
    found = store.row("SELECT data FROM directory WHERE kind = ? AND id = ?", kind, item_id)
    return _resource(kind, json.loads(found[0])) if found else None


def everything(store: Store, kind: str) -> list[Json]:
    """All entries of a kind, by id."""
    rows = store.rows("SELECT data FROM directory WHERE kind = ? ORDER BY id", kind)
    return [_resource(kind, json.loads(row[0])) for row in rows]


def answer(store: Store, kind: str, name: str, list_kind: str, *, query: str, order: str, most: int, page: str) -> Json:
    """One page of a listing; the list is absent when it is empty, as with Google."""
    items = [item for item in everything(store, kind) if matches(item, query)]
    items = _ordered(items, order)
    question = f"{list_kind} {query} {order}"
    start = _offset(page, question)
    shown = items[start : start + most]
    body: Json = {"kind": list_kind, "etag": _etag([item.get("etags", item.get("etag")) for item in items])}
    if shown:
        body[name] = shown
    if start + most < len(items):
        token = json.dumps([_etag(question), start + most])
        body["nextPageToken"] = base64.urlsafe_b64encode(token.encode()).decode()
    return body


def matches(item: Json, query: str) -> bool:
    """Whether an entry fits a query of clauses joined by AND, each perhaps with NOT before it."""
    return all(_clause(item, part.strip()) for part in re.split(r"\s+AND\s+", query.strip()) if part.strip())


def _clause(item: Json, clause: str) -> bool:
    negated = clause.startswith("NOT ")
    found = _CLAUSE.fullmatch(clause.removeprefix("NOT ").strip())
    if found is None:
        return _anywhere(item, clause)
    if found["name"] not in _QUERY_FIELDS and found["name"] not in {"email", "name", "givenName", "familyName"}:
        raise bad_request(f"Invalid Input: {found['name']}", "invalid")
    values = _values(item, found["name"])
    return any(_compare(value, found["op"], found["value"].strip("\"'")) for value in values) != negated


def _anywhere(item: Json, text: str) -> bool:
    """Without an operator Google searches names and addresses."""
    wanted = text.strip("\"'").rstrip("*").lower()
    return any(wanted in str(value).lower() for value in item.values() if isinstance(value, str))


def _values(item: Json, name: str) -> list[object]:
    if name == "email":
        return [item.get("primaryEmail", "")]
    if name in {"givenName", "familyName"} or (name == "name" and "primaryEmail" in item):
        return [item["name"].get("fullName" if name == "name" else name, "")]
    if name == "featureInstances.feature.name":
        return [each["feature"]["name"] for each in item.get("featureInstances", [])] or [""]
    return [item.get(_QUERY_FIELDS[name], "")]


def _compare(value: object, operator: str, wanted: str) -> bool:
    if operator in {"<", ">", "<=", ">="}:
        number, limit = int(str(value or 0)), int(wanted) if wanted.isdigit() else 0
        return {"<": number < limit, ">": number > limit, "<=": number <= limit, ">=": number >= limit}[operator]
    text, wanted = str(value).lower(), wanted.lower()
    if operator == ":":
        return any(word.startswith(wanted.rstrip("*")) for word in [text, *text.split()])
    return (text == wanted) == (operator == "=")


def _ordered(items: list[Json], order: str) -> list[Json]:
    for part in reversed([part.split() for part in order.split(",") if part.strip()]):
        if part[0] not in _ORDER_FIELDS and part[0] not in {"email", "familyName", "givenName"}:
            raise bad_request(f"Invalid Input: {part[0]}", "invalid")
        descending = part[1:] == ["desc"]
        items = sorted(items, key=lambda item: _sort_key(item, part[0]), reverse=descending)
    return items


def _sort_key(item: Json, name: str) -> tuple[int, str]:
    if name == "email":
        return 0, item.get("primaryEmail", "")
    value = item.get(name, item.get("name", {}).get(name, "") if isinstance(item.get("name"), dict) else "")
    return (value, "") if isinstance(value, int) else (0, str(value))


def _offset(page: str, question: str) -> int:
    """Where a page begins; its token is good for the question it was an answer to."""
    if not page:
        return 0
    try:
        asked, start = json.loads(base64.urlsafe_b64decode(page.encode()))
        offset = int(start)
    except (ValueError, TypeError):
        raise ApiError(400, "invalid", "Invalid Input: pageToken") from None
    if asked != _etag(question):
        raise ApiError(400, "invalid", "Invalid Input: pageToken")
    return offset


def _resource(kind: str, data: Json) -> Json:
    label = "etag" if kind == "user" else "etags"
    return {"kind": _KINDS[kind], label: _etag(data)} | data


def _etag(value: object) -> str:
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return f'"{base64.urlsafe_b64encode(digest[:24]).decode()}"'
