"""Reading what a request says as it is declared, with an error that names the field and says what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_origin
from unicodedata import category

import msgspec
from flask import request
from msgspec import inspect

from kiosk.web import fields
from kiosk.web.openapi import kinds
from kiosk.web.openapi.kinds import Instant
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

Kind = TypeVar("Kind")
LONGEST_KEY = 200
WHERE = re.compile(r" - at `\$\.?(.*)`$")
MISSING = re.compile(r"missing required field `([^`]+)`")
# Halves of signs can be written in JSON, and nowhere else.
HALVES = "Cs"


def body(kind: type[Kind]) -> Kind:
    """Return the request's JSON as what is declared. Raises a 422 problem."""
    values = fields.said()
    return values if kind is Any else _converted(_trimmed(values, "body"), kind, _to_the_second)


def query(kind: type[Kind]) -> Kind:
    """Return the parameters in the request's address as what is declared. Raises a 422 problem."""
    return _converted(_parameters(kind), kind, _exactly, strict=False)


def idempotency_key() -> str | None:
    """Return the word that makes a repeated request the same request. Raises a problem when it is too long."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY:
        sentence = _("The Idempotency-Key is longer than 200 characters.")
        raise Problem(422, "invalid", "Invalid header", sentence, field="Idempotency-Key")
    return key or None


def bare(kind: inspect.Type) -> inspect.Type:
    """Return a kind without what is said about it, and without that it may be null."""
    if isinstance(kind, inspect.Metadata):
        return bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next(bare(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    return kind


def _parameters(kind: type) -> dict[str, Any]:
    """Return the parameters that are declared: the first of each, or all where several are."""
    found: dict[str, Any] = {}
    for one in msgspec.structs.fields(kind):
        name = one.encode_name
        if name in request.args:
            found[name] = request.args.getlist(name) if get_origin(one.type) is list else request.args[name].strip()
    return found


def _trimmed(value: Any, name: str) -> Any:
    """Return what was sent without the space around its texts."""
    if isinstance(value, str):
        if any(category(sign) == HALVES for sign in value):
            raise invalid(name, _("This must be a text of at most %(longest)s characters.", longest=len(value)))
        return value.strip()
    if isinstance(value, dict):
        return {key: _trimmed(one, key) for key, one in value.items()}
    return [_trimmed(one, name) for one in value] if isinstance(value, list) else value


def _converted(values: Any, kind: type[Kind], hook: Any, strict: bool = True) -> Kind:
    try:
        return msgspec.convert(values, kind, strict=strict, dec_hook=hook)
    except msgspec.ValidationError as error:
        raise _refused(str(error), kind) from error


def _exactly(kind: type, value: Any) -> Instant:
    return kinds.instant(value)


def _to_the_second(kind: type, value: Any) -> Instant:
    return kinds.instant(value).replace(microsecond=0)


def _refused(said: str, kind: type) -> Problem:
    """Return the problem of what the reader has found wrong; the sentence is that of the field's own kind."""
    where, missing = WHERE.search(said), MISSING.search(said)
    steps = [step for step in re.split(r"\.|\[[^\]]*\]", where[1] if where else "") if step]
    steps += [missing[1]] if missing else []
    return invalid(steps[-1] if steps else "body", _sentence(_kind_at(inspect.type_info(kind), steps)))


def _kind_at(kind: inspect.Type, steps: list[str]) -> inspect.Type:
    found = bare(kind)
    for step in steps:
        within = found.item_type if isinstance(found, inspect.ListType) else found
        fields: Mapping[str, inspect.Type] = {one.encode_name: one.type for one in getattr(bare(within), "fields", ())}
        found = bare(fields[step])
    return found.item_type if isinstance(found, inspect.ListType) else found


def _sentence(kind: inspect.Type) -> str:
    """Return what somebody is to send for such a value."""
    found = bare(kind)
    if isinstance(found, inspect.IntType):
        return _("This must be a whole number from 1 to %(highest)s.", highest=found.le)
    if isinstance(found, inspect.StrType):
        return _("This must be a text of at most %(longest)s characters.", longest=found.max_length)
    if isinstance(found, inspect.LiteralType):
        return _("This must be one of %(words)s.", words=", ".join(map(str, found.values)))
    if isinstance(found, inspect.DateType):
        return _("This must be a day, such as 2026-08-10.")
    if isinstance(found, inspect.CustomType):
        return _("This must be a time with its offset from UTC, such as 2026-08-10T10:00:00+02:00.")
    if isinstance(found, inspect.BoolType):
        return _("This must be one of %(words)s.", words="true, false")
    return _("Send a JSON object, with Content-Type: application/json.")
