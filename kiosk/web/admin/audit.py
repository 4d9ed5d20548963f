"""The section Audit: every act that was done, searched, and taken along as a file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from flask import Flask, Response, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.store import acts
from kiosk.store.acts import Act, Search
from kiosk.store.extract import as_csv_text, as_json_text
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import needs

ON_A_PAGE = 100
IN_A_FILE = 100_000
WORDS = ("actor", "act", "room", "result", "text")


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("audit", "Audit", "/admin/audit", order=90))
    routes = frame.blueprint("audit")

    @routes.get("/audit")
    @needs()
    def look() -> AnyResponse:
        found = admin.store.report(acts.search, _asked(admin), ON_A_PAGE + 1, _before())
        shown = found[:ON_A_PAGE]
        older = _link("/admin/audit", before=str(shown[-1][0])) if len(found) > ON_A_PAGE else ""
        with admin.store.read() as db:
            begins = acts.begins(db)
        files = {kind: _link(f"/admin/audit.{kind}") for kind in ("csv", "json")}
        return frame.page(
            "admin/audit.html",
            here="audit",
            acts=shown,
            older=older,
            files=files,
            asked=request.args,
            told=told,
            begins=begins,
        )

    @routes.get("/audit.csv")
    @needs()
    def as_csv() -> Response:
        return _file(admin.store.report(as_csv_text, _asked(admin), IN_A_FILE), "text/csv", "csv")

    @routes.get("/audit.json")
    @needs()
    def as_json() -> Response:
        return _file(admin.store.report(as_json_text, _asked(admin), IN_A_FILE), "application/json", "json")

    app.register_blueprint(routes)


def told(act: Act) -> tuple[list[datetime], str]:
    """Return the times that an act tells beside, and the rest of it in one line."""
    detail = {name: value for name, value in act.detail.items() if value != ""}
    edges = [detail.pop(edge, "") for edge in ("start", "end")]
    times = [clock.DAWN + timedelta(milliseconds=edge) for edge in edges if isinstance(edge, int)]
    return times, ", ".join(f"{name} {value}" for name, value in detail.items())


def _asked(admin: Admin) -> Search:
    words = {name: request.args.get(name, "").strip()[:200] for name in WORDS}
    zone = admin.settings.timezone
    since, until = _day("from", zone, 0), _day("to", zone, 1)
    return Search(**words, since=since, until=until)


def _day(name: str, zone: str, days: int) -> datetime | None:
    """Return the beginning of a day that was asked for, or of the one after it."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return clock.local_midnight(date.fromisoformat(text) + timedelta(days=days), clock.zone(zone))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no day: write it like 2026-08-10.") from error


def _before() -> int | None:
    text = request.args.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _link(path: str, **more: str) -> str:
    kept = {name: value for name, value in request.args.items() if name != "before" and value}
    asked = urlencode(kept | more)
    return f"{path}?{asked}" if asked else path


def _file(text: str, kind: str, ending: str) -> Response:
    answer = Response(text, mimetype=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename=acts.{ending}"
    return answer
