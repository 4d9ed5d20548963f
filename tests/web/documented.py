"""The document of the API as tests hold answers and messages against it."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask, Response, request
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from kiosk.web.openapi import document

# Made once in a run: it is the same for every server.
MADE: dict[str, Any] = {}


def of(web: Flask) -> dict[str, Any]:
    """Return the document of a server."""
    if not MADE:
        MADE.update(document.build(web, "0"))
    return MADE


def hold(web: Flask) -> None:
    """Fail, in whoever asks, for an answer of this server that its document does not know."""

    def check(answer: Response) -> Response:
        if request.path.startswith(document.ROOT) and request.url_rule:
            path = document.PART.sub(r"{\2}", request.url_rule.rule)
            said = None if answer.direct_passthrough else answer.get_data()
            assert wrong(of(web), path, request.method, answer, said) == [], request.path
        return answer

    web.after_request_funcs.setdefault(None, []).append(check)


def wrong(api: dict[str, Any], path: str, method: str, answer: Response, said: bytes | None) -> list[str]:
    """Return what of an answer is not in the document."""
    one = api["paths"][path].get(method.lower())
    if one is None or answer.status_code in {405, 500}:
        return []
    known = one["responses"].get(str(answer.status_code))
    if known is None:
        return [f"{method} {path} answers {answer.status_code}"]
    reference = known.get("$ref", "")
    content = (api["components"]["responses"][reference.rpartition("/")[2]] if reference else known).get("content", {})
    if not content:
        return [] if not said else [f"{method} {path} says something"]
    if answer.mimetype not in content and "image/*" not in content:
        return [f"{method} {path} sends {answer.mimetype}"]
    return errors(content[answer.mimetype]["schema"], answer.get_json(force=True)) if answer.is_json else []


def errors(schema: dict[str, Any], value: Any) -> list[str]:
    """Return what of a value is not as its schema says."""
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator(repr(schema)).iter_errors(value)]


@cache
def _validator(written: str) -> Any:
    schema: dict[str, Any] = eval(written)
    found = Resource.from_contents(MADE, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:api", found)
    return Draft202012Validator(_absolute(schema), registry=registry)


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: f"urn:api{one}" if key == "$ref" else _absolute(one) for key, one in schema.items()}
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema
