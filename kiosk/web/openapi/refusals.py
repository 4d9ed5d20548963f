"""The refusals that every operation may give, as the document tells of them."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from kiosk.web.openapi.kinds import about
from kiosk.web.openapi.operation import Operation
from kiosk.web.openapi.roles import ROLES

MIME = "application/problem+json"


class Refusal(TypedDict):
    """Why something was not done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: Annotated[str, about("A sentence fit to show, in the language of Accept-Language.")]
    reason: Annotated[str, about("The same in a word, for programs.")]
    field: NotRequired[Annotated[str, about("What of the request cannot be used.")]]
    alternatives: NotRequired[Annotated[list[dict[str, Any]], about("Other rooms that are free then, the best first.")]]


MEANING = {
    400: "The request is broken.",
    401: "You have not said who you are, or are let in no more.",
    403: "You may not do this, or another site's page asks.",
    404: "There is no such thing here.",
    405: "There is no such number, and nothing else at that address that could be done so.",
    409: "Not done, for the `reason`; `alternatives` are other rooms that are free.",
    413: "The request is too large: 64 KiB at most unless said otherwise.",
    415: "This is not the kind of file that was asked for.",
    421: "This server does not know itself under that name.",
    422: "Something in the request cannot be used: `field` names it, and `detail` says what to send.",
    429: "Tried too often: again after the seconds in `Retry-After`.",
    503: "Not done: somebody else is not to be reached. Again after the seconds in `Retry-After`, where it is there.",
}
LATER = (429, 503)


def statuses(operation: Operation, path: str, method: str) -> list[int]:
    """Return the statuses of the refusals that an operation may give."""
    found = {421, *operation.refusals}
    if operation.roles != frozenset(ROLES):
        found |= {401, 403}
    if method != "get":
        found.add(403)
    if "{" in path:
        found.add(404)
    if "{number}" in path:
        found.add(405)
    if operation.body or operation.query or operation.keyed:
        found.add(422)
    if operation.body:
        found.add(413)
    return sorted(found)


def answers() -> dict[str, Any]:
    """Return every refusal as OpenAPI writes it."""
    return {f"Refused{status}": _answer(status) for status in MEANING}


def ref(status: int) -> dict[str, str]:
    """Return where the document says what a refusal is."""
    return {"$ref": f"#/components/responses/Refused{status}"}


def _answer(status: int) -> dict[str, Any]:
    said: dict[str, Any] = {"description": MEANING[status]}
    if status in LATER:
        seconds = {"type": "string", "pattern": "^[1-9][0-9]*$"}
        said["headers"] = {"Retry-After": {"description": "Seconds.", "schema": seconds}}
    if status == 401:
        said["headers"] = {"WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}}}
    return {**said, "content": {MIME: {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
