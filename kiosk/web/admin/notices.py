"""The section Notices: what screens say beside their rooms, by whom, where, from when until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.schedule.notice import Level, Notice, Target
from kiosk.store import notices, screens
from kiosk.store.notices import By, Draft, Unusable
from kiosk.web.admin import frame, targets
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.admin.targets import Choice
from kiosk.web.asking import place
from kiosk.web.identity import me, needs
from kiosk.web.problems import Problem

PAGE = "/admin/notices"
USUAL = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Line:
    """A notice in the list: where it stands in time, and how many screens have it."""

    one: Notice
    state: str
    shown: int
    may_change: bool


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("notices", "Notices", PAGE, ("manager", "viewer"), order=45))
    routes = frame.blueprint("notices")
    app.jinja_env.filters["target"] = targets.named

    @routes.get("/notices")
    @needs("manager", "viewer")
    def every() -> AnyResponse:
        return frame.page("admin/notices.html", here="notices", lines=_lines(admin))

    @routes.get("/notices/new")
    @needs("manager")
    def new() -> AnyResponse:
        return _form(admin, _empty(admin))

    @routes.post("/notices/new")
    @needs("manager")
    def add() -> AnyResponse:
        return _save(admin, None)

    @routes.get("/notices/<int:number>")
    @needs("manager")
    def edit(number: int) -> AnyResponse:
        return _form(admin, _values(admin, _mine(admin, number)), number)

    @routes.post("/notices/<int:number>")
    @needs("manager")
    def change(number: int) -> AnyResponse:
        _mine(admin, number)
        return _save(admin, number)

    @routes.post("/notices/<int:number>/end")
    @needs("manager")
    def end(number: int) -> AnyResponse:
        one = _mine(admin, number)
        admin.store.write(notices.end, one.id, by(admin))
        return frame.done(f"“{one.title}” has ended.", PAGE)

    app.register_blueprint(routes)


def by(admin: Admin, key: str = "") -> By:
    """Return who is signed in, as the one who does something now."""
    return By(me().email, place(), admin.clock(), key)


def chosen(admin: Admin, word: str) -> Target:
    """Return the target that a form names. Raises a problem when it is not for who is signed in."""
    offered = {one.word: one.target for one in targets.choices(admin.store, me(), admin.clock())}
    if word not in offered:
        raise Problem(403, "scope", "Refused", "Your account is not for these screens.")
    return offered[word]


def _lines(admin: Admin) -> list[Line]:
    now, who = admin.clock(), me()
    with admin.store.read() as db:
        found, shown = notices.every(db, now), screens.shown_by(db)
    mine = {one.target for one in targets.choices(admin.store, who, now)}
    return [
        Line(one, _state(one, now), shown.get(one.id, 0), one.kind == "notice" and one.target in mine)
        for one in found
        if targets.concerns(who, one, admin.store)
    ]


def _state(one: Notice, now: datetime) -> str:
    return "over" if one.is_over(now) else "running" if one.is_running(now) else "coming"


def _mine(admin: Admin, number: int) -> Notice:
    """Return a notice that who is signed in may change. Raises NotFound, and a problem when it is not theirs."""
    with admin.store.read() as db:
        one = notices.find(db, number)
    offered = {choice.target for choice in targets.choices(admin.store, me(), admin.clock())}
    if one.kind == "emergency" or (me().role != "admin" and one.target not in offered):
        raise Problem(403, "scope", "Refused", "Your account is not for this notice.")
    return one


def _save(admin: Admin, number: int | None) -> AnyResponse:
    """Write what a form says, or show how it would look."""
    form = request.form
    target = chosen(admin, form.get("target", ""))
    try:
        draft = _draft(admin, form, target)
        with admin.store.read() as db:
            good = notices.check(db, draft, admin.clock())
        if "preview" in form:
            return _form(admin, form, number, preview=good)
        if number is None:
            admin.store.write(notices.add, draft, by(admin))
        else:
            admin.store.write(notices.change, number, draft, by(admin))
    except Unusable as error:
        return _form(admin, form, number, 422, error=str(error), field=error.field)
    return frame.done(f"“{good.title}” is saved; its screens know it already.", PAGE)


def _draft(admin: Admin, form: Mapping[str, str], target: Target) -> Draft:
    level: Level = "warning" if form.get("level") == "warning" else "info"
    start, end = (_instant(admin, form, name) for name in ("start", "end"))
    return Draft(form.get("title", ""), form.get("text", ""), "notice", level, start, end, target)


def _instant(admin: Admin, form: Mapping[str, str], name: str) -> datetime | None:
    """Return a day and time of the organisation's zone as an instant, None where nothing is said."""
    text = form.get(name, "").strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(admin.settings.timezone)) if text else None
    except ValueError as error:
        raise Unusable(name, "Write a day and a time, such as 2026-08-10T10:00.") from error


def _empty(admin: Admin) -> dict[str, str]:
    return {"end": _local(admin, admin.clock() + USUAL), "level": "info"}


def _values(admin: Admin, one: Notice) -> dict[str, str]:
    """Return what the form shows of a notice."""
    said = {"title": one.title, "text": one.text, "level": one.level, "start": _local(admin, one.start)}
    return {**said, "end": _local(admin, one.end) if one.end else "", "target": Choice(one.target, "", "").word}


def _local(admin: Admin, instant: datetime) -> str:
    return f"{instant.astimezone(ZoneInfo(admin.settings.timezone)):%Y-%m-%dT%H:%M}"


def _form(
    admin: Admin, values: Mapping[str, str], number: int | None = None, status: int = 200, **more: Any
) -> AnyResponse:
    given = {
        "choices": targets.choices(admin.store, me(), admin.clock()),
        "longest": (notices.LONGEST_TITLE, notices.LONGEST_TEXT),
        "zone": admin.settings.timezone,
    }
    return frame.page("admin/notice.html", status, here="notices", values=values, number=number, **given, **more)
