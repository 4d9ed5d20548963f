"""One declaration for each thing that can be asked: it checks the request, and is written into the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, get_args, get_type_hints

from flask import current_app, g, request

from kiosk.web.openapi import reading
from kiosk.web.openapi.roles import Roles

View = Callable[..., Any]
DECLARED = "operation"


@dataclass(frozen=True, slots=True)
class File:
    """What is no JSON: its type, and what it is."""

    mime: str
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be asked; `answers`: by status what is told, None for nothing. `refusals`: beside those of all.

    `body` and `query` are what the view takes by these names, Any for a body that is not checked. `where`: on what
    else it depends whether one of the `roles` is let in. `first`: raises a problem for whoever is not, before anything
    is read. `keyed`: takes an Idempotency-Key. `takes`: a file instead of JSON. `sends`, `headers`: of the request and
    the answer, by name.
    """

    summary: str
    roles: Roles
    answers: Mapping[int, Any]
    refusals: tuple[int, ...] = ()
    about: str = ""
    where: str = ""
    keyed: bool = False
    first: Callable[[], object] | None = None
    takes: File | None = None
    sends: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, Any] | None = None
    body: Any = None
    query: Any = None

    @property
    def needs_body(self) -> bool:
        """Tell whether nothing is done without a body."""
        return self.body not in {None, Any} and type(None) not in get_args(self.body)

    def asked(self) -> dict[str, Any]:
        """Return what the request says, read once. Raises a 422 problem."""
        if "asked" not in g:
            g.asked = self._read()
        found: dict[str, Any] = g.asked
        return found

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.keyed:
            reading.idempotency_key()
        if self.query:
            found["query"] = reading.query(self.query)
        if self.body:
            found["body"] = reading.body(self.body) if self.needs_body or request.data else None
        return found


def operation(summary: str, roles: Roles, answers: Mapping[int, Any], **more: Any) -> Callable[[View], View]:
    """Declare a view, which gets what the request says as `body` and `query`, where it takes them."""

    def decorate(view: View) -> View:
        hints = get_type_hints(view, include_extras=True)
        parts: dict[str, Any] = {name: hints.get(name) for name in ("body", "query")} | more
        declared = Operation(summary, roles, answers, **parts)

        @wraps(view)
        def checked(**parts: Any) -> Any:
            if declared.first:
                declared.first()
            return view(**parts, **declared.asked())

        setattr(checked, DECLARED, declared)
        return checked

    return decorate


def of_view(view: View) -> Operation | None:
    """Return what a view declares."""
    return getattr(view, DECLARED, None)


def said(name: str) -> Any:
    """Return what the request that is being handled says in a field of its body or its address, None for nothing."""
    declared = of_view(current_app.view_functions.get(request.endpoint or "", lambda: None))
    parts = declared.asked() if declared else {}
    return next((getattr(part, name) for part in parts.values() if hasattr(part, name)), None)
