"""The section Occupancy: which rooms are used, which are only booked, and whether fewer would have done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.schedule import usage
from kiosk.schedule.hours import DAYS as WEEKDAYS
from kiosk.schedule.usage import Line, Place, Scope
from kiosk.store import monthly, occupancy_text, past_rooms
from kiosk.store import usage as reader
from kiosk.store.usage import Wanted
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import me, needs
from kiosk.web.occupancy import Occupancy, may_see
from kiosk.web.problems import Problem

PAGE = "/admin/occupancy"
# Of more rooms than this only the most and the least used are shown; the files have all.
MOST_ROOMS = 40
MOST_STEPS = 40
SHADES = 6
LEADS = {
    "lead_spot": "on the spot",
    "lead_hour": "up to an hour",
    "lead_day": "up to a day",
    "lead_week": "up to a week",
    "lead_month": "up to four weeks",
    "lead_beyond": "longer",
}
FILLS = {
    "fill_quarter": "up to a quarter",
    "fill_half": "up to a half",
    "fill_most": "up to three quarters",
    "fill_whole": "up to all seats",
    "fill_beyond": "more people than seats",
}
UNKNOWN = "not known"
# Without it spreadsheets take a file's letters for those of another alphabet.
BYTE_ORDER_MARK = "\ufeff".encode()


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen: buildings with their floors, classes of size, rooms; and what has been."""

    wanted: Wanted
    places: Sequence[Place]

    def where(self) -> list[tuple[str, str]]:
        """Return (value, text) of every building and floor."""
        found: dict[str, str] = {}
        for place in self.places:
            if place.building:
                found.setdefault(_where(place.building), place.building)
            if place.floor:
                text = " · ".join(part for part in (place.building, place.floor) if part)
                found.setdefault(_where(place.building, place.floor), text)
        return list(found.items())

    def sizes(self) -> list[str]:
        """Return the classes of size that there are."""
        there = {usage.size_class(place.capacity) for place in self.places}
        return [name for name in usage.CLASS_NAMES if name in there]

    def address(self, path: str = PAGE, **changes: Any) -> str:
        """Return the address of this report, or of another one."""
        chosen = self.wanted.scope
        told = {"from": self.wanted.first, "to": self.wanted.last, "where": self.chosen(), "size": chosen.size}
        told |= {"room": chosen.room} | {name.rstrip("_"): value for name, value in changes.items()}
        return f"{path}?{urlencode({name: value for name, value in told.items() if value})}"

    def chosen(self) -> str:
        """Return the building and floor that were chosen, as one word."""
        return _where(self.wanted.scope.building, self.wanted.scope.floor)


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    app.jinja_env.filters.update(percent=percent, in_hours=in_hours)
    admin.add(Section("occupancy", "Occupancy", PAGE, roles=("manager", "viewer"), order=35))
    routes = frame.blueprint("occupancy")
    told = Occupancy(admin.store, admin.clock, admin.settings.timezone)

    @routes.get("/occupancy")
    @needs("manager", "viewer")
    def look() -> AnyResponse:
        mine = may_see(me())
        try:
            return _page(admin, told.wanted(mine))
        except Problem as problem:
            return _page(admin, told.lately(mine), problem)

    @routes.get("/occupancy.<any(csv, json):kind>")
    @needs("manager", "viewer")
    def file(kind: str) -> Response:
        wanted = told.wanted(may_see(me()))
        answer = told.file(kind, wanted)
        if kind == "csv":
            answer.set_data(BYTE_ORDER_MARK + answer.get_data())
        name = f"occupancy-{wanted.first}-{wanted.last}.{kind}"
        answer.headers["Content-Disposition"] = f"attachment; filename={name}"
        return answer

    @routes.post("/occupancy/monthly")
    @needs()
    def plan() -> AnyResponse:
        return _plan(admin)

    app.register_blueprint(routes)


def percent(share: float | None) -> str:
    """Write a share from 0 to 1 as a percentage: 7.4 %, 38 %; a dash for none."""
    if share is None:
        return "–"
    return f"{share * 100:.1f} %" if 0 < share < 0.0995 else f"{share * 100:.0f} %"


def in_hours(minutes: int) -> str:
    """Write minutes as hours: 0.5 h, 38 h, 1,240 h."""
    return f"{minutes / 60:.1f} h" if 0 < minutes < 600 else f"{usage.in_hours(minutes):,} h"


def shade(share: float | None) -> int:
    """Return how dark a share is drawn, from 0; a room that is in use for all of its hours has the darkest."""
    return min(int((share or 0) * SHADES), SHADES - 1)


