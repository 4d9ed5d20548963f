"""A room and its calendar, in the section Rooms: link, read, announce, disconnect, import; told while it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import SourceError, UsageError
from kiosk.store import acts, channels, events, links, mirror, rooms, tasks
from kiosk.store.acts import Act
from kiosk.store.rooms import StoredRoom
from kiosk.store.tasks import Task
from kiosk.sync import importing, linking, unlinking
from kiosk.sync.background import Work
from kiosk.sync.directory import read_people
from kiosk.sync.importing import Namesake
from kiosk.sync.linking import Report
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin
from kiosk.web.asking import place
from kiosk.web.identity import check_room, may_act, me, needs

IMPORT = "import"
# How the import's fields begin that say which room of ours one of the Directory is.
NAMESAKE = "as:"
IMPORT_PATH = "/admin/rooms/import"
PROGRESS_PATH = f"{IMPORT_PATH}/progress"
ABOUT_A_ROOM = ("link", "sync", "unlink")
# How long a room's page tells how the last work about its calendar ended.
TOLD_FOR = timedelta(days=1)


def add(routes: Blueprint, admin: Admin) -> None:
    """Add what can be done about rooms' calendars."""
    _add_state(routes, admin)
    _add_acts(routes, admin)
    _add_import(routes, admin)


def find(admin: Admin, slug: str) -> StoredRoom:
    """Return the room of that address. Raises NotFound."""
    with admin.store.read() as db:
        return rooms.by_slug(db, slug)


def shown(admin: Admin, stored: StoredRoom) -> dict[str, Any]:
    """Return what a room's page tells of its calendar."""
    now, names = admin.clock(), [_name(act, stored) for act in ABOUT_A_ROOM]
    with admin.store.read() as db:
        found = tasks.latest_of(db, names, now)
        progress = mirror.progress(db, stored.id)
        local = links.local_bookings(db, stored.id, now) if stored.calendar_id is None else 0
        ours = len(links.own_in_google(db, stored.id, now)) if stored.calendar_id else 0
        held = len(events.ids(db, stored.id))
        push = channels.states(db, now)[stored.id]
    last = _last(found.values(), now)
    return {
        "stored": stored, "room": stored.room, "progress": progress, "task": last, "local": local, "ours": ours,
        "events": held, "push": push, "may_act": may_act(me(), stored), "paste": _to_paste(admin, last),
        "typed_address": request.args.get("calendar", "") or _typed(last),
    }  # fmt: skip


def _name(act: str, stored: StoredRoom) -> str:
    """Return the name of work about a room's calendar, which the room keeps when it gets another address."""
    return f"{act}:{stored.id}"


def _last(found: Iterable[Task], now: datetime) -> Task | None:
    """Return what was done last, of today; what a clock that was put back has left in the future comes after all."""
    told = [one for one in found if one.ended_at is None or abs(now - one.ended_at) <= TOLD_FOR]
    order = sorted(told, key=lambda one: (one.state == "running", one.started_at <= now, one.started_at))
    return order[-1] if order else None


def _typed(last: Task | None) -> str:
    """Return the address of a calendar that could not be linked, to be mended."""
    return last.about if last and last.state == "failed" else ""


def _to_paste(admin: Admin, task: Task | None) -> str:
    """Return the address with which a calendar is to be shared, where that is why it could not be linked."""
    user = admin.linking.user() if task and task.state == "failed" else ""
    return user if task and user and user in task.says else ""


def _add_state(routes: Blueprint, admin: Admin) -> None:
    @routes.get("/rooms/<slug>/calendar.part")
    @needs("manager", "viewer")
    def calendar(slug: str) -> AnyResponse:
        stored = find(admin, slug)
        check_room(stored, act=False)
        return frame.part("admin/room_calendar.html", **shown(admin, stored))


def _add_acts(routes: Blueprint, admin: Admin) -> None:
    @routes.post("/rooms/<slug>/link")
    @needs("manager")
    def link(slug: str) -> AnyResponse:
        stored = find(admin, slug)
        check_room(stored)
        address, agreed = request.form.get("calendar", "").strip(), _number(request.form.get("confirmed", ""))
        if not address:
            raise UsageError("Say which calendar: the address of the room's calendar is missing.")
        if me().role != "admin" and not linking.is_a_rooms(address):
            # Whoever may link rooms could otherwise read the calendars of people.
            says = "This is no room's calendar: only an administrator may link such a one."
            typed = urlencode({"calendar": address[: linking.LONGEST_ADDRESS]})
            return frame.in_vain(says, f"/admin/rooms/{slug}?{typed}")

        def work(report: Report) -> str:
            done = linking.link(admin.linking, stored.id, address, agreed, report)
            return " ".join([done.says(slug), *done.verified.warnings])

        return _begin(admin, "link", stored, work, calendar=address[: linking.LONGEST_ADDRESS])

    @routes.post("/rooms/<slug>/sync")
    @needs("manager")
    def sync(slug: str) -> AnyResponse:
        stored = _linked(admin, slug)

        def work(report: Report) -> str:
            return f"Read {linking.sync(admin.linking.work, stored.id, report)} events."

        return _begin(admin, "sync", stored, work)

    @routes.post("/rooms/<slug>/disconnect")
    @needs("manager")
    def disconnect(slug: str) -> AnyResponse:
        stored = _linked(admin, slug)
        delete, settle = request.form.get("ours") == "delete", admin.desk.settle

        def work(report: Report) -> str:
            return unlinking.disconnect_room(admin.linking.work, stored.id, delete, settle, report).says()

        return _begin(admin, "unlink", stored, work, ours="deleted" if delete else "left")

    @routes.post("/rooms/<slug>/push")
    @needs("manager")
    def push(slug: str) -> AnyResponse:
        stored = find(admin, slug)
        check_room(stored)
        wished = request.form.get("push") == "on"
        admin.store.write(channels.wish, stored.id, wished)
        admin.record("push", room=slug, wish="on" if wished else "off")
        said = "Google is to announce changes." if wished else "Google is not to announce changes."
        return frame.done(said, f"/admin/rooms/{slug}")


