"""When a device's screen is meant to be lit: by the rooms that it shows, or as is said of the device itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from kiosk.schedule import hours, policy
from kiosk.schedule.hours import Hours
from kiosk.schedule.model import Light, Policy, Room

# Hours, each in its zone; None stands for always.
Lights: TypeAlias = "frozenset[tuple[Hours, ZoneInfo]] | None"
ALWAYS: Lights = None


def lights(words: Mapping[str, str], rooms: Iterable[Room]) -> Lights:
    """Return when the screen of a device is lit that says `words` and shows those rooms: as long as any of them is."""
    found: set[tuple[Hours, ZoneInfo]] = set()
    for room in rooms:
        bright = _bright(words, room.policy)
        if bright is None:
            return ALWAYS
        found.add((bright, room.zone))
    return frozenset(found) or ALWAYS


def is_dark(found: Lights, now: datetime) -> bool:
    """Tell whether a screen is meant to be dark."""
    return found is not None and not any(hours.is_open(one, now, zone) for one, zone in found)


def write(found: Lights) -> str:
    """Return the hours as people write them, with commas between them; empty for always."""
    return ", ".join(sorted({hours.write(one) for one, _zone in found or ()}))


def _bright(words: Mapping[str, str], rules: Policy) -> Hours | None:
    light: Light | Hours = rules.light
    if "light" in words:
        light = policy.read({"light": words["light"]}).light
    if light == "always":
        return None
    return light if isinstance(light, Hours) else rules.hours
