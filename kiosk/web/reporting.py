"""Reporting at a door what is wrong with its room, and taking that back at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NotRequired, TypedDict

from flask import Blueprint, Response, jsonify
from msgspec import Struct

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.store import problems, rooms
from kiosk.store.database import Store
from kiosk.store.problems import Kind, Report, State, TooMany
from kiosk.web.asking import place
from kiosk.web.openapi.kinds import Moment, about
from kiosk.web.openapi.operation import operation
from kiosk.web.openapi.reading import idempotency_key
from kiosk.web.openapi.roles import AT_A_DOOR, BY_DEVICES
from kiosk.web.problems import Problem, too_soon
from kiosk.web.told import Slug, Spoken
from kiosk.web.wording import gettext as _


class Reported(TypedDict):
    """Something wrong with a room."""

    id: int
    room: Slug
    kind: Kind
    state: State
    reported_at: Moment
    known: NotRequired[Annotated[bool, about("It was reported before.")]]
    message: NotRequired[Spoken]


class ReportedProblems(TypedDict):
    """What is reported and not settled."""

    problems: list[Reported]


class ProblemReport(Struct, frozen=True, kw_only=True):
    """What is wrong with a room."""

    kind: Kind = "other"


@dataclass(frozen=True, slots=True)
class Reporting:
    """Takes reports, each once."""

    store: Store
    clock: clock.Clock

    def report(self, slug: str, wanted: Kind, key: str | None) -> tuple[Report, bool]:
        """Take a report; tell too whether it was known. Raises NotFound, and a problem when too many come."""
        with self.store.read() as db:
            stored = rooms.by_slug(db, slug)
        try:
            return self.store.write(problems.report, stored, wanted, key, place(), self.clock())
        except TooMany as error:
            raise self._too_many(error) from error
        except UsageError as error:
            raise Problem(422, "key_reused", "Key reused", str(error)) from error

    def withdraw(self, slug: str, number: int) -> Report:
        """Take a report back. Raises NotFound, and a problem when it is too late."""
        with self.store.read() as db:
            stored = rooms.by_slug(db, slug)
        try:
            return self.store.write(problems.withdraw, stored, number, place(), self.clock())
        except NotFound:
            raise
        except UsageError as error:
            sentence = _("It is sent already: whoever looks after the room knows.")
            raise Problem(409, "too_late", "Not done", sentence) from error

    def _too_many(self, error: TooMany) -> Problem:
        sentence = _("Too many problems were reported here. Please try again later.")
        return too_soon("too_many", "Too many reports", sentence, error.until, self.clock())


def add_routes(routes: Blueprint, reporting: Reporting) -> None:
    """Add what the API does about problems to its routes."""

    @routes.get("/rooms/<slug>/problems")
    @operation("What is reported of a room and not settled", BY_DEVICES, {200: ReportedProblems})
    def known(slug: str) -> Response:
        with reporting.store.read() as db:
            found = problems.living(db, rooms.by_slug(db, slug).id)
        return jsonify(problems=[_told(one, slug) for one in found])

    @routes.post("/rooms/<slug>/problems")
    @operation(
        "Report what is wrong with a room",
        AT_A_DOOR,
        {200: Reported, 201: Reported},
        refusals=(429,),
        about="200 with `known` where that is reported already.",
        keyed=True,
        example={"kind": "screen"},
    )
    def report(slug: str, body: ProblemReport) -> tuple[Response, int]:
        one, before = reporting.report(slug, body.kind, idempotency_key())
        message = _("This is reported already. Thank you.") if before else _("Sent. Thank you.")
        return jsonify({**_told(one, slug), "known": before, "message": message}), 200 if before else 201

    @routes.delete("/rooms/<slug>/problems/<int:number>")
    @operation(
        "Take a report back, within 15 seconds; then nobody is told", AT_A_DOOR, {200: Reported}, refusals=(409,)
    )
    def withdraw(slug: str, number: int) -> Response:
        one = reporting.withdraw(slug, number)
        return jsonify({**_told(one, slug), "message": _("Taken back. Nobody was told.")})


def _told(one: Report, slug: str) -> Reported:
    return {
        "id": one.id,
        "room": slug,
        "kind": one.kind,
        "state": one.state,
        "reported_at": clock.iso(one.reported_at),
    }
