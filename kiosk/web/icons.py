"""The shapes of statuses and keys, which displays carry in themselves so that none is waited for."""

from __future__ import annotations

from flask import Flask
from markupsafe import Markup

from kiosk.resources import resource


def install(app: Flask) -> None:
    """Give templates `icons`, the symbols of static/icons.svg."""
    text = (resource("static") / "icons.svg").read_text(encoding="utf-8")
    app.jinja_env.globals["icons"] = Markup("".join(line for line in text.splitlines() if not line.startswith("<!--")))
