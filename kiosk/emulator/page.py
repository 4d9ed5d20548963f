"""The page on which a person plays the organisation: looks at calendars, books, moves and cancels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from kiosk.emulator import agenda, directory
from kiosk.emulator.errors import ApiError, not_found
from kiosk.emulator.service import Service
from kiosk.emulator.values import Calendar, Entry
from kiosk.emulator.world import World

_REPEATS = {"daily": "RRULE:FREQ=DAILY", "weekdays": "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "weekly": "RRULE:FREQ=WEEKLY"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A room on the front page; `until`: when it is free again, `following`: when it is next taken."""

    calendar: Calendar
    name: str
    place: str
    rank: int
    busy: bool
    title: str
    until: str
    following: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a day, with what its form needs."""

    entry: Entry
    start: datetime
    end: datetime
    title: str
    organizer: str
    answer: str
    takes: bool
    rooms: tuple[str, ...]
    guests: tuple[str, ...]
    all_day: bool
    current: bool


def register(app: Flask, service: Service) -> None:
    """Serve the page."""
    page = _Page(service)
    app.add_url_rule("/", "home", page.home)
    app.add_url_rule("/calendar/<calendar_id>", "calendar", page.calendar)
    for name in ("create", "move", "cancel", "answer"):
        app.add_url_rule(f"/act/{name}", name, _acting(getattr(page, name)), methods=["POST"])


def _acting(act: Callable[[], str]) -> Callable[[], BaseResponse]:
    """An act says in one sentence what happened; the browser goes back to the calendar with it."""

    def view() -> BaseResponse:
        back = request.form.get("back", "/")
        back = back if back.startswith("/calendar/") else "/"
        try:
            told, kind = act(), "done"
        except ApiError as error:
            told, kind = f"Google would refuse this: {error}", "refused"
        except (ValueError, KeyError) as error:
            told, kind = f"Please check the form: {error}", "refused"
        joint = "&" if "?" in back else "?"
        return redirect(f"{back}{joint}{kind}={quote(told)}", 303)

    return view


class _Page:
    """The views and acts, on one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        self._world = World(service)

    def home(self) -> str:
        """All calendars: rooms by building with their present state, and people."""
        with self._store.transaction():
            buildings = {each["buildingId"]: each for each in directory.everything(self._store, "building")}
            groups: dict[str, list[Card]] = {each["buildingName"]: [] for each in buildings.values()}
            for room in directory.everything(self._store, "room"):
                building = buildings.get(room.get("buildingId", ""), {})
                cards = groups.setdefault(building.get("buildingName", "Elsewhere"), [])
                cards.append(self._card(room, building.get("floorNames", [])))
            for cards in groups.values():
                cards.sort(key=lambda card: (card.rank, card.name))
            shown = {name: cards for name, cards in groups.items() if cards}
            return self._render("home.html", groups=shown, people=self._store.calendars("user"))

    def calendar(self, calendar_id: str) -> str | Response:
        """One day of a calendar, with a form to book and one for each entry."""
        with self._store.transaction():
            calendar = self._store.calendar(calendar_id)
            if calendar is None or calendar.kind == "external":
                return Response("There is no such calendar.", status=404, content_type="text/plain")
            now = self._service.clock.now().astimezone(calendar.zone)
            day = _day(request.args.get("day", ""), now.date())
            low, high = (datetime.combine(each, time(), calendar.zone) for each in (day, day + timedelta(days=1)))
            entries = agenda.between(self._store, calendar_id, int(low.timestamp()), int(high.timestamp()))
            return self._render(
                "calendar.html", calendar=calendar, day=day, now=now, suggested=_suggested(now, day),
                lines=[self._line(entry, calendar, now) for entry in entries], one_day=timedelta(days=1),
                rooms=self._store.calendars("resource"), people=self._store.calendars("user"),
            )  # fmt: skip

    def create(self) -> str:
        """Book as somebody."""
        form = request.form
        with self._service.changing():
            rooms = [room for room in [form.get("room", "")] if room]
            organizer = form["organizer"]
            calendar = self._store.calendar(rooms[0] if rooms else organizer)
            if calendar is None:
                raise not_found()
            start = datetime.fromisoformat(form["start"]).replace(tzinfo=calendar.zone)
            ends = start + timedelta(minutes=int(form.get("minutes", 30)))
            whole = "all_day" in form
            self._world.create(
                organizer, form.get("title") or "Meeting", start.date() if whole else start,
                start.date() + timedelta(days=1) if whole else ends, private="private" in form,
                rooms=[] if rooms == [organizer] else rooms, guests=[each for each in form.getlist("guest") if each],
                recurrence=[_REPEATS[form["repeat"]]] if form.get("repeat") else [],
            )  # fmt: skip
        return f"“{form.get('title') or 'Meeting'}” is booked."

    def move(self) -> str:
        """Change time, room or title as the organizer."""
        form = request.form
        with self._service.changing():
            calendar = self._store.calendar(form["zone_of"])
            if calendar is None:
                raise not_found()
            given = (datetime.fromisoformat(form[which]) for which in ("start", "end"))
            start, end = (each.replace(tzinfo=calendar.zone) for each in given)
            if form.get("scope") == "series":
                start, end = self._shifted(form["event"], form["organizer"], start, end)
            timed = "all_day" not in form
            rooms = form.getlist("room")
            self._world.move(
                self._target(), start if timed else None, end if timed else None, title=form["title"],
                rooms=None if form["organizer"] in rooms else [room for room in rooms if room],
                organizer=form["organizer"],
            )  # fmt: skip
        return f"“{form['title']}” is changed."

    def cancel(self) -> str:
        """Cancel as the organizer."""
        self._world.cancel(self._target(), organizer=request.form["organizer"])
        return "The meeting is cancelled."

    def answer(self) -> str:
        """Answer for the calendar that is shown."""
        form = request.form
        self._world.answer(form["guest"], form["event"], form["status"])
        return f"The answer is now: {form['status']}."

    def _target(self) -> str:
        form = request.form
        return form.get("series") or form["event"] if form.get("scope") == "series" else form["event"]

    def _shifted(self, event_id: str, organizer: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """What a move of one instance by that much makes of the series' own first date."""
        entry = self._store.entry(organizer, event_id)
        master = self._store.entry(organizer, entry.series) if entry and entry.series else None
        if entry is None or master is None:
            return start, end
        was = datetime.fromtimestamp(entry.starts, start.tzinfo).replace(tzinfo=None)
        first = datetime.fromtimestamp(master.starts, start.tzinfo).replace(tzinfo=None)
        begins = (first + (start.replace(tzinfo=None) - was)).replace(tzinfo=start.tzinfo)
        return begins, begins + (end - start)

    def _card(self, room: dict[str, object], floors: list[str]) -> Card:
        calendar = self._store.calendar(str(room["resourceEmail"]))
        assert calendar is not None
        at = int(self._service.clock.now().timestamp())
        entries = agenda.between(self._store, calendar.id, at, at + 86_400)
        until = agenda.taken_until(entries, at)
        following = next((each.starts for each in entries if each.starts > at and agenda.takes(each)), None)
        current = next((each for each in entries if each.starts <= at and agenda.takes(each)), None)
        place = f"Floor {room['floorName']}" if "floorName" in room else ""
        floor = room.get("floorName")
        return Card(
            calendar, str(room["resourceName"]), f"{place} · {room.get('capacity', '?')} seats",
            floors.index(str(floor)) if floor in floors else len(floors),
            until is not None, str(current.data.get("summary", "")) if current else "",
            self._when(until, calendar), self._when(following, calendar),
        )  # fmt: skip

    def _when(self, at: int | None, calendar: Calendar) -> str:
        """A time of day, with its weekday when that is not today."""
        if at is None:
            return ""
        moment = datetime.fromtimestamp(at, calendar.zone)
        today = self._service.clock.now().astimezone(calendar.zone).date()
        return f"{moment:%H:%M}" if moment.date() == today else f"{moment:%A %H:%M}"

    def _line(self, entry: Entry, calendar: Calendar, now: datetime) -> Line:
        start, end = (datetime.fromtimestamp(at, calendar.zone) for at in (entry.starts, entry.ends))
        attendees = entry.data.get("attendees", [])
        organizer = entry.data["organizer"]
        known = self._store.calendar(organizer["email"])
        return Line(
            entry, start, end, str(entry.data.get("summary", "(no title)")),
            known.summary if known else organizer["email"], agenda.answer_of(entry), agenda.takes(entry),
            tuple(each["email"] for each in attendees if each.get("resource")),
            tuple(each.get("displayName", each["email"]) for each in attendees if not each.get("resource")),
            "date" in entry.data["start"], start <= now < end,
        )  # fmt: skip

    def _render(self, template: str, **values: object) -> str:
        names = {each.id: each.summary for each in self._store.calendars("resource", "user")}
        told = {kind: request.args.get(kind, "") for kind in ("done", "refused")}
        now = self._service.clock.now().astimezone(UTC)
        return render_template(template, names=names, told=told, domain=self._world.domain, utc=now, **values)


def _day(text: str, today: date) -> date:
    """The day asked for, today when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today


def _suggested(now: datetime, day: date) -> datetime:
    """The next quarter of an hour, or nine o'clock on another day."""
    if day != now.date():
        return datetime.combine(day, time(9), now.tzinfo)
    floor = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    return floor + timedelta(minutes=15)
