"""The section Overview: the state of the whole, live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.doctor import report
from kiosk.doctor.report import Report
from kiosk.store import overview
from kiosk.store.overview import Overview, Trouble
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import may_see, me, needs


@dataclass(frozen=True, slots=True)
class Status:
    """What the page shows, as of an instant."""

    now: datetime
    state: Overview
    troubles: list[Trouble]
    connected: bool
    domain: str
    account: str
    minute_left: int
    day_left: int
    screens: int
    report: Report | None


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    app.jinja_env.filters["ago"] = ago
    admin.add(Section("overview", "Overview", "/admin/", roles=("manager", "viewer"), order=10))
    routes = frame.blueprint("overview")

    @routes.get("/")
    @needs("manager", "viewer")
    def whole() -> AnyResponse:
        return frame.page("admin/overview.html", here="overview", found=_status(admin))

    @routes.get("/overview.part")
    @needs("manager", "viewer")
    def part() -> AnyResponse:
        return frame.part("admin/overview_part.html", found=_status(admin))

    @routes.get("/status.json")
    @needs("manager", "viewer")
    def data() -> Response:
        return jsonify(_as_json(_status(admin)))

    app.register_blueprint(routes)


def _status(admin: Admin) -> Status:
    now = admin.clock()
    with admin.store.read() as db:
        state = overview.read(db, now)
    found = admin.connecting.current()
    access = admin.connecting.accesses.current()
    minute, day = admin.practice.left()
    subject = access.subject or access.admin_subject
    own = found if found and not admin.connecting.accesses.named.file else None
    return Status(
        now=now,
        state=state,
        troubles=[one for one in state.troubles if may_see(me(), one.stored)],
        connected=bool(access.file),
        domain=own.domain if own else subject.partition("@")[2],
        account=subject or (own.account if own else ""),
        minute_left=minute,
        day_left=day,
        screens=admin.screens(),
        report=report.last(admin.store),
    )


def _as_json(status: Status) -> dict[str, Any]:
    state = status.state
    return {
        "as_of": clock.iso(status.now),
        "connected": status.connected,
        "domain": status.domain,
        "rooms": state.rooms,
        "linked": state.linked,
        "announced": state.announced,
        "updated_at": _stamp(state.updated_at),
        "troubles": [
            {"room": one.stored.room.slug, "reason": one.reason, "grave": one.grave, "as_of": _stamp(one.checked_at)}
            for one in status.troubles
        ],
        "journal": {"waiting": state.waiting, "since": _stamp(state.waiting_since)},
        "people": {"known": state.people, "as_of": _stamp(state.people_at)},
        "requests_left": {"minute": status.minute_left, "day": status.day_left},
        "screens": status.screens,
    }


def ago(instant: datetime, now: datetime) -> str:
    """Write how long ago an instant was: 12 s ago, 3 min ago, 2 h ago, 4 d ago."""
    seconds = max(0, int((now - instant).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def _stamp(instant: datetime | None) -> str | None:
    return clock.iso(instant) if instant else None
