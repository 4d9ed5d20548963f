"""Google's own description of its answers, turned into JSON schemas that forbid unknown keys."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import googleapiclient
import httplib2
from jsonschema import Draft202012Validator, FormatChecker

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
ADDRESSES = (
    ("calendar.v3", r"/calendar/v3/calendars/[^/]+", "Calendar"),
    ("calendar.v3", r"/calendar/v3/users/me/calendarList", "CalendarList"),
    ("calendar.v3", r"/calendar/v3/users/me/calendarList/[^/]+", "CalendarListEntry"),
    ("calendar.v3", r"/calendar/v3/calendars/[^/]+/events/watch", "Channel"),
    ("calendar.v3", r"/calendar/v3/calendars/[^/]+/events/[^/]+/move", "Event"),
    ("calendar.v3", r"/calendar/v3/calendars/[^/]+/events", "Events"),
    ("calendar.v3", r"/calendar/v3/calendars/[^/]+/events/[^/]+/instances", "Events"),
    ("calendar.v3", r"/calendar/v3/calendars/[^/]+/events/[^/]+", "Event"),
    ("calendar.v3", r"/calendar/v3/freeBusy", "FreeBusyResponse"),
    ("admin.directory_v1", r"/admin/.*/resources/calendars", "CalendarResources"),
    ("admin.directory_v1", r"/admin/.*/resources/calendars/[^/]+", "CalendarResource"),
    ("admin.directory_v1", r"/admin/.*/resources/buildings", "Buildings"),
    ("admin.directory_v1", r"/admin/.*/resources/buildings/[^/]+", "Building"),
    ("admin.directory_v1", r"/admin/.*/resources/features", "Features"),
    ("admin.directory_v1", r"/admin/.*/resources/features/[^/]+", "Feature"),
    ("admin.directory_v1", r"/admin/directory/v1/users", "Users"),
    ("admin.directory_v1", r"/admin/directory/v1/users/[^/]+", "User"),
    ("oauth2.v2", r"/oauth2/v2/userinfo", "Userinfo"),
)
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "errors"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "status": {"type": "string"},
                "details": {"type": "array"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["domain", "reason", "message"],
                        "additionalProperties": False,
                        "properties": {
                            name: {"type": "string"}
                            for name in ("domain", "reason", "message", "location", "locationType")
                        },
                    },
                },
            },
        }
    },
}
formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def has_offset(value: object) -> bool:
    return datetime.fromisoformat(str(value)).tzinfo is not None


class CheckedHttp(httplib2.Http):
    """A client that refuses every answer which Google's description does not allow."""

    def request(self, uri: str, method: str = "GET", *args: Any, **more: Any) -> Any:
        response, content = super().request(uri, method, *args, **more)
        overridden = "x-http-method-override" in (more.get("headers") or {})
        check("GET" if overridden else method, urlsplit(uri).path, response.status, content)
        return response, content


def check(method: str, path: str, status: int, content: bytes) -> None:
    """Validate one answer of the Calendar, Directory or userinfo API."""
    if not path.startswith(("/calendar/", "/admin/", "/oauth2/v2/")):
        return
    if status in {204, 304}:
        assert content == b""
        return
    schema = ERROR if status >= 400 else described(method, path)
    Draft202012Validator(schema, format_checker=formats).validate(json.loads(content))


def described(method: str, path: str) -> dict[str, Any]:
    for document, pattern, name in ADDRESSES:
        if re.fullmatch(pattern, path):
            name = "Event" if (method, name) == ("POST", "Events") else name
            return schema_of(document, name)
    raise AssertionError(f"no description for {path}")


@cache
def schema_of(document: str, name: str) -> dict[str, Any]:
    described = json.loads((DOCUMENTS / f"{document}.json").read_text("utf-8"))["schemas"]
    definitions = {each: converted(schema) for each, schema in described.items()}
    return {"$ref": f"#/$defs/{name}", "$defs": definitions}


def converted(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type")
    if kind == "any":
        return {}
    plain: dict[str, Any] = {"type": kind}
    if "format" in schema:
        plain["format"] = schema["format"]
    if kind == "array":
        plain["items"] = converted(schema["items"])
    if kind == "object":
        plain["properties"] = {name: converted(each) for name, each in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties")
        plain["additionalProperties"] = converted(others) if others else False
    return plain
