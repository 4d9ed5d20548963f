"""What a follower keeps of its hub's sheet: its rooms, and what hangs beside them; all of it in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from peewee import Database

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.schedule.model import Room
from kiosk.store import boards, facts, forgetting, journal, levels, look, plans, rooms
from kiosk.store.boards import Board
from kiosk.store.levels import ORGANISATION
from kiosk.store.models import AttendanceRow, CommandRow, EventRow, MirrorRow, RoomRow, instant
from kiosk.store.office import PlaceRow, PlanRow
from kiosk.store.plain import marks, rows, run
from kiosk.store.revisions import touch
from kiosk.store.told import NoticeRow

HUB = "hub"
Named = Callable[[int], str]
# A plan's content and its type.
File = tuple[bytes, str]


def known(db: Database) -> dict[str, Any]:
    """Return what the hub said last of this machine: its name, display, slug, path and languages; {} before."""
    return dict(json.loads(facts.read(db, HUB) or "{}"))


def take(
    db: Database,
    device: Mapping[str, Any],
    sheet: Mapping[str, Any],
    files: Mapping[str, File],
    named: Named,
    now: datetime,
) -> None:
    """Make everything here as the hub's sheet says; `named`: how a room of the hub is called as a calendar.

    `files`: of plans that are new here, by their slugs.
    """
    facts.write(db, HUB, json.dumps(device))
    numbers = _take_rooms(db, sheet["rooms"], named, now)
    _take_notices(db, sheet["notices"], now)
    facts.write(db, look.LOOK, sheet["look"][0] or "{}")
    facts.write(db, look.VERSION, sheet["look"][1])
    levels.write(db, ORGANISATION, json.dumps({"theme": sheet["theme"]}) if sheet["theme"] else levels.NOTHING)
    if forgetting.after_days(db) != sheet["forget_after_days"]:
        forgetting.set_after_days(db, sheet["forget_after_days"])
    if sheet["board"]:
        _take_board(db, sheet["board"])
    for one in sheet["plans"]:
        if one["slug"] in files:
            _keep_file(db, one, files[one["slug"]])
    _take_plans(db, sheet["plans"], numbers)


def forget(db: Database) -> None:
    """Know nothing of the hub's rooms any more: this machine is not to show them. What it asked for last stays."""
    for table in (EventRow, AttendanceRow):
        table.delete().execute(db)
    CommandRow.update(title="").where(CommandRow.state.not_in(journal.OPEN)).execute(db)
    MirrorRow.update(cursor=None, full_at=None, checked_at=None).execute(db)
    for stored in rooms.every(db):
        touch(db, stored.id)
    NoticeRow.delete().execute(db)
    facts.forget(db, HUB)


def calendars(db: Database) -> dict[int, str]:
    """Return how the rooms here are called as calendars, by their numbers here."""
    return dict(rows(db, "SELECT id, calendar_id FROM room WHERE calendar_id IS NOT NULL"))


def _take_rooms(db: Database, said: Sequence[Mapping[str, Any]], named: Named, now: datetime) -> dict[int, int]:
    """Add, change and remove rooms; return their numbers here by those at the hub."""
    wanted = {named(one["id"]): one for one in said}
    here = {name: number for number, name in calendars(db).items()}
    for name in here.keys() - wanted.keys():
        _drop(db, here[name])
    _step_aside(db, {here[name]: one["slug"] for name, one in wanted.items() if name in here})
    return {one["id"]: _take_room(db, here.get(name), name, one, now) for name, one in wanted.items()}


def _take_room(db: Database, number: int | None, name: str, said: Mapping[str, Any], now: datetime) -> int:
    plain = {key: said[key] for key in ("slug", "name", "building", "floor", "capacity")}
    room = Room(zone=clock.zone(said["zone"]), equipment=tuple(said["equipment"]), **plain)
    if number is None:
        number = rooms.add(db, room)
        rooms.link(db, number, room.zone.key, name, now)
    values = {**plain, "zone": said["zone"], "equipment": room.equipment, "reported": tuple(said["reported"])}
    values["policy"] = json.dumps(said["policy"])
    row = RoomRow.select().where(RoomRow.id == number).dicts().first(db)
    if any(row[key] != value for key, value in values.items()):
        RoomRow.update(**values).where(RoomRow.id == number).execute(db)
        touch(db, number)
    return number


