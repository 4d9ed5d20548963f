"""The document of the API (OpenAPI 3.1), made of what the views declare; nothing in it is written twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from kiosk.web.numbers import HIGHEST
from kiosk.web.openapi import kinds, operation, refusals, roles, told_outside
from kiosk.web.openapi.operation import File, Operation
from kiosk.web.openapi.refusals import Refusal

ROOT = "/api/v1"
PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
TEMPLATE = "#/components/schemas/{name}"
PLACES = {
    "slug": "The slug of a room, or of a plan.",
    "event_id": "The id of a booking.",
    "number": "The number of what is asked about.",
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A word of your own for this request, and the same one when you repeat it: it is then done once.",
    "schema": {"type": "string", "maxLength": 200},
    "example": "7c1b",
}
ABOUT = """Rooms, schedules, bookings, devices and reports. Times are RFC 3339 with an offset from UTC.

Fields and parameters that are not named here are left alone. Refusals are problem documents (RFC 9457). `x-roles` says
for whom an operation is; on a server with open displays, whoever reaches it may ask what a screen may."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation at its address, `path` as OpenAPI writes it; `tag`: to what it belongs."""

    path: str
    method: str
    name: str
    declared: Operation
    parts: tuple[tuple[str, str], ...]

    @property
    def tag(self) -> str:
        """What it is about: the first word of its path."""
        return self.path.removeprefix(f"{ROOT}/").partition("/")[0]


def endpoints(app: Flask) -> list[Endpoint]:
    """Return every declared operation of an app, by path."""
    return sorted(_found(app), key=lambda one: (one.path, one.method))


def build(app: Flask, version: str) -> dict[str, Any]:
    """Return the document of an app's API."""
    every = endpoints(app)
    schemas = _schemas(_types(every))
    paths: dict[str, dict[str, Any]] = {}
    for one in every:
        paths.setdefault(one.path, {})[one.method] = _operation(one, schemas)
    for kind in {_name(schemas[one.declared.query]) for one in every if one.declared.query}:
        del schemas.components[kind]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "webhooks": {name: _webhook(name, *said, schemas) for name, said in told_outside.TOLD.items()},
        "components": {
            "schemas": schemas.components,
            "responses": refusals.answers(),
            "securitySchemes": roles.SCHEMES,
        },
    }


def _found(app: Flask) -> Iterator[Endpoint]:
    for rule in app.url_map.iter_rules():
        declared = operation.of_view(app.view_functions[rule.endpoint])
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if declared:
                yield _endpoint(rule, method.lower(), declared)


def _endpoint(rule: Rule, method: str, declared: Operation) -> Endpoint:
    parts = tuple((name, kind or "string") for kind, name in PART.findall(rule.rule))
    return Endpoint(PART.sub(r"{\2}", rule.rule), method, rule.endpoint.replace(".", "_"), declared, parts)


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of all types, and what those refer to by name."""

    of: Mapping[int, dict[str, Any]]
    components: dict[str, Any]

    def __getitem__(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type."""
        return self.of[id(kind)]


def _types(every: list[Endpoint]) -> list[Any]:
    found: list[Any] = [Refusal, *(kind for kind, _ in told_outside.TOLD.values())]
    for one in every:
        declared = one.declared
        answers = [kind for said in declared.answers.values() for kind in _several(said)]
        found += [kind for kind in (declared.body, declared.query, *answers) if kind and not isinstance(kind, File)]
    return list({id(kind): kind for kind in found}.values())


def _several(answer: Any) -> tuple[Any, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def _schemas(types: list[Any]) -> Schemas:
    found, components = msgspec.json.schema_components(types, schema_hook=_instant, ref_template=TEMPLATE)
    return Schemas({id(kind): schema for kind, schema in zip(types, found, strict=True)}, components)


def _instant(kind: type) -> dict[str, Any]:
    return dict(kinds.INSTANT)


def _operation(one: Endpoint, schemas: Schemas) -> dict[str, Any]:
    declared = one.declared
    said: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": declared.summary,
        "description": "\n\n".join(part for part in (declared.about, _depends(declared)) if part),
        "security": roles.security(declared.roles),
        "x-roles": [role for role in roles.ROLES if role in declared.roles],
        "parameters": [*map(_path_part, one.parts), *_query(declared, schemas), *_sent(declared)],
        "responses": _responses(one, schemas),
    }
    body = _body(declared, schemas)
    return said | ({"requestBody": body} if body else {})


