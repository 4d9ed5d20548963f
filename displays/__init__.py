"""The kinds of screen there are; a new one is a module here, its template, and one line in the registry."""

from __future__ import annotations

from displays import door, floor, lobby
from displays.scene import Display, Scene

__all__ = ["REGISTRY", "Display", "Scene"]

REGISTRY: dict[str, Display] = {
    "door": Display("door", "door.html", "door_slots.html", door.SLOTS, door.project, door.unknown),
    "lobby": Display("lobby", "lobby.html", "lobby_slots.html", lobby.SLOTS, lobby.project, lobby.unknown),
    "floor": Display("floor", "floor.html", "floor_slots.html", floor.SLOTS, floor.project, floor.unknown),
}
