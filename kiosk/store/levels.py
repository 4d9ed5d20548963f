"""The words that hold in a whole organisation, building or floor, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from peewee import Database

from kiosk.store.plain import rows, run

LevelName = Literal["organisation", "building", "floor"]
NOTHING = "{}"
# Between a building and its floor: no line of the Directory has one.
BREAK = "\n"


@dataclass(frozen=True, slots=True)
class Level:
    """The organisation, one of its buildings, or with `floor` one of the building's floors."""

    building: str = ""
    floor: str = ""

    @property
    def key(self) -> tuple[LevelName, str]:
        """Return how the level is stored."""
        if self.floor:
            return "floor", f"{self.building}{BREAK}{self.floor}"
        return ("building", self.building) if self.building else ("organisation", "")

    def __str__(self) -> str:
        """Name the level in a sentence."""
        if self.floor:
            return f"the floor {self.floor!r} of {self.building!r}"
        return f"the building {self.building!r}" if self.building else "the organisation"


ORGANISATION = Level()


@dataclass(frozen=True, slots=True)
class Texts:
    """The stored words of every level that says something."""

    found: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, level: Level) -> str:
        """Return one level's own words."""
        return self.found.get(level.key, NOTHING)

    def above(self, building: str, floor: str) -> tuple[str, str, str]:
        """Return the words of a room's organisation, building and floor."""
        if len(self.found) == 0:
            return NOTHING, NOTHING, NOTHING
        in_building = self.of(Level(building)) if building else NOTHING
        on_floor = self.of(Level(building, floor)) if floor else NOTHING
        return self.of(ORGANISATION), in_building, on_floor

    def levels(self) -> list[Level]:
        """Return the levels that say something."""
        return [_level(*key) for key in sorted(self.found)]


def texts(db: Database) -> Texts:
    """Return all words of all levels: one short query, for it is asked with every look at a room."""
    return Texts({(level, name): words for level, name, words in rows(db, "SELECT level, name, words FROM level")})


def write(db: Database, level: Level, text: str) -> None:
    """Write a level's words over what was known; one that says nothing is not kept."""
    run(db, "DELETE FROM level WHERE level = ? AND name = ?", *level.key)
    if text != NOTHING:
        run(db, "INSERT INTO level (level, name, words) VALUES (?, ?, ?)", *level.key, text)


def _level(level: str, name: str) -> Level:
    if level == "organisation":
        return ORGANISATION
    building, _, floor = name.partition(BREAK)
    return Level(building, floor)
