"""gcal-sync keeps its copy of a room's calendar equal to the stand-in's, as it does with Google."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World, occurrence_id
from tests.conformance.conftest import Client, ClientError
from tests.emulator.conftest import ADA, BOB, Rooms, at


@pytest.fixture
def gcal(client: Callable[..., Client]) -> Client:
    return client("with_gcal_sync")


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [each["summary"] for each in found]


def test_it_follows_a_calendar_through_every_kind_of_change(gcal: Client, rooms: Rooms, world: World) -> None:
    talk = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    other = world.create(BOB, "Other", at(2), at(3), rooms=[rooms.oak])
    assert titles(gcal.sync(calendar=rooms.oak)) == ["Talk", "Other"]
    world.move(talk, at(4), at(5), title="Talk, later")
    assert titles(gcal.sync(calendar=rooms.oak)) == ["Other", "Talk, later"]
    world.cancel(other)
    assert titles(gcal.sync(calendar=rooms.oak)) == ["Talk, later"]
    world.move(talk, rooms=[rooms.elm])
    assert titles(gcal.sync(calendar=rooms.oak)) == []
    assert titles(gcal.sync(calendar=rooms.elm)) == ["Talk, later"]


def test_it_expands_a_series_to_the_dates_that_google_would_give(gcal: Client, rooms: Rooms, world: World) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=6"])
    gcal.sync(calendar=rooms.oak)
    world.move(occurrence_id(series, at(0, 7)), at(3, 8), at(4, 8))
    world.cancel(occurrence_id(series, at(0, 14)))
    world.split(occurrence_id(series, at(0, 28)), at(1, 28), at(2, 28), title="Fortnightly")
    mine = {(each["summary"], each["start"]) for each in gcal.sync(calendar=rooms.oak)}
    window = {"start": at(0).isoformat(), "end": at(0, 60).isoformat()}
    theirs = {(each["summary"], each["start"]) for each in gcal.list(calendar=rooms.oak, page=2, **window)}
    assert mine == theirs
    assert len(theirs) == 5


def test_it_starts_anew_when_its_token_is_no_longer_good(gcal: Client, rooms: Rooms, world: World) -> None:
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    gcal.sync(calendar=rooms.oak)
    world.drop_tokens(rooms.oak)
    world.create(ADA, "More", at(2), at(3), rooms=[rooms.oak])
    assert titles(gcal.sync(calendar=rooms.oak)) == ["Talk", "More"]


def test_it_reads_empty_and_short_pages_to_the_end(
    gcal: Client, rooms: Rooms, world: World, emulator: Emulator
) -> None:
    for hour in range(7):
        world.create(ADA, f"At {hour}", at(hour), at(hour + 1), rooms=[rooms.oak])
    for flag in ("empty_pages", "short_pages"):
        emulator.service.set_flag(flag, True)
    window = {"start": at(-1).isoformat(), "end": at(9).isoformat()}
    assert len(gcal.list(calendar=rooms.oak, page=3, **window)) == 7


def test_it_reads_all_day_entries_of_a_room(gcal: Client, rooms: Rooms, world: World) -> None:
    world.create(rooms.oak, "Refit", at(0).date(), at(0, 1).date())
    (found,) = gcal.sync(calendar=rooms.oak)
    assert (found["summary"], found["start"][:10]) == ("Refit", "2026-08-10")


def test_it_writes_what_the_stand_in_keeps(gcal: Client, rooms: Rooms, world: World) -> None:
    gcal.create(calendar=rooms.oak, summary="Held", start=at(0).isoformat(), end=at(1).isoformat())
    (made,) = world.events(rooms.oak)
    gcal.rename(calendar=rooms.oak, event=made["id"], summary="Held longer")
    assert titles(world.events(rooms.oak)) == ["Held longer"]
    gcal.delete(calendar=rooms.oak, event=made["id"])
    assert world.events(rooms.oak) == []


def test_it_leaves_out_one_date_of_a_series(gcal: Client, rooms: Rooms, world: World) -> None:
    world.create(rooms.oak, "Weekly", at(0), at(1), recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    third = gcal.sync(calendar=rooms.oak)[2]
    gcal.skip(calendar=rooms.oak, uid=third["uid"], instance=third["id"])
    window = {"start": at(0).isoformat(), "end": at(0, 60).isoformat()}
    for found in (gcal.sync(calendar=rooms.oak), gcal.list(calendar=rooms.oak, page=50, **window)):
        assert [each["start"][8:10] for each in found] == ["10", "17", "31"]


def test_it_follows_the_list_of_calendars(gcal: Client, rooms: Rooms, world: World) -> None:
    assert set(gcal.calendars()) == {world.service_user, rooms.oak, rooms.elm, rooms.fir}
    world.share(ADA, world.service_user, "reader")
    assert ADA in gcal.calendars()
    assert gcal.calendar(calendar=rooms.oak)["timezone"] == "Europe/Berlin"


def test_it_understands_the_stand_ins_refusals(gcal: Client, rooms: Rooms, emulator: Emulator) -> None:
    with pytest.raises(ClientError, match="ApiException"):
        gcal.calendar(calendar="nowhere@x.example")
    emulator.service.faults.order(Fault("status", operation="List", status=403))
    with pytest.raises(ClientError, match="ApiForbiddenException"):
        gcal.sync(calendar=rooms.oak)
    emulator.service.faults.order(Fault("revoke"))
    with pytest.raises(ClientError, match="AuthException"):
        gcal.sync(calendar=rooms.oak)
