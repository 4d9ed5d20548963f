"""The frame of the administration: its sections, who sees which, and how pages answer, refuse and report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, current_app, flash, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.booking.desk import Desk
from kiosk.booking.forgetter import Forgetter
from kiosk.doctor.practice import Practice
from kiosk.errors import KioskError, NotFound, UsageError
from kiosk.notify.notifier import Notifier
from kiosk.settings import Settings
from kiosk.store import acts
from kiosk.store.accounts import Role
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.sync.background import Background
from kiosk.sync.connecting import Connecting
from kiosk.sync.linking import Linking
from kiosk.web import outcomes
from kiosk.web.asking import place
from kiosk.web.fleet import Fleet
from kiosk.web.identity import Identities, Identity, check_csrf, identities, inside, needs, wants_data
from kiosk.web.problems import Problem, response
from kiosk.web.signin import SignIn

__all__ = ["Admin", "Section", "blueprint", "done", "in_vain", "install", "needs", "open_to_all", "page", "part"]

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the menu, seen by administrators and those roles; smaller `order` stands further up."""

    slug: str
    title: str
    path: str
    roles: tuple[Role, ...] = ()
    order: int = 50

    def is_for(self, role: Role | None) -> bool:
        """Tell whether somebody of that role sees it."""
        return role == "admin" or role in self.roles


@dataclass(frozen=True, slots=True)
class Admin:
    """What the administration's pages need; `screens` counts those that are connected.

    `hush` ends what announces changes of rooms that are no longer linked.
    """

    store: Store
    settings: Settings
    identities: Identities
    sign_in: SignIn
    clock: clock.Clock
    notifier: Notifier
    forgetter: Forgetter
    desk: Desk
    linking: Linking
    background: Background
    connecting: Connecting
    hush: Callable[[], None]
    practice: Practice
    screens: Callable[[], int]
    fleet: Fleet
    sections: list[Section] = field(default_factory=list)

    def add(self, section: Section) -> None:
        """Add a section to the menu."""
        self.sections.append(section)
        self.sections.sort(key=lambda one: one.order)

    def record(self, act: str, result: str = "done", room: str = "", event_id: str = "", **detail: str | int) -> None:
        """Write down in the log of acts what who is signed in has just done, from where; `result`: done or refused."""
        found = self.identities.current()
        actor = found.email if found else "stranger"
        self.store.write(acts.record, Act(self.clock(), actor, place(), act, room, event_id, result, "", detail))


def install(app: Flask, admin: Admin) -> None:
    """Prepare the app for the administration's pages."""
    app.extensions["admin"] = admin
    app.jinja_env.filters["moment"] = _moment(ZoneInfo(admin.settings.timezone))


def blueprint(name: str) -> Blueprint:
    """Return a blueprint under /admin whose views are refused unless they say who may see them (`needs`)."""
    routes = Blueprint(f"admin_{name}", __name__, url_prefix="/admin")
    routes.before_request(check_csrf)
    routes.before_request(_check_stated)
    routes.after_request(_keep_private)
    routes.register_error_handler(Problem, _refuse)
    routes.register_error_handler(NotFound, lambda error: _refuse(outcomes.missing(error)))
    routes.register_error_handler(UsageError, _fail)
    routes.register_error_handler(KioskError, _fail)
    routes.register_error_handler(HTTPException, _http)
    return routes


def open_to_all(view: View) -> View:
    """Let everybody see a view of the administration, whether they are signed in or not."""
    view.roles = None  # type: ignore[attr-defined]
    return view


def page(template: str, status: int = 200, **values: Any) -> AnyResponse:
    """Render a page in the frame; `here` in `values` names the section whose entry is marked."""
    return make_response(render_template(template, **_menu(), **values), status)


def part(template: str, **values: Any) -> AnyResponse:
    """Render a part of a page, which scripts put in place of an element with `data-live`."""
    return make_response(render_template(template, **values))


def done(text: str, address: str) -> AnyResponse:
    """Go on to a page of ours, which says that something was done."""
    return _go_on("good", text, address)


def in_vain(text: str, address: str) -> AnyResponse:
    """Go on to a page of ours, which says why nothing was done."""
    return _go_on("bad", text, address)


def home(found: Identity | None) -> str:
    """Return where somebody begins: the first section of their menu."""
    visible = _visible(found)
    return visible[0].path if visible else "/"


def back(otherwise: str = "/admin/") -> str:
    """Return the page of ours that a form was sent from."""
    parts = urlsplit(request.headers.get("Referer", ""))
    from_us = parts.netloc == request.host and parts.path.startswith("/admin")
    return inside(f"{parts.path}?{parts.query}" if parts.query else parts.path, otherwise) if from_us else otherwise


def _go_on(kind: str, text: str, address: str) -> AnyResponse:
    flash(text, kind)
    return redirect(inside(address, "/admin/"), 303)


def _menu() -> dict[str, Any]:
    found = identities().current()
    return {"person": found, "sections": _visible(found)}


def _visible(found: Identity | None) -> list[Section]:
    admin: Admin = current_app.extensions["admin"]
    return [section for section in admin.sections if found and section.is_for(found.role)]


def _check_stated() -> None:
    """Refuse a view that forgot to say who may see it."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and not hasattr(view, "roles"):
        raise Problem(403, "role", "Refused", "Nobody may see this page.")


def _keep_private(answer: Any) -> Any:
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _refuse(problem: Problem) -> Any:
    if wants_data():
        return response(problem)
    answer = page("admin/problem.html", problem.status, title=problem.title, detail=problem.detail)
    answer.headers.extend(problem.headers)
    return answer


def _http(error: HTTPException) -> Any:
    return _refuse(Problem(error.code or 500, "http", error.name, error.description or ""))


def _fail(error: KioskError) -> Any:
    """A form that cannot be followed leads back to where it was, with the reason; a page says it itself."""
    status = 422 if isinstance(error, UsageError) else 503
    if wants_data():
        return response(Problem(status, "failed", "Not done", str(error)))
    if request.method == "GET":
        return page("admin/problem.html", status, title="This page cannot be shown now", detail=str(error))
    return in_vain(str(error), back())


def _moment(home: ZoneInfo) -> Callable[..., str]:
    def write(instant: datetime | None, zone: ZoneInfo | None = None) -> str:
        """Write an instant in a room's zone, or (None) the organisation's: 22 Nov 2026, 14:05."""
        if instant is None:
            return "never"
        local = instant.astimezone(zone or home)
        return f"{local.day} {local:%b %Y, %H:%M}"

    return write
