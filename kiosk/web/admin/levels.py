"""The section Policies: what holds in the organisation, its buildings and their floors, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import NotFound, UsageError
from kiosk.store import acts, levels, policies, rooms
from kiosk.store.levels import ORGANISATION, Level
from kiosk.web.admin import frame, words
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import me, needs

PATH = "/admin/levels"


@dataclass(frozen=True, slots=True)
class Branch:
    """A level in the tree: how many words it has of its own, and how many rooms are below it."""

    level: Level
    own: int
    rooms: int
    address: str


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("levels", "Policies", PATH, ("manager", "viewer"), order=40))
    routes = frame.blueprint("levels")

    @routes.get("/levels")
    @needs("manager", "viewer")
    def show() -> AnyResponse:
        return _page(admin, _asked(request.args))

    @routes.post("/levels")
    @needs()
    def save() -> AnyResponse:
        level = _asked(request.form)
        with admin.store.read() as db:
            before = policies.of_level(db, level)
        changes = words.changes(request.form, before)
        try:
            admin.store.write(policies.change, level, changes)
        except UsageError as error:
            return _page(admin, level, 422, policy_error=str(error), policy_typed=request.form)
        if changes:
            admin.record("edit_policy", level=str(level), **acts.difference(before, {**before, **changes}))
        return frame.done("Saved.", _address(level))

    app.register_blueprint(routes)


def _page(admin: Admin, level: Level, status: int = 200, **more: Any) -> AnyResponse:
    with admin.store.read() as db:
        tree = _tree(rooms.every(db), levels.texts(db).levels(), lambda one: len(policies.of_level(db, one)))
        if level not in {branch.level for branch in tree}:
            raise NotFound(f"No room is in {level}.")
        lines, own = policies.lines(db, level), policies.of_level(db, level)
        above = policies.lines(db, _above(level)) if level != ORGANISATION else []
    rows = words.table(lines, above or words.defaults(), own)
    may_act = me().role == "admin"
    return frame.page(
        "admin/levels.html", status, here="levels", tree=tree, level=level, words=rows, may_act=may_act, **more
    )


def _tree(known: list[rooms.StoredRoom], said: list[Level], own: Any) -> list[Branch]:
    """Return the organisation, its buildings and their floors, also those where no room is any more."""
    places = [Level(one.room.building, one.room.floor) for one in known if one.room.building]
    every = {ORGANISATION, *said, *places, *(Level(place.building) for place in places)}
    return [
        Branch(level, own(level), _rooms_below(level, known), _address(level))
        for level in sorted(every, key=lambda one: (one.building, one.floor))
    ]


def _rooms_below(level: Level, known: list[rooms.StoredRoom]) -> int:
    return sum(
        (not level.building or one.room.building == level.building)
        and (not level.floor or one.room.floor == level.floor)
        for one in known
    )


def _above(level: Level) -> Level:
    return Level(level.building) if level.floor else ORGANISATION


def _asked(given: Any) -> Level:
    building = str(given.get("building", ""))
    return Level(building, str(given.get("floor", "")) if building else "")


def _address(level: Level) -> str:
    wanted = {name: value for name, value in (("building", level.building), ("floor", level.floor)) if value}
    return f"{PATH}?{urlencode(wanted)}" if wanted else PATH
