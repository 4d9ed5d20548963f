"""What is told to screens beside their rooms: notices and emergencies, where they are to be seen, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kiosk.schedule.model import Room

Kind = Literal["notice", "emergency"]
Level = Literal["info", "warning"]
Where = Literal["organisation", "building", "floor", "room", "screen"]
# Displays of many rooms: what is for one room alone would be out of place there.
BOARDS = ("lobby", "floor")
# Between a building and its floor: no line of the Directory has one.
BREAK = "\n"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a notice is for; `value`: a building, a building and its floor, a room's slug, or "lobby/all"."""

    where: Where = "organisation"
    value: str = ""

    @property
    def key(self) -> str:
        """The word by which screens know that something is for them."""
        return f"{self.where}:{self.value}"

    @property
    def parts(self) -> dict[str, str]:
        """The target as JSON and forms say it; nothing for the organisation."""
        if self.where == "floor":
            building, _, floor = self.value.partition(BREAK)
            return {"building": building, "floor": floor}
        return {} if self.where == "organisation" else {self.where: self.value}

    def __str__(self) -> str:
        """Name it in a sentence."""
        if self.where == "floor":
            return "{building}, floor {floor}".format(**self.parts)
        return self.value if self.where == "building" else f"the {self.where} {self.value}".strip()


ORGANISATION = Target()


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice or an emergency; instants in UTC. `end`: None until somebody ends it, `ended_at`: when somebody did.

    `level`: how urgent a notice is; an emergency has none above it.
    """

    id: int
    kind: Kind
    level: Level
    title: str
    text: str
    start: datetime
    end: datetime | None
    target: Target
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str

    def is_over(self, now: datetime) -> bool:
        """Tell whether no screen is to show it any more."""
        return self.ended_at is not None or (self.end is not None and self.end <= now)

    def is_running(self, now: datetime) -> bool:
        """Tell whether screens are to show it now."""
        return self.start <= now and not self.is_over(now)


def floor_of(building: str, floor: str) -> Target:
    """Return one floor of a building."""
    return Target("floor", f"{building}{BREAK}{floor}")


def listens(display: str, slug: str, rooms: Iterable[Room]) -> frozenset[str]:
    """Return the keys of all targets that a screen of these rooms is part of."""
    targets = {ORGANISATION, Target("screen", f"{display}/{slug}")}
    for room in rooms:
        targets |= {Target("building", room.building)} if room.building else set()
        targets |= {floor_of(room.building, room.floor)} if room.building and room.floor else set()
        targets |= {Target("room", room.slug)} if display not in BOARDS else set()
    return frozenset(target.key for target in targets)
