"""The section Rooms: the list, adding one, and a room's own page with all that can be changed about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.schedule.model import Room
from kiosk.store import acts, directory, mirror, orders, policies, rooms
from kiosk.store.levels import Level
from kiosk.store.mirror import Progress
from kiosk.store.rooms import StoredRoom
from kiosk.web.admin import frame, linkage, words
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import check_room, may_see, me, needs

PATH = "/admin/rooms"


@dataclass(frozen=True, slots=True)
class Row:
    """A room in the list: how it stands with Google (badge and words) and when it was last checked."""

    stored: StoredRoom
    kind: str
    state: str
    problem: str
    checked_at: datetime | None


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("rooms", "Rooms", PATH, ("manager", "viewer"), order=20))
    routes = frame.blueprint("rooms")
    _add_lists(routes, admin)
    _add_changes(routes, admin)
    linkage.add(routes, admin)
    app.register_blueprint(routes)


def _add_lists(routes: Blueprint, admin: Admin) -> None:
    @routes.get("/rooms")
    @needs("manager", "viewer")
    def every() -> AnyResponse:
        return frame.page("admin/rooms.html", here="rooms", rows=_rows(admin))

    @routes.get("/rooms/new")
    @needs()
    def ask() -> AnyResponse:
        return _new(admin, {"zone": admin.settings.timezone})

    @routes.post("/rooms/new")
    @needs()
    def add() -> AnyResponse:
        try:
            room = _room(request.form)
            admin.store.write(rooms.add, room)
        except UsageError as error:
            return _new(admin, request.form, str(error))
        admin.record("add_room", room=room.slug)
        return frame.done(f"{room.name} is added. Link it to its calendar, or leave it to itself.", address_of(room))

    @routes.get("/rooms/<slug>")
    @needs("manager", "viewer")
    def one(slug: str) -> AnyResponse:
        stored = linkage.find(admin, slug)
        check_room(stored, act=False)
        return _page(admin, stored)


def _add_changes(routes: Blueprint, admin: Admin) -> None:
    @routes.post("/rooms/<slug>")
    @needs("manager")
    def save(slug: str) -> AnyResponse:
        stored = linkage.find(admin, slug)
        check_room(stored)
        try:
            # Who manages some rooms does not decide for those that have the new building's name already.
            merges = me().role == "admin"
            changed = admin.store.write(rooms.change, stored.id, _edited(stored, request.form), merges)
        except UsageError as error:
            return _page(admin, stored, 422, error=str(error), typed=request.form)
        admin.record("edit_room", room=changed.room.slug, **rooms.difference(stored.room, changed.room))
        return frame.done("Saved.", address_of(changed.room))

    @routes.post("/rooms/<slug>/policy")
    @needs("manager")
    def allow(slug: str) -> AnyResponse:
        stored = linkage.find(admin, slug)
        check_room(stored)
        with admin.store.read() as db:
            before = policies.of_room(db, stored.id)
        changes = words.changes(request.form, before)
        try:
            admin.store.write(policies.change, stored.id, changes)
        except UsageError as error:
            return _page(admin, stored, 422, policy_error=str(error), policy_typed=request.form)
        if changes:
            admin.record("edit_policy", room=slug, **acts.difference(before, {**before, **changes}))
        return frame.done("Saved.", f"{address_of(stored.room)}#policies")

    @routes.post("/rooms/<slug>/follow")
    @needs("manager")
    def follow(slug: str) -> AnyResponse:
        stored = linkage.find(admin, slug)
        check_room(stored)
        admin.store.write(directory.follow_again, stored.id, admin.clock())
        admin.record("follow_directory", room=slug)
        return frame.done("The Directory's properties come within a minute.", address_of(stored.room))

    @routes.post("/rooms/<slug>/delete")
    @needs()
    def delete(slug: str) -> AnyResponse:
        stored = linkage.find(admin, slug)
        admin.store.write(orders.remove_room, stored.id, admin.clock())
        admin.record("remove_room", room=slug)
        return frame.done(f"{stored.room.name} is deleted.", PATH)


def address_of(room: Room) -> str:
    """Return the address of a room's page."""
    return f"{PATH}/{room.slug}"


