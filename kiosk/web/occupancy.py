"""How rooms were used, asked for by address: which days, which rooms, and whose they must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from flask import Blueprint, Response, request
from msgspec import Struct, field

from kiosk import clock
from kiosk.schedule import usage
from kiosk.schedule.usage import Scope
from kiosk.store import occupancy_text
from kiosk.store.database import Store
from kiosk.store.usage import Wanted
from kiosk.web.access import bearer
from kiosk.web.identity import Identity, identities
from kiosk.web.openapi.kinds import about, text
from kiosk.web.openapi.operation import File, operation
from kiosk.web.openapi.roles import REPORTED
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

DAYS = 28
KINDS = {"json": "application/json", "csv": "text/csv"}


class Days(Struct, frozen=True, kw_only=True):
    """Which local days, both included, and which rooms."""

    from_: Annotated[date | None, about("Four weeks before `to` if left out.")] = field(default=None, name="from")
    to: Annotated[date | None, about("Yesterday if left out.")] = None
    building: Annotated[str, text(200)] = ""
    floor: Annotated[str, text(200)] = ""
    size: Annotated[str, text(200, "A class of size, such as 5-8.")] = ""
    room: Annotated[str, text(200)] = ""
    format: Annotated[Literal["json", "csv"], about("As JSON, or a line for each room.")] = "json"


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What reports need; `zone`: the organisation's."""

    store: Store
    clock: clock.Clock
    zone: str

    def wanted(self, slugs: tuple[str, ...] | None) -> Wanted:
        """Return what the request asks for; without days, the four weeks up to yesterday. Raises a 422 problem.

        `slugs`: the only rooms that whoever asks may see, None for all.
        """
        last = _day("to", self._yesterday())
        first = _day("from", last - timedelta(days=DAYS - 1))
        if not timedelta(0) <= last - first < usage.LONGEST:
            days = usage.LONGEST.days
            raise invalid("to", _("The last day must come after the first, by at most %(days)s days.", days=days))
        return Wanted(first, last, scope(slugs), clock.zone(self.zone))

    def lately(self, slugs: tuple[str, ...] | None) -> Wanted:
        """Return what is shown where days were asked for that cannot be used: the four weeks up to yesterday."""
        last = self._yesterday()
        return Wanted(last - timedelta(days=DAYS - 1), last, scope(slugs), clock.zone(self.zone))

    def _yesterday(self) -> date:
        return self.clock().astimezone(clock.zone(self.zone)).date() - timedelta(days=1)

    def file(self, kind: str, wanted: Wanted) -> Response:
        """Return a report as a file; made in a real thread, since that takes long."""
        text = self.store.report(occupancy_text.WRITERS[kind], wanted)
        return Response(text, mimetype=KINDS[kind])


def scope(slugs: tuple[str, ...] | None) -> Scope:
    """Return the rooms that the request asks for; `where` is a building, and its floor, in one word."""
    where = {name: found[0] for name, found in parse_qs(request.args.get("where", "")).items()}
    told: Mapping[str, Any] = {
        name: where.get(name, "") or request.args.get(name, "").strip()[:200]
        for name in ("building", "floor", "size", "room")
    }
    return Scope(**told, slugs=None if slugs is None else frozenset(slugs))


def may_see(found: Identity | None) -> tuple[str, ...] | None:
    """Return the rooms of a manager, None for who may see all. Raises a problem for everybody else."""
    if found and found.role in {"admin", "viewer"}:
        return None
    if found and found.role == "manager":
        return found.scope
    raise Problem(403, "role", "Refused", _("Your account's role does not allow this."))


def add_routes(routes: Blueprint, occupancy: Occupancy, is_program: Any) -> None:
    """Add the report to the API; `is_program(token)` tells whether a token is one of ours."""

    @routes.get("/occupancy")
    @operation(
        "How rooms were used",
        REPORTED,
        first=lambda: _may_see(is_program),
        answers={200: (dict[str, Any], File("text/csv", "A line for each room, and one of all together."))},
        about="docs/occupancy.md says what each figure is. Managers get their rooms.",
    )
    def occupancy_report(query: Days) -> Response:
        slugs = _may_see(is_program)
        return occupancy.file(query.format, occupancy.wanted(slugs))


def _may_see(is_program: Any) -> tuple[str, ...] | None:
    """Return the rooms that whoever asks may see, None for all. Raises a problem."""
    return None if is_program(bearer(request)) else may_see(identities().current())


def _day(name: str, otherwise: date) -> date:
    text = request.args.get(name, "").strip()
    if not text:
        return otherwise
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise invalid(name, _("This must be a day, such as 2026-08-10.")) from error
    if not usage.is_known(found):
        raise invalid(name, _("This must be a day, such as 2026-08-10."))
    return found
