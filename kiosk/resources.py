"""Where the files that are not Python lie, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def resource(name: str, package: Path = PACKAGE) -> Path:
    """Return the folder of that name: "templates", "static", "translations" or "deploy/raspberrypi".

    A wheel carries them in `_data` of the package, so that no other package's "templates" is taken for ours;
    a checkout has them beside the package. Translations lie inside the package in both.
    Raises FileNotFoundError with a sentence when this installation lacks it.
    """
    wheel = package / "_data"
    home = wheel if wheel.is_dir() else package.parent
    for place in (home / name, package / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"There is no {name!r} in {home} or {package}: install the product again.")
