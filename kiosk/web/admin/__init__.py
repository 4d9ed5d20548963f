"""The administration's pages: one module for each section, all in the frame."""

from __future__ import annotations

from flask import Flask

from kiosk.web.admin import (
    audit,
    boards,
    bookings,
    data,
    devices,
    doctor,
    emergency,
    entry,
    frame,
    google,
    levels,
    look,
    notices,
    overview,
    people,
    plans,
    problems,
    rooms,
    services,
    webhooks,
)
from kiosk.web.admin.frame import Admin

__all__ = ["Admin", "install"]


def install(app: Flask, admin: Admin) -> None:
    """Add the administration to the app."""
    frame.install(app, admin)
    entry.install(app, admin)
    people.install(app, admin)
    rooms.install(app, admin)
    bookings.install(app, admin)
    boards.install(app, admin)
    devices.install(app, admin)
    levels.install(app, admin)
    overview.install(app, admin)
    google.install(app, admin)
    doctor.install(app, admin)
    services.install(app, admin)
    notices.install(app, admin)
    emergency.install(app, admin)
    problems.install(app, admin)
    plans.install(app, admin)
    webhooks.install(app, admin)
    audit.install(app, admin)
    data.install(app, admin)
    look.install(app, admin)
