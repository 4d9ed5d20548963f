"""The section Plans: floors are uploaded, and rooms are put on them by clicking or from a list."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk import runtime
from kiosk.errors import UsageError
from kiosk.store import drawings, outlines, plans, rooms
from kiosk.store.drawings import Drawing
from kiosk.store.outlines import Part
from kiosk.store.plans import Place, Plan, Point
from kiosk.store.rooms import StoredRoom
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import needs
from kiosk.web.problems import Problem

PAGE = "/admin/plans"
# The file, and a little for the rest of its form.
LARGEST_FORM = drawings.MOST_BYTES + 64 * 1024
# Hundreds of elements, each with a room.
LARGEST_MAP = 512 * 1024
UPLOADS = {"admin_plans.add": LARGEST_FORM, "admin_plans.replace": LARGEST_FORM, "admin_plans.put": LARGEST_MAP}
MOST_FIELDS = 5_000


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("plans", "Plans", PAGE, roles=("viewer",), order=45))
    app.before_request(_make_way)
    routes = frame.blueprint("plans")

    @routes.get("/plans")
    @needs("viewer")
    def every() -> AnyResponse:
        return frame.page("admin/plans.html", here="plans", **_every(admin))

    @routes.post("/plans")
    @needs()
    def add() -> AnyResponse:
        return _add(admin)

    @routes.get("/plans/<slug>")
    @needs("viewer")
    def one(slug: str) -> AnyResponse:
        return frame.page("admin/plan.html", here="plans", **_one(admin, slug))

    @routes.post("/plans/<slug>")
    @needs()
    def change(slug: str) -> AnyResponse:
        form = request.form
        name, building, floor = (form.get(word, "") for word in ("name", "building", "floor"))
        plan = admin.store.write(plans.change, slug, name, building, floor, _point(form.get("x"), form.get("y")))
        admin.record("edit_plan", plan=slug)
        return frame.done(f"{plan.name} is saved.", f"{PAGE}/{slug}")

    @routes.post("/plans/<slug>/file")
    @needs()
    def replace(slug: str) -> AnyResponse:
        return _replace(admin, slug)

    @routes.post("/plans/<slug>/places")
    @needs()
    def put(slug: str) -> AnyResponse:
        return _put(admin, slug)

    @routes.post("/plans/<slug>/delete")
    @needs()
    def remove(slug: str) -> AnyResponse:
        plan = admin.store.write(plans.remove, slug)
        admin.record("remove_plan", plan=slug)
        return frame.done(f"The plan {plan.name} is deleted. Its rooms stay.", PAGE)

    app.register_blueprint(routes)


def _make_way() -> None:
    """Let larger forms in where plans are sent, and nowhere else. Raises a problem with a sentence."""
    most = UPLOADS.get(request.endpoint or "")
    if most is None or request.method != "POST":
        return
    request.max_content_length = most
    request.max_form_parts = MOST_FIELDS
    if (request.content_length or 0) > most:
        raise Problem(413, "too_large", "Too large", "A picture may have 8 MiB at most, an SVG file 2.")


def _every(admin: Admin) -> dict[str, Any]:
    with admin.store.read() as db:
        known = plans.every(db)
        counts = {plan.slug: len(plans.places(db, plan)) for plan in known}
        places = {(stored.room.building, stored.room.floor) for stored in rooms.every(db)}
    return {
        "plans": known,
        "counts": counts,
        "buildings": sorted({building for building, _ in places if building}),
        "floors": sorted({floor for _, floor in places if floor}),
    }


def _add(admin: Admin) -> AnyResponse:
    drawing, form = _uploaded(), request.form
    words = [form.get(word, "") for word in ("name", "building", "floor")]
    plan = admin.store.write(plans.add, words[0], words[1], words[2], drawing)
    admin.record("add_plan", plan=plan.slug)
    return frame.done(f"{plan.name} is here. {_told(drawing)}Now put the rooms on it.", f"{PAGE}/{plan.slug}")


def _replace(admin: Admin, slug: str) -> AnyResponse:
    drawing = _uploaded()
    plan = admin.store.write(plans.replace, slug, drawing, _parts(drawing))
    admin.record("replace_plan", plan=slug)
    return frame.done(f"{plan.name} has its new file. {_told(drawing)}", f"{PAGE}/{slug}")


def _uploaded() -> Drawing:
    file = request.files.get("file")
    if file is None:
        return drawings.read(b"")
    with closing(file):
        return runtime.offload(drawings.read, file.read())


def _told(drawing: Drawing) -> str:
    return f"Left out, since screens show shapes and text only: {drawing.left_out}. " if drawing.left_out else ""


def _parts(drawing: Drawing) -> tuple[Part, ...]:
    return runtime.offload(outlines.parts, drawing.content) if drawing.kind == "svg" else ()


def _parts_of(admin: Admin, plan: Plan) -> tuple[Part, ...]:
    if plan.kind != "svg":
        return ()
    with admin.store.read() as db:
        data, _ = plans.content(db, plan)
    return runtime.offload(outlines.parts, data)


def _one(admin: Admin, slug: str) -> dict[str, Any]:
    with admin.store.read() as db:
        plan = plans.find(db, slug)
        placed = plans.places(db, plan)
        known = rooms.every(db)
    parts = _parts_of(admin, plan)
    near = _near(plan, known, placed)
    return {
        "plan": plan,
        "elements": parts,
        "outlines": {part.element: part.outline for part in parts},
        "rooms": near,
        "placed": {one.room_id: one for one in placed},
        "room_of": {one.element: one.room_id for one in placed if one.element},
        "suggested": plans.suggestions(parts, near, placed),
        "lost": [one for one in placed if one.element and not one.outline],
        "missing": _missing(near, plan, placed),
    }


def _near(plan: Plan, known: list[StoredRoom], placed: list[Place]) -> list[StoredRoom]:
    """Return the rooms that can be put on a plan: its building's where it names one that has any, else all."""
    there = {place.room_id for place in placed}
    found = [one for one in known if one.room.building == plan.building or one.id in there]
    return found if plan.building and found else known


