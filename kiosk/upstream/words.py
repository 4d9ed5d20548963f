"""What a hub and its followers say to each other about bookings, as JSON; both sides use these words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, get_args

from kiosk import clock
from kiosk.schedule.model import Event, Person
from kiosk.source import Outcome, Parcel, ParcelAct, ParcelState

# Calendars of a hub are named by its rooms' numbers, which never change.
CALENDAR = "hub:"
INSTANTS = ("start", "end", "created", "updated", "asked_at")
STANDARD = Event("", clock.DAWN, clock.DAWN)


def calendar_id(room_id: int) -> str:
    """Return the name under which a follower knows a room of its hub."""
    return f"{CALENDAR}{room_id}"


def room_id(calendar: str) -> int:
    """Return the hub's number of a room."""
    return int(calendar.removeprefix(CALENDAR))


def event_said(event: Event) -> dict[str, Any]:
    """Return an event as JSON, without what is as with most."""
    said = {name: _said(getattr(event, name)) for name in _names(Event)}
    return {name: value for name, value in said.items() if value != _said(getattr(STANDARD, name))}


def event(said: Mapping[str, Any]) -> Event:
    """Read an event. Raises KeyError, TypeError or ValueError for what is none."""
    values = {name: _heard(name, said[name]) for name in _names(Event) if name in said}
    return Event(**values)


def parcel_said(parcel: Parcel) -> dict[str, Any]:
    """Return a parcel as JSON."""
    said = {name: _said(getattr(parcel, name)) for name in _names(Parcel) if name != "calendar_id"}
    return {"room": room_id(parcel.calendar_id), **said}


def parcel(said: Mapping[str, Any]) -> Parcel:
    """Read a parcel. Raises KeyError, TypeError or ValueError for what is none."""
    values = {name: _heard(name, said[name]) for name in _names(Parcel) if name != "calendar_id"}
    if values["act"] not in get_args(ParcelAct) or (values["act"] == "book" and not (said["start"] and said["end"])):
        raise ValueError("no such parcel")
    texts = (values["id"], values["event_id"], values["title"])
    if not all(isinstance(one, str) for one in texts) or not isinstance(values["series"], bool):
        raise TypeError("not a text")
    if values["asked_at"] is None:
        raise TypeError("not a time")
    return Parcel(calendar_id=calendar_id(int(said["room"])), **values)


def outcome_said(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON."""
    events = [event_said(one) for one in outcome.events]
    return {"state": outcome.state, "reason": outcome.reason, "events": events, "gone": list(outcome.gone)}


def outcome(said: Mapping[str, Any]) -> Outcome:
    """Read an outcome. Raises KeyError, TypeError or ValueError for what is none."""
    if said["state"] not in get_args(ParcelState):
        raise ValueError("no such state")
    events = tuple(event(one) for one in said["events"])
    return Outcome(said["state"], str(said["reason"]), events, tuple(map(str, said["gone"])))


def _names(kind: type) -> list[str]:
    return [one.name for one in fields(kind)]


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    return {"email": value.email, "name": value.name} if isinstance(value, Person) else value


def _heard(name: str, value: Any) -> Any:
    if name in INSTANTS:
        return None if value is None else clock.parse(value)
    return Person(value["email"], value["name"]) if name == "organizer" and value else value
