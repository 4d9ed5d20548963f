"""What names rooms and buildings by their words follows them when they are called otherwise."""

from __future__ import annotations

from peewee import Database

from kiosk.schedule.notice import BREAK
from kiosk.store.office import BoardRow, PlanRow
from kiosk.store.told import NoticeRow


def room(db: Database, old: str, new: str) -> None:
    """Keep what is told at a room's door there when the room has another slug; so does a door of several rooms."""
    NoticeRow.update(value=new).where(NoticeRow.place == "room", NoticeRow.value == old).execute(db)
    for row in NoticeRow.select().where(NoticeRow.place == "screen").execute(db):
        display, _, slugs = row.value.partition("/")
        if display != "lobby" and old in slugs.split("+"):
            renamed = "+".join(new if one == old else one for one in slugs.split("+"))
            NoticeRow.update(value=f"{display}/{renamed}").where(NoticeRow.id == row.id).execute(db)


def building(db: Database, old: str, new: str) -> None:
    """Keep notices, boards and plans with a building that has another name."""
    NoticeRow.update(value=new).where(NoticeRow.place == "building", NoticeRow.value == old).execute(db)
    for row in NoticeRow.select().where(NoticeRow.place == "floor").execute(db):
        NoticeRow.update(value=_floor(row.value, old, new)).where(NoticeRow.id == row.id).execute(db)
    PlanRow.update(building=new).where(PlanRow.building == old).execute(db)
    for board in BoardRow.select().execute(db):
        BoardRow.update(
            buildings=[new if one == old else one for one in board.buildings],
            floors=[_floor(one, old, new) for one in board.floors],
            building=new if board.building == old else board.building,
        ).where(BoardRow.slug == board.slug).execute(db)


def _floor(value: str, old: str, new: str) -> str:
    named, _, floor = value.partition(BREAK)
    return BREAK.join((new, floor)) if named == old else value