def _step_aside(db: Database, slugs: Mapping[int, str]) -> None:
    """Free the words of rooms that get another one: it may be one that another room has now."""
    for number, slug in slugs.items():
        sql = "UPDATE room SET slug = ? WHERE id = ? AND slug <> ?"
        run(db, sql, f"moving-{number}", number, slug)


def _drop(db: Database, number: int) -> None:
    """Remove a room that is not this machine's any more, once all that was asked for there is settled."""
    try:
        rooms.unlink(db, number)
        rooms.remove(db, number)
    except UsageError:
        return


def _take_notices(db: Database, said: Sequence[Mapping[str, Any]], now: datetime) -> None:
    numbers = [one["id"] for one in said]
    run(db, f"DELETE FROM notice WHERE id NOT IN ({marks(numbers)})" if numbers else "DELETE FROM notice", *numbers)
    for one in said:
        span = {"start": instant(one["start"]), "end": None if one["end"] is None else instant(one["end"])}
        # Webhooks are the hub's: here everything counts as told.
        values = {**one, **span, "created_by": HUB, "created_at": now, "told": "ended"}
        changes = {NoticeRow._meta.fields[name]: value for name, value in values.items() if name != "id"}
        NoticeRow.insert(values).on_conflict(conflict_target=[NoticeRow.id], update=changes).execute(db)


def _take_board(db: Database, said: Mapping[str, Any]) -> None:
    tuples = {name: tuple(said[name]) for name in ("buildings", "rooms", "hangs")}
    floors = tuple((building, floor) for building, floor in said["floors"])
    here = {stored.room.slug for stored in rooms.every(db)}
    board = replace(Board(**{**said, **tuples, "floors": floors}))
    # Rooms that it names and that are elsewhere by now are no reason to show none.
    board = replace(board, rooms=tuple(slug for slug in board.rooms if slug in here))
    known_slugs = {one.slug for one in boards.every(db)}
    boards.change(db, board) if board.slug in known_slugs else boards.add(db, board)


def lacking(db: Database, sheet: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of a sheet's plans, by their slugs, whose files are not here."""
    here = {one.slug: one.version for one in plans.every(db)}
    wanted = {one["slug"]: one["version"] for one in sheet["plans"]}
    return {slug: version for slug, version in wanted.items() if here.get(slug) != version}


def _keep_file(db: Database, said: Mapping[str, Any], file: File) -> None:
    values = _plan_columns(said) | {"content": file[0], "mime": file[1]}
    PlanRow.delete().where(PlanRow.slug == said["slug"]).execute(db)
    PlanRow.insert(**values).execute(db)


def _take_plans(db: Database, said: Sequence[Mapping[str, Any]], numbers: Mapping[int, int]) -> None:
    slugs = [one["slug"] for one in said]
    PlanRow.delete().where(PlanRow.slug.not_in(slugs)).execute(db)
    for one in said:
        PlanRow.update(**_plan_columns(one)).where(PlanRow.slug == one["slug"]).execute(db)
        plan = PlanRow.select(PlanRow.id).where(PlanRow.slug == one["slug"]).scalar(db)
        if plan is not None:
            PlaceRow.delete().where(PlaceRow.plan == plan).execute(db)
            _place(db, plan, one["places"], numbers)
    if said:
        _touch_all(db, numbers.values())


def _place(db: Database, plan: int, places: Sequence[Mapping[str, Any]], numbers: Mapping[int, int]) -> None:
    for place in places:
        if place["room_id"] in numbers:
            x, y = place["at"] or (None, None)
            row = {"element": place["element"], "outline": place["outline"], "x": x, "y": y}
            PlaceRow.insert(plan=plan, room=numbers[place["room_id"]], **row).execute(db)


def _plan_columns(said: Mapping[str, Any]) -> dict[str, Any]:
    x, y = said["here"] or (None, None)
    plain = {name: said[name] for name in ("slug", "name", "building", "floor", "kind", "box", "width", "height")}
    return {**plain, "version": said["version"], "here_x": x, "here_y": y}


def _touch_all(db: Database, numbers: Collection[int]) -> None:
    for number in numbers:
        touch(db, number)
