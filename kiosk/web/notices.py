"""Notices to screens whose socket is dead, and the API with which programs write, end and list them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock
from kiosk.booking.counter import actor_of
from kiosk.live.gallery import Screen
from kiosk.live.roll import Hello, Roll
from kiosk.schedule.notice import ORGANISATION, Notice, Target, floor_of
from kiosk.store import notices, screens
from kiosk.store.database import Store
from kiosk.store.notices import By, Draft, Reused, Unusable
from kiosk.web.access import Gate, foreign, from_elsewhere
from kiosk.web.asking import Asking, place
from kiosk.web.fields import Body
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

# Of the words in a target, the first that is said counts; a floor needs its building.
WORDS = ("screen", "room", "building")


@dataclass(frozen=True, slots=True)
class Notices:
    """What screens without a socket ask."""

    gate: Gate
    roll: Roll


def install(app: Flask, told: Notices) -> None:
    """Let screens whose socket is dead say what they show, and ask what they are to be told."""
    routes = Blueprint("notices", __name__)

    @routes.post("/notices/<display>/<slug>")
    def ask(display: str, slug: str) -> Response:
        if not told.gate.sees(display, slug):
            raise told.gate.refusal()
        if from_elsewhere(request):
            raise foreign()
        body = Body()
        hello = Hello(Screen(display, slug), body.text("screen", 100), body.text("notices", 100))
        bulletin = told.roll.heard(hello, told.gate.named)
        return jsonify(bulletin) if bulletin else Response(status=204)

    app.register_blueprint(routes)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the API needs to write notices."""

    store: Store
    asking: Asking
    clock: clock.Clock


def add_routes(routes: Blueprint, desk: Desk) -> None:
    """Add notices to the API's routes."""

    @routes.get("/notices")
    def every_notice() -> Response:
        _actor(desk)
        with desk.store.read() as db:
            found, shown = notices.every(db, desk.clock()), screens.shown_by(db)
        return jsonify(notices=[as_json(one, shown.get(one.id, 0)) for one in found])

    @routes.post("/notices")
    def add_notice() -> tuple[Response, int]:
        by, body = By(_actor(desk), place(), desk.clock(), _key()), Body()
        try:
            return jsonify(as_json(desk.store.write(notices.add, _draft(body), by))), 201
        except Unusable as error:
            raise invalid(error.field, str(error)) from error
        except Reused as error:
            raise Problem(422, "key_reused", "Key reused", str(error)) from error

    @routes.delete("/notices/<int:number>")
    def end_notice(number: int) -> Response:
        by = By(_actor(desk), place(), desk.clock())
        return jsonify(as_json(desk.store.write(notices.end, number, by)))


def as_json(one: Notice, shown: int = 0) -> dict[str, Any]:
    """Return a notice as programs get it; `shown_by`: how many screens have it."""
    said = {name: getattr(one, name) for name in ("id", "kind", "level", "title", "text")}
    moments = {name: getattr(one, name) for name in ("start", "end", "ended_at")}
    written = {name: clock.iso(moment) if moment else None for name, moment in moments.items()}
    return {**said, **written, "target": one.target.parts, "shown_by": shown}


def _actor(desk: Desk) -> str:
    """Return who asks, as the log of acts names them: a program with a token, or an administrator."""
    who = desk.asking.who(None, "")
    if who.kind != "admin":
        raise Problem(403, "admins_only", "Refused", _("Only administrators and access tokens may do this."))
    return actor_of(who)


def _draft(body: Body) -> Draft:
    return Draft(
        title=body.text("title", 1000),
        text=body.lines("text", 10_000),
        kind="emergency" if body.one_of("kind", ("notice", "emergency")) == "emergency" else "notice",
        level="warning" if body.one_of("level", notices.LEVELS) == "warning" else "info",
        start=body.instant("start"),
        end=body.instant("end"),
        target=_target(body.part("target")),
    )


def _target(body: Body | None) -> Target:
    """Return where a notice is for: {} and nothing are the organisation."""
    if body is None:
        return ORGANISATION
    said = {name: body.text(name, 500) for name in (*WORDS, "floor")}
    if said["floor"]:
        return floor_of(said["building"], said["floor"])
    word = next((name for name in WORDS if said[name]), None)
    return Target(word, said[word]) if word else ORGANISATION  # type: ignore[arg-type]


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 200:
        raise Problem(422, "invalid", "Invalid header", _("The Idempotency-Key is longer than 200 characters."))
    return key