def visible(admin: Admin) -> list[StoredRoom]:
    """Return the rooms that who is signed in may look at."""
    with admin.store.read() as db:
        return [one for one in rooms.every(db) if may_see(me(), one)]


def _rows(admin: Admin) -> list[Row]:
    seen = visible(admin)
    with admin.store.read() as db:
        progress = {one.room_id: one for one in mirror.everything(db)}
        gone = directory.vanished(db)
    return [_row(stored, progress.get(stored.id), stored.room.slug in gone) for stored in seen]


def _row(stored: StoredRoom, progress: Progress | None, vanished: bool) -> Row:
    if stored.calendar_id is None or progress is None:
        return Row(stored, "plain", "not linked", "", None)
    kind, state, problem = "good", "linked", ""
    if progress.reason:
        kind, state, problem = "bad", "not synchronised", progress.reason
    elif progress.full_at is None:
        kind, state = "plain", "being read"
    elif vanished:
        kind, state, problem = "warn", "linked", "not in the Directory any more"
    elif not progress.can_write:
        kind, state, problem = "warn", "read-only", "bookings cannot be made here"
    return Row(stored, kind, state, problem, progress.checked_at)


def _new(admin: Admin, typed: Mapping[str, Any], error: str = "") -> AnyResponse:
    status = 422 if error else 200
    return frame.page("admin/room_new.html", status, here="rooms", typed=typed, error=error, **_places(admin))


def _page(admin: Admin, stored: StoredRoom, status: int = 200, **more: Any) -> AnyResponse:
    place = Level(stored.room.building, stored.room.floor)
    with admin.store.read() as db:
        lines, above = policies.lines(db, stored.id), policies.lines(db, place)
        own = policies.of_room(db, stored.id)
        listed, kept = directory.listed(db, stored.id), directory.kept(db, stored.id)
    return frame.page(
        "admin/room.html",
        status,
        here="rooms",
        words=words.table(lines, above, own),
        listed=listed,
        kept=kept,
        **_places(admin),
        **linkage.shown(admin, stored),
        **more,
    )


def _places(admin: Admin) -> dict[str, Any]:
    """Return the buildings and floors that there are, which fields suggest."""
    with admin.store.read() as db:
        known = [one.room for one in rooms.every(db)]
    return {
        "buildings": sorted({room.building for room in known if room.building}),
        "floors": sorted({room.floor for room in known if room.floor}),
    }


def _room(form: Mapping[str, Any]) -> Room:
    name = str(form.get("name", "")).strip()
    slug = str(form.get("slug", "")).strip() or rooms.slugify(name)
    blank = Room(slug, name, clock.zone("UTC"))
    return _filled(blank, form)


def _edited(stored: StoredRoom, form: Mapping[str, Any]) -> Room:
    """Return the room as a form has it; only administrators give another address."""
    edited = _filled(stored.room, form)
    slug = str(form.get("slug", "")).strip()
    return replace(edited, slug=slug) if slug and me().role == "admin" else edited


def _filled(room: Room, form: Mapping[str, Any]) -> Room:
    texts = {name: str(form.get(name, getattr(room, name))).strip() for name in ("name", "building", "floor")}
    equipment = str(form.get("equipment", ",".join(room.equipment)))
    return replace(
        room,
        **texts,  # type: ignore[arg-type]
        capacity=_seats(str(form.get("capacity", room.capacity))),
        equipment=tuple(part.strip() for part in equipment.split(",") if part.strip()),
        zone=_zone(str(form["zone"])) if form.get("zone") else room.zone,
    )


def _seats(text: str) -> int:
    if not text.strip():
        return 0
    if not text.strip().isdecimal() or len(text.strip()) > 6:
        raise UsageError("Seats are a whole number of at most six digits, 0 where it is not known.")
    return int(text)


def _zone(name: str) -> Any:
    try:
        return clock.zone(name.strip())
    except ValueError as error:
        raise UsageError(f"{error}.") from error
