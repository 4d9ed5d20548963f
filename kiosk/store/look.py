"""The look of an organisation: its logo and its colour, which can never make a page hard to read."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass

from peewee import Database

from kiosk.errors import UsageError
from kiosk.store import colours, facts
from kiosk.store.logos import Logo

LOOK, VERSION = "look", "look_version"
INKS = ("#ffffff", "#001409")
# What static/css/tokens.css paints pages with, by day and by night: an accent is read on both grounds.
GROUNDS = {"day": ("#fafaf8", "#ffffff"), "night": ("#101512", "#19201b")}


@dataclass(frozen=True, slots=True)
class Look:
    """A theme: the accent by `day` and by `night`, "#rrggbb" or empty for ours; `dark_plate`: for a light logo."""

    day: str = ""
    night: str = ""
    logo: Logo | None = None
    dark_plate: bool = False


class Unreadable(UsageError):
    """An accent that is not read well enough: `offers` are the nearest that are, by day or by night (`time`)."""

    def __init__(self, time: str, accent: str, offers: list[str]) -> None:
        """Say so."""
        self.time, self.accent, self.offers = time, accent, offers
        super().__init__(
            f"{accent} is not read well enough on pages by {time} (contrast {_worst(accent, time):.1f}, "
            f"{colours.READABLE} is needed). The nearest that is: {' or '.join(offers)}."
        )


def version(db: Database) -> str:
    """Return what names the look that holds, empty for ours."""
    return facts.read(db, VERSION) or ""


def read(db: Database) -> Look:
    """Return the look that holds."""
    kept = json.loads(facts.read(db, LOOK) or "{}")
    picture = kept.pop("logo", None)
    return Look(**kept, logo=Logo(**picture | {"content": base64.b64decode(picture["content"])}) if picture else None)


def write(db: Database, look: Look) -> str:
    """Keep a look, and return its version. Raises UsageError for a colour that would be hard to read."""
    checked = matched(look)
    values = asdict(checked)
    if checked.logo:
        values["logo"]["content"] = base64.b64encode(checked.logo.content).decode()
    text = json.dumps(values, sort_keys=True)
    facts.write(db, LOOK, text)
    facts.write(db, VERSION, hashlib.sha256(text.encode()).hexdigest()[:16] if checked != Look() else "")
    return version(db)


def matched(look: Look) -> Look:
    """Return a look whose accents are read well, the night's made of the day's where it is empty. Raises UsageError."""
    day, night = _code(look.day), _code(look.night)
    if night and not day:
        raise UsageError("Choose the accent by day first: the night's follows it.")
    for time, accent in (("day", day), ("night", night)):
        if accent and not _passes(accent, time):
            raise Unreadable(time, accent, offers(accent, time))
    return Look(day, night or (offers(day, "night")[0] if day else ""), look.logo, look.dark_plate)


def offers(accent: str, time: str) -> list[str]:
    """Return the nearest accents that are read well by day or by night."""
    return colours.nearest(accent, lambda code: _passes(code, time))


def ink(accent: str) -> str:
    """Return the colour of words on an accent."""
    return colours.better(accent, *INKS)


def _passes(accent: str, time: str) -> bool:
    return _worst(accent, time) >= colours.READABLE


def _worst(accent: str, time: str) -> float:
    return min(colours.contrast(accent, other) for other in (*GROUNDS[time], ink(accent)))


def _code(text: str) -> str:
    code = text.strip().lower()
    code = "#" + "".join(sign * 2 for sign in code[1:]) if len(code) == 4 else code
    if code and not colours.CODE.fullmatch(code):
        raise UsageError(f"{text!r} is no colour: write it like #00613a.")
    return code
