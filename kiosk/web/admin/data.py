"""The section Data: after how long names are forgotten, and forgetting one person at their request."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import UsageError
from kiosk.store import erasing, forgetting
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import needs

PAGE = "/admin/data"


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("data", "Data", PAGE, order=92))
    routes = frame.blueprint("data")

    @routes.get("/data")
    @needs()
    def look() -> AnyResponse:
        with admin.store.read() as db:
            days, last = forgetting.after_days(db), forgetting.last(db)
        return frame.page("admin/data.html", here="data", days=days, last=last, most=forgetting.MOST_DAYS)

    @routes.post("/data/days")
    @needs()
    def keep_for() -> AnyResponse:
        text = request.form.get("days", "").strip()
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise UsageError("Write a whole number of days, or 0 for never.")
        admin.store.write(forgetting.set_after_days, int(text))
        admin.record("forget_after", days=int(text))
        said = f"Names are forgotten {text} days after a booking." if int(text) else "Names are kept."
        return frame.done(said, PAGE)

    @routes.post("/data/erase")
    @needs()
    def erase() -> AnyResponse:
        done, upcoming = admin.forgetter.erase(request.form.get("email", ""))
        # The log must not say again who was just taken out of it.
        admin.record("erase_person", rows=done.total)
        return frame.done(erasing.said_of(done, upcoming), PAGE)

    app.register_blueprint(routes)