def _depends(declared: Operation) -> str:
    return f"Who is let in also depends {declared.where}." if declared.where else ""


def _path_part(part: tuple[str, str]) -> dict[str, Any]:
    name, kind = part
    number = {"type": "integer", "minimum": 0, "maximum": HIGHEST}
    schema: dict[str, Any] = number if kind == "int" else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": PLACES[name], "schema": schema}


def _query(declared: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    if declared.query is None:
        return []
    shape = schemas.components[_name(schemas[declared.query])]
    return [_parameter(name, schema) for name, schema in shape["properties"].items()]


def _name(schema: dict[str, Any]) -> str:
    return str(schema["$ref"].rpartition("/")[2])


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter; what is left out is not sent, so it is never null."""
    choice = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    merged = {**schema, **choice[0]} if choice else dict(schema)
    described = {"description": merged.pop("description")} if "description" in merged else {}
    kept = {key: value for key, value in merged.items() if key not in {"anyOf", "default"}}
    return {"name": name, "in": "query", **described, "schema": kept}


def _sent(declared: Operation) -> list[dict[str, Any]]:
    named = [
        {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}
        for name, words in declared.sends.items()
    ]
    return [*([KEY] if declared.keyed else []), *named]


def _body(declared: Operation, schemas: Schemas) -> dict[str, Any]:
    if declared.takes:
        content = {declared.takes.mime: {"schema": {"type": "string", "contentMediaType": declared.takes.mime}}}
        return {"required": True, "description": declared.takes.about, "content": content}
    if declared.body is None:
        return {}
    content = {"application/json": {"schema": schemas[declared.body]}}
    if declared.example is not None:
        content["application/json"]["example"] = dict(declared.example)
    return {"required": declared.needs_body, "content": content}


def _responses(one: Endpoint, schemas: Schemas) -> dict[str, Any]:
    declared = one.declared
    found = {str(status): _answer(declared, status, said, schemas) for status, said in declared.answers.items()}
    for status in refusals.statuses(declared, one.path, one.method):
        if str(status) in found:
            found[str(status)]["content"] |= refusals.answers()[f"Refused{status}"]["content"]
        else:
            found[str(status)] = refusals.ref(status)
    return dict(sorted(found.items()))


def _answer(declared: Operation, status: int, said: Any, schemas: Schemas) -> dict[str, Any]:
    parts = [part for part in _several(said) if part]
    content = dict(_content(part, schemas) for part in parts)
    told: dict[str, Any] = {"description": _words(status, parts)}
    if declared.headers:
        told["headers"] = {
            name: {"description": words, "schema": {"type": "string"}} for name, words in declared.headers.items()
        }
    return told | ({"content": content} if content else {})


def _content(part: Any, schemas: Schemas) -> tuple[str, dict[str, Any]]:
    if isinstance(part, File):
        return part.mime, {"schema": {"type": "string"}}
    return "application/json", {"schema": schemas[part]}


def _words(status: int, parts: list[Any]) -> str:
    words = {201: "Done.", 202: "Held, or under way.", 204: "Done; there is nothing to tell.", 304: "As you have it."}
    about = (
        getattr(parts[0], "about", "") or (getattr(parts[0], "__doc__", "") or "").partition("\n")[0] if parts else ""
    )
    return words.get(status, "") or about or "Done."


def _webhook(name: str, kind: Any, summary: str, schemas: Schemas) -> dict[str, Any]:
    message = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {"type": {"const": name}, "timestamp": dict(kinds.INSTANT), "data": schemas[kind]},
    }
    content: dict[str, Any] = {"schema": message}
    if kind is told_outside.AboutBooking:
        content["example"] = {"type": name, "timestamp": "2026-08-10T08:00:03Z", "data": told_outside.EXAMPLE}
    signed = [
        {"name": name, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}
        for name, words in told_outside.HEADERS.items()
    ]
    taken = {"description": "Taken. Anything else is a failure, and the message is sent again."}
    return {
        "post": {
            "operationId": f"told_{name.replace('.', '_')}",
            "summary": summary,
            "tags": ["webhooks"],
            "parameters": signed,
            "requestBody": {"required": True, "content": {"application/json": content}},
            "responses": {"2XX": taken},
        }
    }
