"""The section Webhooks: who outside is told what happens, with a log of every message and a way to send it again."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import UsageError
from kiosk.store import deliveries, webhooks
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import me, needs

PAGE = "/admin/webhooks"
SHOWN = 50


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("webhooks", "Webhooks", PAGE, order=80))
    routes = frame.blueprint("webhooks")

    @routes.get("/webhooks")
    @needs()
    def every() -> AnyResponse:
        return _page(admin)

    @routes.get("/webhooks.part")
    @needs()
    def log() -> AnyResponse:
        return frame.part("admin/webhooks_part.html", **_log(admin))

    @routes.post("/webhooks")
    @needs()
    def add() -> AnyResponse:
        return _add(admin)

    @routes.post("/webhooks/<int:number>/<act>")
    @needs()
    def change(number: int, act: str) -> AnyResponse:
        return _change(admin, number, act)

    @routes.post("/webhooks/mail")
    @needs()
    def mail() -> AnyResponse:
        admin.store.write(deliveries.mail, me().email, webhooks.PING, {}, admin.clock())
        admin.record("test_mail")
        return frame.done(f"A mail to {me().email} is on its way: the log below says what becomes of it.", PAGE)

    @routes.post("/deliveries/<number>/retry")
    @needs()
    def retry(number: str) -> AnyResponse:
        admin.store.write(deliveries.retry, number, admin.clock())
        admin.record("retry_delivery", delivery=number)
        return frame.done("It is tried again now.", frame.back(PAGE))

    app.register_blueprint(routes)


def _page(admin: Admin, status: int = 200, **more: Any) -> AnyResponse:
    settings = admin.settings
    given = {
        "events": webhooks.EVENTS,
        "mail_server": bool(settings.smtp_url),
        "sender": settings.mail_from,
        "private": settings.private_webhooks,
    }
    return frame.page("admin/webhooks.html", status, here="webhooks", **given, **_log(admin), **more)


def _log(admin: Admin) -> dict[str, Any]:
    with admin.store.read() as db:
        known = {one.id: one for one in webhooks.every(db)}
        return {"hooks": known, "log": deliveries.recent(db, SHOWN), "waiting": deliveries.waiting(db)}


def _add(admin: Admin) -> AnyResponse:
    url, events = request.form.get("url", ""), request.form.getlist("events")
    try:
        admin.notifier.check(url)
        added, secret = admin.store.write(webhooks.add, url, events, admin.clock())
    except UsageError as error:
        return _page(admin, 422, error=str(error), url=url, wanted=events)
    admin.record("add_webhook", webhook=added.id, url=added.url)
    return _page(admin, 201, added=added, secret=secret)


def _change(admin: Admin, number: int, act: str) -> AnyResponse:
    with admin.store.read() as db:
        hook = webhooks.find(db, number)
    if act == "test":
        data = {"from": "room-kiosk"}
        admin.store.write(deliveries.announce_to, number, webhooks.PING, data, admin.clock())
        said = "A trial is on its way: the log below says what becomes of it."
    elif act in {"on", "off"}:
        admin.store.write(webhooks.switch, number, act == "on")
        said = f"{hook.url} is told things again." if act == "on" else f"{hook.url} is told nothing any more."
    elif act == "remove":
        admin.store.write(webhooks.remove, number)
        said = f"{hook.url} is removed, with what was still to be told to it."
    else:
        raise UsageError("A webhook is tested, switched on or off, or removed.")
    admin.record(f"{act}_webhook", webhook=number, url=hook.url)
    return frame.done(said, PAGE)
