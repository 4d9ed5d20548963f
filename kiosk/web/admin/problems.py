"""The section Problems: what people said at doors is wrong with rooms, to be seen to."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import UsageError
from kiosk.store import problems, rooms
from kiosk.store.problems import ANSWERS, LIVING
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.asking import place
from kiosk.web.fields import form_text
from kiosk.web.identity import check_room, may_act, may_see, me, needs

PAGE = "/admin/problems"
MOST = 200
WORDS = {
    "climate": "Too hot or cold",
    "screen": "Screen or projector",
    "sound": "Video or sound",
    "light": "Light",
    "cleaning": "Cleaning",
    "missing": "Something missing",
    "other": "Other",
}


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("problems", "Problems", PAGE, roles=("manager", "viewer"), order=45))
    routes = frame.blueprint("problems")

    @routes.get("/problems")
    @needs("manager", "viewer")
    def whole() -> AnyResponse:
        return frame.page("admin/problems.html", here="problems", **_found(admin))

    @routes.get("/problems.part")
    @needs("manager", "viewer")
    def part() -> AnyResponse:
        return frame.part("admin/problems_part.html", **_found(admin))

    @routes.post("/problems/<int:number>")
    @needs("manager")
    def answer(number: int) -> AnyResponse:
        return _answer(admin, number)

    app.register_blueprint(routes)


def _found(admin: Admin) -> dict[str, Any]:
    """Return the problems of the rooms that who is signed in may see: those to be seen to, and the settled ones."""
    who = me()
    with admin.store.read() as db:
        found = problems.every(db, MOST, lambda stored: may_see(who, stored))
    return {
        "open": [pair for pair in reversed(found) if pair[0].state in LIVING],
        "settled": [pair for pair in found if pair[0].state not in LIVING],
        "words": WORDS,
        "now": admin.clock(),
        "may_act": lambda stored: may_act(who, stored),
    }


def _answer(admin: Admin, number: int) -> AnyResponse:
    with admin.store.read() as db:
        stored = rooms.by_id(db, problems.find(db, number).room_id)
    check_room(stored)
    state = next((word for word in ANSWERS if word == request.form.get("state")), None)
    if state is None:
        raise UsageError("A problem is seen or done.")
    note = form_text("note", problems.LONGEST_NOTE)
    done = admin.store.write(problems.answer, number, state, note, me().email, admin.clock(), place())
    return frame.done(f"{WORDS[done.kind]} in {stored.room.name}: {done.state}.", PAGE)
