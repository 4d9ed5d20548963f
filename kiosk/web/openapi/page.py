"""The document's own addresses: as JSON for programs, and as a page for people, which needs no script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, render_template
from markupsafe import Markup, escape

from kiosk import __version__
from kiosk.web.numbers import HIGHEST
from kiosk.web.openapi import document, roles
from kiosk.web.openapi.operation import File, operation
from kiosk.web.openapi.roles import EVERYBODY

JSON = "application/json"
DEEPEST = 3
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Line:
    """A field as the page shows it; `name` has those that it is within before it."""

    name: str
    kind: str
    needed: bool
    about: str


def install(app: Flask) -> None:
    """Add the addresses to the app; what they say is made when somebody asks first, of everything the app has then."""
    routes = Blueprint("openapi", __name__, url_prefix=document.ROOT)
    made: dict[str, str] = {}

    @routes.get("/openapi.json")
    @operation("This document", EVERYBODY, {200: dict[str, Any]})
    def as_json() -> Response:
        if "json" not in made:
            made["json"] = json.dumps(document.build(app, __version__), ensure_ascii=False, separators=(",", ":"))
        return Response(made["json"], mimetype=JSON)

    @routes.get("/docs")
    @operation("This document as a page", EVERYBODY, {200: File("text/html", "A page for people.")})
    def as_page() -> str:
        return render_template("api_docs.html", api=document.build(app, __version__), roles=roles.MEANING)

    app.register_blueprint(routes)
    app.jinja_env.filters["api_words"] = words
    app.jinja_env.globals["api_lines"] = lines
    app.jinja_env.globals["api_kind"] = kind


def words(text: str) -> Markup:
    """Return a sentence as HTML, in which what stands between backquotes is code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


def lines(api: dict[str, Any], schema: dict[str, Any]) -> list[Line]:
    """Return the fields of a schema, with those within them."""
    return list(_lines(api, schema, "", 0))


def _lines(api: dict[str, Any], schema: dict[str, Any], before: str, depth: int) -> Iterator[Line]:
    shape = _within(api, schema)
    for name, one in shape.get("properties", {}).items():
        yield Line(before + name, kind(api, one), name in shape.get("required", ()), _about(one))
        if depth < DEEPEST:
            yield from _lines(api, one, f"{before}{name}.", depth + 1)


def _within(api: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the object that a schema is, or is a list of, or may be instead of null."""
    if "$ref" in schema:
        found: dict[str, Any] = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    if "items" in schema:
        return _within(api, schema["items"])
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _within(api, choices[0]) if choices else schema


def kind(api: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return what a value is, in a few words."""
    if "anyOf" in schema:
        return " or ".join(kind(api, one) for one in schema["anyOf"])
    if "$ref" in schema:
        return "object"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {kind(api, schema['items'])}"
    return _plain(schema)


def _plain(schema: dict[str, Any]) -> str:
    word = schema.get("format") or schema.get("type") or str(schema.get("const", "anything"))
    least, most = schema.get("minimum"), schema.get("maximum", schema.get("maxLength"))
    if least is not None and most is not None and most < HIGHEST:
        return f"{word} {least}–{most}"
    return f"{word}, at most {most}" if most is not None and most < HIGHEST else word


def _about(schema: dict[str, Any]) -> str:
    inner = next((one["description"] for one in schema.get("anyOf", ()) if "description" in one), "")
    return str(schema.get("description", inner))
