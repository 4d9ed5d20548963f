"""A room and its calendar, in the section Rooms: link, read, announce, disconnect, import; told while it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import SourceError, UsageError
from kiosk.store import acts, channels, events, links, mirror, rooms, tasks
from kiosk.store.acts import Act
from kiosk.store.rooms import StoredRoom
from kiosk.sync import linking, unlinking
from kiosk.sync.background import Work
from kiosk.sync.directory import read_people
from kiosk.sync.linking import Report
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin
from kiosk.web.asking import place
from kiosk.web.identity import check_room, may_act, me, needs

IMPORT = "import"
IMPORT_PATH = "/admin/rooms/import"
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
    slug, now = stored.room.slug, admin.clock()
    names = [f"{act}:{slug}" for act in ABOUT_A_ROOM]
    with admin.store.read() as db:
        found = tasks.latest_of(db, names, now)
        progress = mirror.progress(db, stored.id)
        local = links.local_bookings(db, stored.id, now) if stored.calendar_id is None else 0
        ours = len(links.own_in_google(db, stored.id, now)) if stored.calendar_id else 0
        held = len(events.ids(db, stored.id))
        push = channels.states(db, now)[stored.id]
    last = max(found.values(), key=lambda task: task.started_at, default=None)
    if last and last.ended_at and now - last.ended_at > TOLD_FOR:
        last = None
    return {
        "stored": stored, "room": stored.room, "progress": progress, "task": last, "local": local, "ours": ours,
        "events": held, "push": push, "may_act": may_act(me(), stored), "paste": _to_paste(admin, last),
    }  # fmt: skip


def _to_paste(admin: Admin, task: tasks.Task | None) -> str:
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
        check_room(find(admin, slug))
        address, confirmed = request.form.get("calendar", "").strip(), bool(request.form.get("confirmed"))
        if not address:
            raise UsageError("Say which calendar: the address of the room's calendar is missing.")
        if me().role != "admin" and not linking.is_a_rooms(address):
            # Whoever may link rooms could otherwise read the calendars of people.
            raise UsageError("This is no room's calendar: only an administrator may link such a one.")

        def work(report: Report) -> str:
            done = linking.link(admin.linking, slug, address, confirmed, report)
            return " ".join([done.says(slug), *done.verified.warnings])

        return _begin(admin, "link", slug, work, calendar=address)

    @routes.post("/rooms/<slug>/sync")
    @needs("manager")
    def sync(slug: str) -> AnyResponse:
        _check_linked(admin, slug)

        def work(report: Report) -> str:
            return f"Read {linking.sync(admin.linking.work, slug, report)} events."

        return _begin(admin, "sync", slug, work)

    @routes.post("/rooms/<slug>/disconnect")
    @needs("manager")
    def disconnect(slug: str) -> AnyResponse:
        _check_linked(admin, slug)
        delete, settle = request.form.get("ours") == "delete", admin.desk.settle

        def work(report: Report) -> str:
            return unlinking.disconnect_room(admin.linking.work, slug, delete, settle, report).says()

        return _begin(admin, "unlink", slug, work, ours="deleted" if delete else "left")

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

    @routes.get("/rooms/import.part")
    @needs()
    def progress() -> AnyResponse:
        return frame.part("admin/import_progress.html", task=_task(admin, IMPORT))

    @routes.post("/rooms/import")
    @needs()
    def begin() -> AnyResponse:
        chosen = set(request.form.getlist("room"))
        if not chosen:
            return frame.in_vain("Choose one room at least.", IMPORT_PATH)
        admin.background.start(IMPORT, _recorded(admin, IMPORT, "", lambda report: _import(admin, chosen, report)))
        return redirect(IMPORT_PATH, 303)


def _check_linked(admin: Admin, slug: str) -> None:
    stored = find(admin, slug)
    check_room(stored)
    if stored.calendar_id is None:
        raise UsageError(f"{stored.room.name} is not linked.")


def _picker(admin: Admin) -> AnyResponse:
    """Show the Directory's rooms to choose from, and only how far it is while some are being imported."""
    task = _task(admin, IMPORT)
    if task and task.state == "running":
        return frame.page("admin/import.html", here="rooms", pairs=None, task=task)
    try:
        resources = admin.linking.directory.resources() if admin.linking.directory else []
        problem = ""
    except SourceError as error:
        resources, problem = [], str(error)
    with admin.store.read() as db:
        here = {str(one.calendar_id).lower(): one for one in rooms.every(db) if one.calendar_id}
    resources.sort(key=lambda one: (one.building, one.floor, one.name.lower()))
    pairs = [(one, here.get(one.calendar_id.lower())) for one in resources]
    return frame.page("admin/import.html", here="rooms", pairs=pairs, problem=problem, task=None)


def _import(admin: Admin, chosen: set[str], report: Report) -> str:
    work, directory = admin.linking.work, admin.linking.directory
    if directory is None:
        raise UsageError("There is no Directory to import from.")

    def progress(done: int, of: int) -> None:
        report(done, of, "Importing rooms")

    result = linking.import_rooms(work.store, work.source, directory, progress, chosen)
    said = [f"Imported {len(result.added)} rooms; each is read within a minute."]
    said += [f"{name}: {reason}" for name, reason in result.failed]
    said += [f"{slug}: {linking.READ_ONLY}" for slug in result.read_only]
    try:
        read_people(directory, work.store, admin.clock())
    except SourceError as error:
        said.append(f"Organizers are shown as the calendars name them: {error}")
    return "\n".join(said)


def _begin(admin: Admin, act: str, slug: str, work: Work, **detail: str) -> AnyResponse:
    admin.background.start(f"{act}:{slug}", _recorded(admin, act, slug, work, **detail))
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


def _task(admin: Admin, name: str) -> tasks.Task | None:
    with admin.store.read() as db:
        return tasks.latest(db, name, admin.clock())
