"""The words of each mail, in the language of whoever is handed over as `_`; rows hold facts only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk import clock
from kiosk.schedule import usage

Say = Callable[..., str]


def plain(text: str, **values: object) -> str:
    """Return the text as it is, its %(names)s filled in."""
    return text % values if values else text


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject and text."""

    subject: str
    text: str


def write(event: str, data: Mapping[str, Any], base: str, _: Say) -> Letter:
    """Return the mail for an event about a service, a problem or machines; `base`: this server's address, or empty."""
    if event == "ping":
        return Letter(_("A trial from the rooms"), _("Mail from this server arrives."))
    if event.startswith("problem."):
        return _problem(data, base, _)
    if event == "occupancy.report":
        return _occupancy(data, base, _)
    if event.startswith("device"):
        return _machines(event, data, base)
    values = {"service": data["service"], "room": data["room_name"], "when": _when(data)}
    return Letter(_one_line(_subject(event, data, values, _)), "\n".join(_lines(data, values, base, _)))


def _problem(data: Mapping[str, Any], base: str, _: Say) -> Letter:
    kinds = {
        "climate": _("Too hot or cold"),
        "screen": _("Screen or projector"),
        "sound": _("Video or sound"),
        "light": _("Light"),
        "cleaning": _("Cleaning"),
        "missing": _("Something missing"),
    }
    what = kinds.get(str(data["kind"])) or _("Other")
    subject = _("Reported: %(problem)s, %(room)s", problem=what, room=data["room_name"])
    told = [what, _place(data), _when(data)]
    return Letter(_one_line(subject), "\n".join([*told, *_link(data, base)]))


def _occupancy(data: Mapping[str, Any], base: str, _: Say) -> Letter:
    """Return the mail of a month: what its figures say, and which rooms were used most and least."""
    month = {"month": str(data["from"])[:7]}
    shares, figures, at_once = data["shares"], data["figures"], data["at_once"]
    told = [
        _("Rooms: %(number)s", number=data["rooms"]),
        _("In use: %(share)s of opening hours", share=_percent(shares["utilisation"])),
        _("Booked, but nobody came: %(hours)s h", hours=usage.in_hours(figures["ghost"])),
        _("Given back: %(hours)s h", hours=usage.in_hours(figures["released"])),
        _("Bookings: %(number)s", number=figures["bookings"]),
        _("Rooms in use at once, at most: %(most)s of %(rooms)s", most=at_once["most"], rooms=at_once["rooms"]),
    ]
    ends = ((_("Used most"), data["most_used"]), (_("Used least"), data["least_used"]))
    for title, rooms in ((title, rooms) for title, rooms in ends if rooms):
        told += ["", f"{title}:", *(f"  {one['name']}: {_percent(one['utilisation'])}" for one in rooms)]
    return Letter(_("How rooms were used: %(month)s", **month), "\n".join([*told, *_link(data, base)]))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def _machines(event: str, data: Mapping[str, Any], base: str) -> Letter:
    """Return what administrators are told of the fleet; as their pages it is English."""
    names, count = [str(name) for name in data["names"]], int(data["count"])
    subjects = {
        "device.ill": f"Unwell: {names[0]}",
        "device.gone": f"Gone: {names[0]}",
        "device.recovered": f"Well again: {names[0]}",
        "devices.gone": f"Gone together: {count} of {data['of']} devices",
        "devices.recovered": f"Well again: {count} of {data['of']} devices",
    }
    cause = ["So many at once are rarely ill: look at the network first.", ""] if event == "devices.gone" else []
    told = [f"{says}\n{repair}\n" for says, repair in data["reasons"]]
    more = [f"and {count - len(names)} more"] if count > len(names) else []
    return Letter(_one_line(subjects[event]), "\n".join([*cause, *told, *names, *more, *_link(data, base)]))


def _subject(event: str, data: Mapping[str, Any], values: Mapping[str, Any], _: Say) -> str:
    if event == "service.requested":
        return _("Wanted: %(service)s, %(room)s, %(when)s", **values)
    if event == "service.cancelled":
        return _("Cancelled: %(service)s, %(room)s, %(when)s", **values)
    subjects = {
        "requested": _("Moved: %(service)s, %(room)s, %(when)s", **values),
        "accepted": _("Accepted: %(service)s, %(room)s, %(when)s", **values),
        "declined": _("Declined: %(service)s, %(room)s, %(when)s", **values),
        "done": _("Done: %(service)s, %(room)s, %(when)s", **values),
    }
    return subjects.get(str(data["state"]), subjects["requested"])


def _lines(data: Mapping[str, Any], values: Mapping[str, Any], base: str, _: Say) -> list[str]:
    told = [
        _("%(number)s × %(service)s", number=data["quantity"], service=values["service"]),
        _place(data),
        str(values["when"]),
    ]
    if data.get("was"):
        told.append(_("It was to begin at %(when)s.", when=_when({**data, "start": data["was"]})))
    if data.get("by"):
        told.append(_("Asked for by %(person)s", person=data["by"]))
    told += _reasons(data, _)
    for name in ("note", "answer"):
        told += ["", str(data[name])] if data.get(name) else []
    return [*told, *_link(data, base)]


def _place(data: Mapping[str, Any]) -> str:
    return " · ".join(str(data[name]) for name in ("room_name", "floor", "building") if data.get(name))


def _link(data: Mapping[str, Any], base: str) -> list[str]:
    return ["", f"{base}{data['path']}"] if base and data.get("path") else []


def _reasons(data: Mapping[str, Any], _: Say) -> list[str]:
    """Return why a request is cancelled with its booking, and why whoever reads this is told."""
    reasons = {
        "gone": _("The booking is not there any more."),
        "moved": _("The booking is now where this cannot be brought. Please ask again there."),
    }
    lost = [reasons[data["lost"]]] if data.get("lost") in reasons else []
    unserved = _("Nobody answers requests in this building yet, so administrators are told.")
    return [*lost, unserved] if data.get("unserved") else lost


def _when(data: Mapping[str, Any]) -> str:
    zone = clock.zone(str(data["zone"]))
    return f"{datetime.fromisoformat(str(data['start'])).astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def _one_line(text: str) -> str:
    return " ".join(text.split())
