"""Notices to screens whose socket is dead, and the API with which programs write, end and list them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from flask import Blueprint, Flask, Response, jsonify, request
from msgspec import Struct

from kiosk import clock
from kiosk.booking.counter import actor_of
from kiosk.live.gallery import Screen
from kiosk.live.roll import Hello, Roll
from kiosk.schedule.notice import ORGANISATION, Kind, Level, Notice, Target, floor_of
from kiosk.store import notices, screens
from kiosk.store.database import Store
from kiosk.store.notices import By, Draft, Reused, Unusable
from kiosk.web.access import Gate, foreign, from_elsewhere
from kiosk.web.asking import Asking, place
from kiosk.web.openapi.kinds import Instant, Moment, about, lines, text
from kiosk.web.openapi.operation import operation
from kiosk.web.openapi.reading import body as read
from kiosk.web.openapi.reading import idempotency_key
from kiosk.web.openapi.roles import ADMINS
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

# Of the words in a target, the first that is said counts; a floor needs its building.
WORDS: tuple[Literal["screen", "room", "building"], ...] = ("screen", "room", "building")


class Greeting(Struct, frozen=True, kw_only=True):
    """What a screen shows."""

    screen: Annotated[str, text(100)] = ""
    notices: Annotated[str, text(100)] = ""


class NoticeTarget(TypedDict):
    """Where a notice is for; {} for every screen."""

    building: NotRequired[str]
    floor: NotRequired[str]
    room: NotRequired[str]
    screen: NotRequired[str]


class ToldNotice(TypedDict):
    """A notice or an emergency."""

    id: int
    kind: Kind
    level: Level
    title: str
    text: str
    start: Moment
    end: Annotated[Moment | None, about("Null for an emergency, which somebody ends.")]
    ended_at: Annotated[Moment | None, about("When somebody ended it.")]
    target: NoticeTarget
    shown_by: Annotated[int, about("How many screens have it.")]


class ToldNotices(TypedDict):
    """All notices."""

    notices: list[ToldNotice]


class Place(Struct, frozen=True, kw_only=True):
    """Where a notice is for: the first of screen, room and building that is said; a floor needs its building."""

    screen: Annotated[str, text(500, "A display, such as lobby/all.")] = ""
    room: Annotated[str, text(500, "A room's slug.")] = ""
    building: Annotated[str, text(500)] = ""
    floor: Annotated[str, text(500)] = ""


class NewNotice(Struct, frozen=True, kw_only=True):
    """A notice to be written; an emergency begins at once and has no end."""

    title: Annotated[str, text(1000)] = ""
    text: Annotated[str, lines(10_000)] = ""
    kind: Kind = "notice"
    level: Level = "info"
    start: Annotated[Instant | None, about("Now if left out.")] = None
    end: Annotated[Instant | None, about("When no screen is to show it any more; a notice needs one.")] = None
    target: Annotated[Place | None, about("Where it is for; every screen if left out.")] = None


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
        said = read(Greeting)
        hello = Hello(Screen(display, slug), said.screen, said.notices)
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
    @operation("All notices", ADMINS, {200: ToldNotices}, first=lambda: _actor(desk))
    def every_notice() -> Response:
        with desk.store.read() as db:
            found, shown = notices.every(db, desk.clock()), screens.shown_by(db)
        return jsonify(notices=[as_json(one, shown.get(one.id, 0)) for one in found])

    @routes.post("/notices")
    @operation(
        "Write a notice, or begin an emergency",
        ADMINS,
        {201: ToldNotice},
        first=lambda: _actor(desk),
        keyed=True,
        example={
            "title": "Lift B is out",
            "text": "Use lift A.",
            "level": "warning",
            "end": "2026-08-10T18:00:00+02:00",
            "target": {"building": "Berlin"},
        },
    )
    def add_notice(body: NewNotice) -> tuple[Response, int]:
        by = By(_actor(desk), place(), desk.clock(), idempotency_key() or "")
        try:
            return jsonify(as_json(desk.store.write(notices.add, _draft(body), by))), 201
        except Unusable as error:
            raise invalid(error.field, str(error)) from error
        except Reused as error:
            raise Problem(422, "key_reused", "Key reused", str(error)) from error

    @routes.delete("/notices/<int:number>")
    @operation("End a notice", ADMINS, {200: ToldNotice})
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


def _draft(body: NewNotice) -> Draft:
    text = body.text.replace("\r\n", "\n").replace("\r", "\n")
    return Draft(body.title, text, body.kind, body.level, body.start, body.end, _target(body.target))


def _target(said: Place | None) -> Target:
    """Return where a notice is for: {} and nothing are the organisation."""
    if said is None:
        return ORGANISATION
    if said.floor:
        return floor_of(said.building, said.floor)
    word = next((name for name in WORDS if getattr(said, name)), None)
    return Target(word, getattr(said, word)) if word else ORGANISATION
