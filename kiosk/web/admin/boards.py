"""The section Boards: which rooms each board in a lobby shows, in which order, and how much it says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast, get_args

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import UsageError
from kiosk.schedule.model import Shows
from kiosk.store import boards, rooms
from kiosk.store.boards import ALL, Board
from kiosk.store.levels import BREAK
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import needs

PAGE = "/admin/boards"
NEW = Board("", grouped=True)


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("boards", "Boards", PAGE, order=45))
    routes = frame.blueprint("boards")

    @routes.get("/boards")
    @needs()
    def every() -> AnyResponse:
        with admin.store.read() as db:
            found, known = boards.every(db), [one.room for one in rooms.every(db)]
        listed = [(one, sum(map(one.has, known))) for one in found]
        return frame.page("admin/boards.html", here="boards", boards=listed)

    @routes.get("/boards/new")
    @needs()
    def blank() -> AnyResponse:
        return _page(admin, NEW)

    @routes.post("/boards/new")
    @needs()
    def add() -> AnyResponse:
        return _add(admin)

    @routes.get("/boards/<slug>")
    @needs()
    def one(slug: str) -> AnyResponse:
        return _page(admin, _find(admin, slug))

    @routes.post("/boards/<slug>")
    @needs()
    def change(slug: str) -> AnyResponse:
        return _change(admin, _find(admin, slug))

    @routes.post("/boards/<slug>/remove")
    @needs()
    def remove(slug: str) -> AnyResponse:
        admin.store.write(boards.remove, slug)
        admin.record("remove_board", board=slug)
        return frame.done("The board is as at first again." if slug == ALL else "The board is removed.", PAGE)

    app.register_blueprint(routes)


def _find(admin: Admin, slug: str) -> Board:
    with admin.store.read() as db:
        return boards.find(db, slug)


def _page(admin: Admin, board: Board, status: int = 200, error: str = "") -> AnyResponse:
    """Show the form of a board; one without a slug is still to be added."""
    with admin.store.read() as db:
        known = [one.room for one in rooms.every(db)]
    floors = sorted({(room.building, room.floor) for room in known if room.floor} | set(board.floors))
    buildings = sorted({room.building for room in known if room.building} | set(board.buildings))
    given = {"buildings": buildings, "floors": floors, "rooms": known, "levels": get_args(Shows), "break_": BREAK}
    return frame.page("admin/board.html", status, here="boards", board=board, error=error, built_in=ALL, **given)


def _add(admin: Admin) -> AnyResponse:
    wanted = NEW
    try:
        wanted = _described(NEW)
        made = replace(wanted, slug=rooms.slugify(wanted.name) if wanted.name.strip() else "")
        if not made.slug:
            raise UsageError("A board needs a name.")
        admin.store.write(boards.add, made)
    except UsageError as error:
        return _page(admin, wanted, 422, str(error))
    admin.record("add_board", board=made.slug, name=made.name)
    return frame.done(f"{made.name} hangs at /lobby/{made.slug}.", f"{PAGE}/{made.slug}")


def _change(admin: Admin, before: Board) -> AnyResponse:
    wanted = before
    try:
        wanted = _described(before)
        difference = admin.store.write(boards.change, wanted)
    except UsageError as error:
        return _page(admin, wanted, 422, str(error))
    if difference:
        admin.record("edit_board", **{"board": before.slug, **difference})
    return frame.done("Saved.", f"{PAGE}/{before.slug}")


def _described(board: Board) -> Board:
    """Return a board as the form says it. Raises UsageError for what is no number."""
    form = request.form
    return replace(
        board,
        name=form.get("name", "").strip(),
        buildings=tuple(form.getlist("buildings")),
        floors=tuple(boards.pair(one) for one in form.getlist("floors")),
        rooms=tuple(form.getlist("rooms")),
        grouped="grouped" in form,
        free_first="free_first" in form,
        least_minutes=_number("least_minutes"),
        shows=cast("Shows", form.get("shows", board.shows)),
        hangs=boards.pair(form.get("hangs", "")),
        place=_number("place"),
    )


def _number(name: str) -> int:
    text: Any = request.form.get(name, "").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UsageError("Write whole numbers, or leave the field empty.")
    return int(text)
