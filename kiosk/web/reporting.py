"""Reporting at a door what is wrong with its room, and taking that back at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.store import problems, rooms
from kiosk.store.database import Store
from kiosk.store.problems import KINDS, Report, TooMany
from kiosk.web.asking import place
from kiosk.web.fields import Body
from kiosk.web.problems import Problem, too_soon
from kiosk.web.wording import gettext as _


@dataclass(frozen=True, slots=True)
class Reporting:
    """Takes reports, each once."""

    store: Store
    clock: clock.Clock

    def report(self, slug: str, kind: str, key: str | None) -> tuple[Report, bool]:
        """Take a report; tell too whether it was known. Raises NotFound, and a problem when too many come."""
        wanted = next(one for one in KINDS if one == kind)
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


def add_routes(routes: Blueprint, reporting: Reporting, key: Callable[[], str | None]) -> None:
    """Add what the API does about problems to its routes."""

    @routes.get("/rooms/<slug>/problems")
    def known(slug: str) -> Response:
        with reporting.store.read() as db:
            found = problems.living(db, rooms.by_slug(db, slug).id)
        return jsonify(problems=[_told(one, slug) for one in found])

    @routes.post("/rooms/<slug>/problems")
    def report(slug: str) -> tuple[Response, int]:
        kind = Body().one_of("kind", ("other", *(one for one in KINDS if one != "other")))
        one, before = reporting.report(slug, kind, key())
        message = _("This is reported already. Thank you.") if before else _("Sent. Thank you.")
        return jsonify(_told(one, slug) | {"known": before, "message": message}), 200 if before else 201

    @routes.delete("/rooms/<slug>/problems/<int:number>")
    def withdraw(slug: str, number: int) -> Response:
        one = reporting.withdraw(slug, number)
        return jsonify(_told(one, slug) | {"message": _("Taken back. Nobody was told.")})


def _told(one: Report, slug: str) -> dict[str, str | int]:
    return {
        "id": one.id,
        "room": slug,
        "kind": one.kind,
        "state": one.state,
        "reported_at": clock.iso(one.reported_at),
    }
