"""The page of a screen: in one language, or in two between which it turns by itself."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, render_template
from markupsafe import Markup

from kiosk.web.wording import spoken

SECOND = "SECOND_LANGUAGE"


def install(app: Flask, second: str) -> None:
    """Let the screens of the app turn to a second language, "" for none."""
    app.config[SECOND] = second


def page(template: str, **values: Any) -> str:
    """Draw a screen's page; where there is a second language, all its fixed words come along in that one too."""
    second = current_app.config.get(SECOND)
    return render_template(template, **values, second=_fixed(template, second, values) if second else "")


def _fixed(template: str, language: str, values: dict[str, Any]) -> Markup:
    """Draw the page once more without what the scenes bring, which come in both languages already."""
    with spoken(language):
        bare = {**values, "current": {}, "panes": [{**pane, "current": {}} for pane in values.get("panes", ())]}
        return Markup(render_template(template, **bare, within="second.html", second=""))
