"""The section Doctor: what works between this server and Google, and how to mend what does not."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.wrappers import Response as AnyResponse

from kiosk.doctor import report, visit
from kiosk.doctor.findings import TITLES, Finding
from kiosk.doctor.report import Report
from kiosk.errors import NotFound, UsageError
from kiosk.store import rooms, tasks
from kiosk.sync.linking import Report as Progress
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import needs

TASK = "doctor"
HERE = "/admin/doctor"


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("doctor", "Doctor", HERE, order=75))
    routes = frame.blueprint("doctor")

    @routes.get("/doctor")
    @needs()
    def last() -> AnyResponse:
        return frame.page("admin/doctor.html", here="doctor", **_shown(admin))

    @routes.get("/doctor.part")
    @needs()
    def part() -> AnyResponse:
        return frame.part("admin/doctor_part.html", **_shown(admin))

    @routes.get("/doctor.json")
    @needs()
    def data() -> Response:
        found = report.last(admin.store)
        if found is None:
            raise NotFound("The doctor has not been here yet.")
        return jsonify(found.as_json())

    @routes.post("/doctor")
    @needs()
    def call() -> AnyResponse:
        if not admin.connecting.accesses.connected():
            raise UsageError("There is nothing to look at yet: connect Google first.")
        admin.background.start(TASK, lambda progress: _visit(admin, progress))
        admin.record("doctor")
        return frame.done("The doctor is on the way; this page fills in by itself.", HERE)

    app.register_blueprint(routes)


def _visit(admin: Admin, progress: Progress) -> str:
    findings: list[Finding] = []
    progress(0, 0, "Looking at the connection")

    def told(done: int, everything: int) -> None:
        progress(done, everything, f"Looking at the rooms: {done} of {everything}")

    for finding in visit.examine(admin.practice, (), told):
        findings.append(finding)
    made = Report(admin.clock(), tuple(findings))
    report.keep(admin.store, made)
    return f"{made.count('pass')} passed, {made.count('warn')} warnings, {made.count('fail')} failed."


def _shown(admin: Admin) -> dict[str, Any]:
    with admin.store.read() as db:
        task = tasks.latest(db, TASK, admin.clock())
        names = {one.room.slug: one.room.name for one in rooms.every(db)}
    return {"report": report.last(admin.store), "task": task, "names": names, "titles": TITLES}
