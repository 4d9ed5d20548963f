"""The kinds of screen there are; a new one is a module here, its template, and one line in the registry."""

from __future__ import annotations

from displays import door, doors, floor, lobby, phone
from displays.scene import Display, Scene

__all__ = ["REGISTRY", "Display", "Scene"]

REGISTRY: dict[str, Display] = {
    "door": Display("door", "door.html", "door_slots.html", door.SLOTS, door.project, door.unknown),
    "doors": Display("doors", "doors.html", "door_slots.html", doors.SLOTS, doors.project, doors.unknown),
    "lobby": Display("lobby", "lobby.html", "lobby_slots.html", lobby.SLOTS, lobby.project, lobby.unknown),
    "phone": Display("phone", "phone.html", "phone_slots.html", phone.SLOTS, phone.project, phone.unknown),
    "floor": Display("floor", "floor.html", "floor_slots.html", floor.SLOTS, floor.project, floor.unknown),
}
