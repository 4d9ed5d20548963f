"""The script with which a browser keeps screens on its machine, to show them while the server is away."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Blueprint, Response

from displays import REGISTRY
from kiosk.resources import resource

# What tells a screen's page, which may be kept, from every other answer.
MARK = "Kiosk-Page"
# What says that a page asks for the rest of its scenes, and what asks for one that has them all in itself.
REST, WHOLE = "Kiosk-Rest", "Kiosk-Whole"
SCRIPT = "js/worker.js"
MADE_OF = ("js/*.js", "css/*.css", "vendor/socket.io/*.js", "icon.svg")


def install(routes: Blueprint, build: str) -> None:
    """Add the address of the script; it keeps what lies beside it and below, so that address is the root's."""
    text = script(build)

    @routes.get("/worker.js")
    def worker() -> Response:
        answer = Response(text, mimetype="text/javascript")
        answer.cache_control.no_cache = True
        return answer


def script(build: str) -> str:
    """Return the script of a build; it differs between builds, which is how browsers find the next one."""
    facts = {"build": build, "screens": sorted(REGISTRY), "assets": [f"/static/{build}/{path}" for path in assets()]}
    return f"const FACTS = {json.dumps(facts)};\n{(Path(resource('static')) / SCRIPT).read_text(encoding='utf-8')}"


def assets() -> list[str]:
    """Return the files, below static/, that screens of any kind may load; fonts and pictures are kept when used."""
    folder = Path(resource("static"))
    found = (path.relative_to(folder).as_posix() for pattern in MADE_OF for path in folder.glob(pattern))
    return sorted(set(found) - {SCRIPT})