def _missing(near: list[StoredRoom], plan: Plan, placed: list[Place]) -> list[StoredRoom]:
    """Return the rooms of a plan's floor that are not on it."""
    there = {place.room_id for place in placed}
    return [one for one in near if one.id not in there and plan.floor in ("", one.room.floor)]


def _put(admin: Admin, slug: str) -> AnyResponse:
    with admin.store.read() as db:
        plan = plans.find(db, slug)
        numbers = {stored.room.slug: stored.id for stored in rooms.every(db)}
        before = plans.places(db, plan)
    wanted = _points(numbers) if plan.kind == "picture" else _elements(numbers, _parts_of(admin, plan), before)
    admin.store.write(plans.put, slug, wanted)
    admin.record("map_plan", plan=slug, rooms=len(wanted))
    said = "One room is" if len(wanted) == 1 else f"{len(wanted)} rooms are"
    return frame.done(f"{said} on the plan.", f"{PAGE}/{slug}")


def _elements(numbers: dict[str, int], parts: tuple[Part, ...], before: list[Place]) -> list[Place]:
    """Return which element each room is, as the form says; rooms whose element is lost keep its name."""
    chosen = [(part, request.form.get(f"element:{part.element}", "")) for part in parts]
    wanted = [Place(_number(numbers, slug), part.element, part.outline) for part, slug in chosen if slug]
    twice = {one.room_id for one in wanted if [other.room_id for other in wanted].count(one.room_id) > 1}
    if twice:
        slugs = ", ".join(sorted(slug for slug, number in numbers.items() if number in twice))
        raise UsageError(f"A room can be one element only. Chosen twice: {slugs}.")
    here = {one.room_id for one in wanted}
    lost = {one.room_id: one for one in before if one.element not in {part.element for part in parts}}
    kept = [one for number, one in lost.items() if number not in here and "forget" not in request.form]
    return [*wanted, *kept]


def _points(numbers: dict[str, int]) -> list[Place]:
    """Return at which point each room is, as the form says in percent."""
    form = request.form
    points = {slug: _point(form.get(f"x:{slug}"), form.get(f"y:{slug}")) for slug in numbers}
    return [Place(numbers[slug], at=at) for slug, at in points.items() if at]


def _number(numbers: dict[str, int], slug: str) -> int:
    if slug not in numbers:
        raise UsageError("One of these rooms is not here any more: look at the list again.")
    return numbers[slug]


def _point(x: str | None, y: str | None) -> Point | None:
    """Return a point from percents, None where none is said. Raises UsageError."""
    if not (x or "").strip() and not (y or "").strip():
        return None
    try:
        at = float((x or "").replace(",", ".")) / 100, float((y or "").replace(",", ".")) / 100
    except ValueError as error:
        raise UsageError("A place is said by two numbers, percents of the plan's width and height.") from error
    return at