def _page(admin: Admin, wanted: Wanted, problem: Problem | None = None) -> AnyResponse:
    places, found, known, waiting = admin.store.report(_read, wanted, _less())
    with admin.store.read() as db:
        plan = monthly.plan(db)
    today = admin.clock().astimezone(clock.zone(admin.settings.timezone)).date()
    choices = Choices(wanted, places)
    return frame.page(
        "admin/occupancy.html",
        problem.status if problem else 200,
        here="occupancy",
        wrong={problem.more["field"]: problem.detail} if problem else {},
        asked=request.args if problem else {},
        found=found,
        choices=choices,
        known=known,
        waiting=waiting,
        periods=_periods(choices, today),
        plan=plan,
        mine=me(),
        smtp=bool(admin.settings.smtp_url),
        shade=shade,
    )


def _read(db: Any, wanted: Wanted, less: int | None) -> tuple[list[Place], dict[str, Any], Any, tuple[int, int]]:
    """Return all that the page shows, made in a real thread, so that drawing it takes no time."""
    report = reader.read(db, wanted)
    found = occupancy_text.told(report, _ends)
    found["hidden"] = len(report.rooms) - len(found["by_room"])
    found["curve"] = _thinned(found["at_once"]["curve"])
    found["hours"] = _hours(found["by_hour"])
    found["leads"] = _counted(found["figures"], LEADS)
    found["fills"] = _counted(found["figures"], FILLS)
    found["asked"] = None if less is None else occupancy_text.fewer(report.peak.fewer(less))
    seen = reader.places(db, Scope(slugs=wanted.scope.slugs))
    found["options"] = _options(seen, wanted.scope.room)
    found["room"] = next((_called(one.name, one.removed) for one in seen if one.slug == wanted.scope.room), "")
    found["names"] = [_called(one["name"], one["removed"]) for one in found["by_room"]]
    return seen, found, reader.known_days(db), past_rooms.unread(db)


def _options(places: Sequence[Place], chosen: str) -> Markup:
    """Return the rooms to choose from as HTML: a thousand of them take long to draw one by one."""
    option = Markup('<option value="{}"{}>{}</option>')
    mark = Markup(" selected")
    told = ((one.slug, mark if one.slug == chosen else "", _called(one.name, one.removed)) for one in places)
    return Markup("").join(option.format(*one) for one in told)


def _called(name: str, removed: bool) -> str:
    return f"{name} (removed)" if removed else name


def _counted(figures: dict[str, int], texts: dict[str, str]) -> list[tuple[str, int]]:
    """Return (text, bookings) of each step, and of those of which it is not known, so that all are there."""
    found = [(text, figures[name]) for name, text in texts.items()]
    unknown = figures["bookings"] - sum(count for _, count in found)
    return [*found, (UNKNOWN, unknown)] if unknown else found


def _less() -> int | None:
    text = request.args.get("less", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _ends(ranked: list[Line]) -> list[Line]:
    half = MOST_ROOMS // 2
    return ranked if len(ranked) <= MOST_ROOMS else [*ranked[:half], *ranked[-half:]]


def _thinned(curve: list[dict[str, int]]) -> list[dict[str, int]]:
    step = -(-len(curve) // MOST_STEPS) or 1
    return [one for one in curve if one["rooms"] % step == 0 or one["rooms"] in {1, len(curve)}]


def _hours(rows: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the hours of the heat map: those in which any room is open on any day."""
    used = [hour for hour in range(24) if any(row[hour]["open_minutes"] for row in rows)]
    hours = range(min(used, default=0), max(used, default=-1) + 1)
    days = [(WEEKDAYS[day], [row[hour] for hour in hours]) for day, row in enumerate(rows)]
    return {"hours": list(hours), "rows": days}


def _periods(choices: Choices, today: date) -> list[tuple[str, str, bool]]:
    """Return (text, address, is chosen) of periods that are asked for often."""
    yesterday = today - timedelta(days=1)
    first, last = usage.month_before(today)
    spans = {
        "4 weeks": (yesterday - timedelta(days=27), yesterday),
        f"{last:%B}": (first, last),
        "3 months": (usage.months_back(first, 2), last),
        "12 months": (usage.months_back(first, 11), last),
    }
    now = (choices.wanted.first, choices.wanted.last)
    return [(text, choices.address(from_=span[0], to=span[1]), span == now) for text, span in spans.items()]


def _where(building: str, floor: str = "") -> str:
    return urlencode({name: value for name, value in (("building", building), ("floor", floor)) if value})


def _plan(admin: Admin) -> AnyResponse:
    day = request.form.get("day", "").strip()
    if not (day.isascii() and day.isdigit() and len(day) < 3):
        raise UsageError(f"Choose a day from 1 to {monthly.LAST_DAY}, or 0 for never.")
    addresses = request.form.get("to", "").replace(",", " ").split()
    today = admin.clock().astimezone(clock.zone(admin.settings.timezone)).date()
    plan = admin.store.write(monthly.set_plan, int(day), addresses, usage.month_before(today)[0])
    admin.record("plan_report", day=plan.day, receivers=len(plan.to))
    said = f"The report of each month is sent on day {plan.day} of the next." if plan.day else "No report is sent."
    return frame.done(said, PAGE)
