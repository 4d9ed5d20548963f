"""The section Emergency: every screen at once, in two steps; who shows it and who does not; and its end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.schedule.notice import Notice
from kiosk.store import notices, screens
from kiosk.store.notices import Draft, Unusable
from kiosk.web.admin import frame, targets
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.admin.notices import by, chosen
from kiosk.web.identity import me, needs
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _
from kiosk.web.wording import spoken

PAGE = "/admin/emergency"


@dataclass(frozen=True, slots=True)
class Template:
    """A prepared emergency, in the language of the screens; `name`: what the administration calls it."""

    slug: str
    name: str
    title: str
    text: str


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("emergency", "Emergency", PAGE, order=12))
    routes = frame.blueprint("emergency")
    app.jinja_env.filters["seconds"] = lambda instant: _to_the_second(admin, instant)

    @routes.get("/emergency")
    @needs()
    def begin() -> AnyResponse:
        wanted = next((one for one in _templates(admin) if one.slug == request.args.get("template")), None)
        return _form(admin, {"title": wanted.title, "text": wanted.text} if wanted else {})

    @routes.post("/emergency/confirm")
    @needs()
    def confirm() -> AnyResponse:
        return _confirm(admin)

    @routes.post("/emergency")
    @needs()
    def start() -> AnyResponse:
        made = admin.store.write(notices.add, _draft(admin), by(admin, request.form.get("key", "")[:200]))
        return frame.done("The emergency is on. This page says which screens show it.", f"{PAGE}/{made.id}")

    @routes.get("/emergency/<int:number>")
    @needs()
    def look(number: int) -> AnyResponse:
        return frame.page("admin/emergency.html", here="emergency", **_roll(admin, _find(admin, number)))

    @routes.get("/emergency/<int:number>/roll.part")
    @needs()
    def roll(number: int) -> AnyResponse:
        return frame.part("admin/emergency_part.html", **_roll(admin, _find(admin, number)))

    @routes.post("/emergency/<int:number>/end")
    @needs()
    def end(number: int) -> AnyResponse:
        one = _find(admin, number)
        admin.store.write(notices.end, one.id, by(admin))
        return frame.done(f"“{one.title}” has ended on every screen.", f"{PAGE}/{number}")

    @routes.post("/emergency/<int:number>/forget")
    @needs()
    def forget(number: int) -> AnyResponse:
        one, screen = _find(admin, number), request.form.get("screen", "")
        known = admin.store.write(screens.forget, screen)
        if known:
            admin.record("forget_screen", screen=screen)
        return frame.done("The screen is forgotten; it counts again when it comes back.", f"{PAGE}/{one.id}")

    app.register_blueprint(routes)


def _templates(admin: Admin) -> list[Template]:
    with spoken(admin.settings.language):
        return [
            Template(
                "fire",
                "Fire: leave the building",
                _("Fire: leave the building"),
                _("Leave now by the nearest way out. Do not use the lifts. Go to the assembly point."),
            ),
            Template(
                "shelter",
                "Shelter: stay inside",
                _("Stay inside"),
                _("Close doors and windows, keep away from them, and wait for the all-clear."),
            ),
            Template(
                "drill",
                "Drill",
                _("Drill: leave the building"),
                _("This is a drill. Leave by the nearest way out and go to the assembly point."),
            ),
        ]


def _form(admin: Admin, values: Any, status: int = 200, **more: Any) -> AnyResponse:
    now = admin.clock()
    with admin.store.read() as db:
        running = notices.emergencies(db, now)
        over = [one for one in notices.every(db, now) if one.kind == "emergency" and one.is_over(now)]
    given = {
        "templates": _templates(admin),
        "choices": targets.choices(admin.store, me(), now),
        "longest": (notices.LONGEST_TITLE, notices.LONGEST_TEXT),
    }
    lists = {"running": running, "over": over[:20]}
    return frame.page("admin/emergency_new.html", status, here="emergency", values=values, **lists, **given, **more)


def _draft(admin: Admin) -> Draft:
    form = request.form
    target = chosen(admin, form.get("target", ""))
    return Draft(form.get("title", ""), form.get("text", ""), "emergency", target=target)


def _confirm(admin: Admin) -> AnyResponse:
    """Show what every screen would show, and how many those are."""
    now, draft = admin.clock(), _draft(admin)
    try:
        with admin.store.read() as db:
            good = notices.check(db, draft, now)
    except Unusable as error:
        return _form(admin, request.form, 422, error=str(error), field=error.field)
    reached = targets.reached(admin.store, good.target, now)
    here = sum(one.is_connected(now) for one in reached)
    given: dict[str, Any] = {
        "draft": good,
        "word": request.form.get("target", ""),
        "connected": here,
        "away": len(reached) - here,
    }
    return frame.page("admin/emergency_confirm.html", here="emergency", key=secrets.token_urlsafe(16), **given)


def _find(admin: Admin, number: int) -> Notice:
    with admin.store.read() as db:
        one = notices.find(db, number)
    if one.kind != "emergency":
        raise Problem(404, "not_found", "Not found", f"{number} is a notice, not an emergency.")
    return one


def _to_the_second(admin: Admin, instant: datetime) -> str:
    return f"{instant.astimezone(ZoneInfo(admin.settings.timezone)):%H:%M:%S}"


def _roll(admin: Admin, one: Notice) -> dict[str, Any]:
    now = admin.clock()
    with admin.store.read() as db:
        answers = screens.answers(db, one, now)
    shown = sum(answer.state == "shown" for answer in answers)
    return {"one": one, "answers": answers, "shown": shown, "now": now, "is_on": not one.is_over(now)}