def _add_import(routes: Blueprint, admin: Admin) -> None:
    @routes.get("/rooms/import")
    @needs()
    def pick() -> AnyResponse:
        return _picker(admin)

    @routes.get("/rooms/import/progress")
    @needs()
    def progress() -> AnyResponse:
        # Here also when it ended before the browser came: what became of it is to be read.
        task = _task(admin, IMPORT)
        return frame.page("admin/import.html", here="rooms", task=task) if task else redirect(IMPORT_PATH)

    @routes.get("/rooms/import.part")
    @needs()
    def progress_part() -> AnyResponse:
        return frame.part("admin/import_progress.html", task=_task(admin, IMPORT))

    @routes.post("/rooms/import")
    @needs()
    def begin() -> AnyResponse:
        chosen = set(request.form.getlist("room"))
        if not chosen:
            return frame.in_vain("Choose one room at least.", IMPORT_PATH)
        namesakes = _namesakes()
        work = _recorded(admin, IMPORT, "", lambda report: _import(admin, chosen, namesakes, report))
        admin.background.start(IMPORT, work)
        return redirect(PROGRESS_PATH, 303)


def _linked(admin: Admin, slug: str) -> StoredRoom:
    stored = find(admin, slug)
    check_room(stored)
    if stored.calendar_id is None:
        raise UsageError(f"{stored.room.name} is not linked.")
    return stored


def _namesakes() -> dict[str, Namesake]:
    """Return which of the Directory's rooms are to be those that are here, as the form has it: "NUMBER AGREED"."""
    given = {name.removeprefix(NAMESAKE): value for name, value in request.form.items() if name.startswith(NAMESAKE)}
    parts = {calendar: value.partition(" ") for calendar, value in given.items() if value}
    return {calendar: Namesake(_number(room), _number(agreed)) for calendar, (room, _, agreed) in parts.items()}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _picker(admin: Admin) -> AnyResponse:
    """Show the Directory's rooms to choose from; while some are being imported, how far that is."""
    task = _task(admin, IMPORT)
    if task and task.state == "running":
        return redirect(PROGRESS_PATH)
    try:
        resources = admin.linking.directory.resources() if admin.linking.directory else []
        problem = ""
    except SourceError as error:
        resources, problem = [], str(error)
    with admin.store.read() as db:
        known, now = rooms.every(db), admin.clock()
        alike = importing.same_named(resources, known)
        lost = {one.id: links.local_bookings(db, one.id, now) for one in alike.values()}
    here = {str(one.calendar_id).lower(): one for one in known if one.calendar_id}
    resources.sort(key=lambda one: (one.building, one.floor, one.name.lower()))
    pairs = [(one, here.get(one.calendar_id.lower())) for one in resources]
    return frame.page("admin/import.html", here="rooms", pairs=pairs, alike=alike, lost=lost, problem=problem)


def _import(admin: Admin, chosen: set[str], namesakes: Mapping[str, Namesake], report: Report) -> str:
    work, directory = admin.linking.work, admin.linking.directory
    if directory is None:
        raise UsageError("There is no Directory to import from.")

    def progress(done: int, of: int) -> None:
        report(done, of, "Importing rooms")

    result = importing.import_rooms(work.store, work.source, directory, progress, chosen, namesakes)
    said = [f"Imported {len(result.added)} rooms; each is read within a minute."]
    said += [f"Linked the room that was here: {slug}" for slug in result.linked]
    said += [f"{name}: {reason}" for name, reason in result.failed]
    said += [f"{slug}: {linking.READ_ONLY}" for slug in result.read_only]
    try:
        read_people(directory, work.store, admin.clock())
    except SourceError as error:
        said.append(f"Organizers are shown as the calendars name them: {error}")
    return "\n".join(said)


def _begin(admin: Admin, act: str, stored: StoredRoom, work: Work, **detail: str) -> AnyResponse:
    slug = stored.room.slug
    recorded = _recorded(admin, act, slug, work, **detail)
    admin.background.start(_name(act, stored), recorded, detail.get("calendar", ""))
    return redirect(f"/admin/rooms/{slug}", 303)


def _recorded(admin: Admin, act: str, slug: str, work: Work, **detail: str) -> Work:
    """Return work that ends with a line in the log of acts, in the name of who asks for it now."""
    actor, where = me().email, place()

    def record(result: str) -> None:
        admin.store.write(acts.record, Act(admin.clock(), actor, where, act, slug, "", result, "", detail))

    def do(report: Report) -> str:
        try:
            said = work(report)
        except Exception:
            record("refused")
            raise
        record("done")
        return said

    return do


def _task(admin: Admin, name: str) -> Task | None:
    with admin.store.read() as db:
        return tasks.latest(db, name, admin.clock())
