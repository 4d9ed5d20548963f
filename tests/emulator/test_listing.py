"""events.list: windows, pages and sync tokens as Google really has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World, occurrence_id
from tests.emulator.conftest import ADA, BOB, Rooms, answer_of, at, body, delta, full

HOUR = timedelta(hours=1)


def ids(items: list[dict[str, Any]]) -> list[str]:
    return sorted(item["id"] for item in items)


def refusal(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as refused:
        request.execute()
    return refused.value.status_code, refused.value.error_details[0]["reason"]


def test_the_window_holds_what_ends_after_its_start_and_starts_before_its_end(events: Any, rooms: Rooms) -> None:
    for hour in range(4):
        events.insert(calendarId=rooms.oak, body=body(at(hour), at(hour + 1), id=f"hour{hour}00")).execute()
    items, _ = full(events, rooms.oak, timeMin=at(1).isoformat(), timeMax=at(3).isoformat())
    assert ids(items) == ["hour100", "hour200"]


def test_an_empty_window_is_refused(events: Any, rooms: Rooms) -> None:
    question = events.list(calendarId=rooms.oak, timeMin=at(1).isoformat(), timeMax=at(1).isoformat())
    assert refusal(question) == (400, "timeRangeEmpty")


def test_a_bound_without_offset_is_refused(events: Any, rooms: Rooms) -> None:
    assert refusal(events.list(calendarId=rooms.oak, timeMin="2026-08-10T00:00:00")) == (400, "badRequest")


def test_pages_cover_everything_once_and_only_the_last_has_a_token(events: Any, rooms: Rooms, world: World) -> None:
    for hour in range(7):
        world.create(ADA, "Talk", at(hour), at(hour + 1), rooms=[rooms.oak], event_id=f"talk{hour}0")
    first = events.list(calendarId=rooms.oak, maxResults=3).execute()
    assert len(first["items"]) == 3
    assert "nextSyncToken" not in first
    items, token = full(events, rooms.oak, maxResults=3)
    assert ids(items) == [f"talk{hour}0" for hour in range(7)]
    assert token


def test_a_change_between_two_pages_is_not_lost(events: Any, rooms: Rooms, world: World) -> None:
    for hour in range(4):
        world.create(ADA, "Talk", at(hour), at(hour + 1), rooms=[rooms.oak], event_id=f"talk{hour}0")
    first = events.list(calendarId=rooms.oak, maxResults=2).execute()
    world.move("talk00", title="Changed")
    world.cancel("talk30")
    second = events.list(calendarId=rooms.oak, maxResults=2, pageToken=first["nextPageToken"]).execute()
    changed = delta(events, rooms.oak, second["nextSyncToken"])
    assert {item["id"]: item["status"] for item in changed} == {"talk00": "confirmed", "talk30": "cancelled"}


def test_a_page_token_is_good_for_its_own_question_only(events: Any, rooms: Rooms, world: World) -> None:
    for hour in range(3):
        world.create(ADA, "Talk", at(hour), at(hour + 1), rooms=[rooms.oak, rooms.elm])
    token = events.list(calendarId=rooms.oak, maxResults=1, q="Talk").execute()["nextPageToken"]
    for other in ({"calendarId": rooms.elm, "q": "Talk"}, {"calendarId": rooms.oak, "q": "talk"}):
        with pytest.raises(HttpError, match="Invalid page token value") as refused:
            events.list(pageToken=token, **other).execute()
        assert refused.value.status_code == 400
    assert len(events.list(calendarId=rooms.oak, q="Talk", pageToken=token).execute()["items"]) == 2


def test_an_empty_page_may_carry_a_page_token(events: Any, rooms: Rooms, world: World, emulator: Emulator) -> None:
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], event_id="talk0")
    emulator.service.set_flag("empty_pages", True)
    first = events.list(calendarId=rooms.oak).execute()
    assert (first["items"], "nextPageToken" in first) == ([], True)
    assert ids(full(events, rooms.oak)[0]) == ["talk0"]


def test_an_idle_delta_is_empty(events: Any, rooms: Rooms, world: World) -> None:
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    _, token = full(events, rooms.oak, singleEvents=True)
    assert delta(events, rooms.oak, token) == []


def test_a_delta_ignores_the_window_of_the_first_listing(events: Any, rooms: Rooms, world: World) -> None:
    _, token = full(events, rooms.oak, singleEvents=True, timeMin=at(0).isoformat(), timeMax=at(9).isoformat())
    world.create(ADA, "Next year", at(0, 365), at(1, 365), rooms=[rooms.oak])
    assert [item["summary"] for item in delta(events, rooms.oak, token)] == ["Next year"]


def test_one_touched_endless_series_floods_a_delta(events: Any, rooms: Rooms, world: World) -> None:
    series = world.create(ADA, "Daily", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY"])
    window = {"timeMin": at(0).isoformat(), "timeMax": at(0, 7).isoformat()}
    items, token = full(events, rooms.oak, singleEvents=True, **window)
    assert len(items) == 7
    world.move(series, title="Daily, renamed")
    assert len(delta(events, rooms.oak, token)) == 730


def test_a_cancelled_meeting_is_a_tombstone_with_its_id_alone(events: Any, rooms: Rooms, world: World) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    _, token = full(events, rooms.oak, singleEvents=True)
    world.cancel(event)
    (gone,) = delta(events, rooms.oak, token)
    assert gone.keys() == {"kind", "etag", "id", "status"}
    assert (gone["id"], gone["status"]) == (event, "cancelled")
    assert full(events, rooms.oak)[0] == []


def test_a_cancelled_instance_names_its_series(events: Any, rooms: Rooms, world: World) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    _, token = full(events, rooms.oak, singleEvents=True)
    world.cancel(occurrence_id(series, at(0, 7)))
    (gone,) = delta(events, rooms.oak, token)
    assert gone["recurringEventId"] == series
    assert gone["originalStartTime"]["dateTime"] == "2026-08-17T10:00:00+02:00"
    assert len(full(events, rooms.oak, singleEvents=True)[0]) == 3


def test_sparse_tombstones_hold_nothing_but_id_and_status(
    events: Any, rooms: Rooms, world: World, emulator: Emulator
) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    _, token = full(events, rooms.oak, singleEvents=True)
    world.cancel(event)
    emulator.service.set_flag("sparse_tombstones", True)
    assert delta(events, rooms.oak, token) == [{"id": event, "status": "cancelled"}]


def test_a_deleted_series_is_a_tombstone_for_every_instance(events: Any, rooms: Rooms, world: World) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    _, token = full(events, rooms.oak, singleEvents=True)
    world.cancel(series)
    gone = delta(events, rooms.oak, token)
    assert ids(gone) == [occurrence_id(series, at(0, 7 * week)) for week in range(4)]
    assert {item["status"] for item in gone} == {"cancelled"}


def test_a_series_that_moves_leaves_tombstones_where_it_was(events: Any, rooms: Rooms, world: World) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    _, token = full(events, rooms.oak, singleEvents=True)
    world.move(series, at(2), at(3))
    changed = {item["id"]: item["status"] for item in delta(events, rooms.oak, token)}
    assert changed == {
        occurrence_id(series, at(0)): "cancelled",
        occurrence_id(series, at(0, 7)): "cancelled",
        occurrence_id(series, at(2)): "confirmed",
        occurrence_id(series, at(2, 7)): "confirmed",
    }


def test_listing_without_expansion_gives_series_and_exceptions(events: Any, rooms: Rooms, world: World) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    world.move(occurrence_id(series, at(0, 7)), at(5, 7), at(6, 7))
    world.cancel(occurrence_id(series, at(0, 14)))
    items = {item["id"]: item for item in full(events, rooms.oak)[0]}
    assert items[series]["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]
    assert items[occurrence_id(series, at(0, 7))]["start"]["dateTime"] == "2026-08-17T15:00:00+02:00"
    assert items[occurrence_id(series, at(0, 14))]["status"] == "cancelled"


@pytest.mark.parametrize(
    "extra",
    [
        {"timeMin": "2026-08-10T00:00:00Z"},
        {"timeMax": "2026-08-10T00:00:00Z"},
        {"orderBy": "startTime"},
        {"q": "talk"},
        {"updatedMin": "2026-08-10T00:00:00Z"},
        {"iCalUID": "x@google.com"},
        {"privateExtendedProperty": "a=b"},
        {"showDeleted": False},
    ],
)
def test_a_sync_token_goes_with_no_other_restriction(events: Any, rooms: Rooms, extra: dict[str, Any]) -> None:
    _, token = full(events, rooms.oak, singleEvents=True)
    question = events.list(calendarId=rooms.oak, singleEvents=True, syncToken=token, **extra)
    assert refusal(question)[0] == 400


def test_unknown_foreign_and_dropped_tokens_need_a_full_sync(events: Any, rooms: Rooms, world: World) -> None:
    _, of_elm = full(events, rooms.elm)
    _, dropped = full(events, rooms.oak)
    world.drop_tokens(rooms.oak)
    for token in ("nonsense", of_elm, dropped):
        question = events.list(calendarId=rooms.oak, syncToken=token)
        assert refusal(question) == (410, "fullSyncRequired")
    assert delta(events, rooms.oak, full(events, rooms.oak)[1]) == []


def test_a_change_of_access_ends_the_calendars_tokens(events: Any, rooms: Rooms, world: World) -> None:
    _, token = full(events, rooms.oak)
    world.share(rooms.oak, BOB, "reader")
    assert refusal(events.list(calendarId=rooms.oak, syncToken=token)) == (410, "fullSyncRequired")


def test_ordering_by_start_needs_expansion_and_seeds_no_sync(events: Any, rooms: Rooms, world: World) -> None:
    for hour in (3, 1, 2):
        world.create(ADA, f"At {hour}", at(hour), at(hour + 1), rooms=[rooms.oak])
    assert refusal(events.list(calendarId=rooms.oak, orderBy="startTime")) == (400, "badRequest")
    items, token = full(events, rooms.oak, orderBy="startTime", singleEvents=True, maxResults=1)
    assert [item["summary"] for item in items] == ["At 1", "At 2", "At 3"]
    assert token == ""


def test_the_page_says_what_the_calendar_is(events: Any, rooms: Rooms) -> None:
    page = events.list(calendarId=rooms.oak).execute()
    assert page["timeZone"] == "Europe/Berlin"
    assert page["accessRole"] == "writer"
    assert page["summary"] == "BER-EG-Oak (8) [Video]"


def test_filters_find_by_text_property_and_uid(events: Any, rooms: Rooms) -> None:
    own = {"private": {"rd_booking": "7"}}
    made = events.insert(calendarId=rooms.oak, body=body(at(0), at(1), summary="Fox", extendedProperties=own)).execute()
    events.insert(calendarId=rooms.oak, body=body(at(2), at(3), summary="Hen")).execute()
    for question in ({"q": "fox"}, {"privateExtendedProperty": "rd_booking=7"}, {"iCalUID": made["iCalUID"]}):
        assert ids(full(events, rooms.oak, **question)[0]) == [made["id"]]


def test_more_guests_than_asked_for_leaves_the_own_entry(events: Any, rooms: Rooms, world: World) -> None:
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], guests=[BOB])
    (item,) = events.list(calendarId=rooms.oak, maxAttendees=1).execute()["items"]
    assert item["attendeesOmitted"] is True
    assert [each["email"] for each in item["attendees"]] == [rooms.oak]


def test_deleted_entries_are_listed_on_wish(events: Any, rooms: Rooms, world: World) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    world.cancel(event)
    assert ids(full(events, rooms.oak, showDeleted=True)[0]) == [event]


def test_instances_of_one_series_can_be_asked_for(events: Any, rooms: Rooms, world: World) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    world.create(ADA, "Other", at(2), at(3), rooms=[rooms.oak])
    world.cancel(occurrence_id(series, at(0, 7)))
    items = events.instances(calendarId=rooms.oak, eventId=series).execute()["items"]
    assert [item["start"]["dateTime"] for item in items] == ["2026-08-10T10:00:00+02:00", "2026-08-24T10:00:00+02:00"]
    assert answer_of(items[0], rooms.oak) == "accepted"


def test_a_deleted_series_leaves_tombstones_for_half_a_year_only(events: Any, rooms: Rooms, world: World) -> None:
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    series = world.create(ADA, "Weekly", begin, begin + HOUR, rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY"])
    _, token = full(events, rooms.oak, singleEvents=True, timeMax=(begin + timedelta(days=7)).isoformat())
    world.cancel(series)
    assert len(delta(events, rooms.oak, token)) == 27
    assert len(delta(events, rooms.oak, token, showDeleted=True)) == 730


def test_changes_of_long_ago_are_not_remembered(events: Any, rooms: Rooms) -> None:
    recently, long_ago = (datetime.now(UTC) - timedelta(days=days) for days in (20, 40))
    assert events.list(calendarId=rooms.oak, updatedMin=recently.isoformat()).execute()["items"] == []
    assert refusal(events.list(calendarId=rooms.oak, updatedMin=long_ago.isoformat())) == (410, "updatedMinTooLongAgo")


def test_a_page_may_be_shorter_than_asked_for(events: Any, rooms: Rooms, world: World, emulator: Emulator) -> None:
    for hour in range(5):
        world.create(ADA, f"At {hour}", at(hour), at(hour + 1), rooms=[rooms.oak])
    emulator.service.set_flag("short_pages", True)
    first = events.list(calendarId=rooms.oak, maxResults=4).execute()
    assert len(first["items"]) == 2
    assert len(full(events, rooms.oak, maxResults=4)[0]) == 5


def test_stray_tombstones_come_whatever_the_window(events: Any, rooms: Rooms, world: World, emulator: Emulator) -> None:
    gone = world.create(ADA, "Once", at(0), at(1), rooms=[rooms.oak])
    series = world.create(ADA, "Daily", at(2), at(3), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    for event in (gone, series):
        world.cancel(event)
    later = {"singleEvents": True, "timeMin": at(0, 100).isoformat()}
    assert full(events, rooms.oak, **later)[0] == []
    emulator.service.set_flag("stray_tombstones", True)
    found = full(events, rooms.oak, **later)[0]
    assert {item["id"] for item in found} == {gone, series}
    assert all(item["status"] == "cancelled" and "summary" not in item for item in found)


def test_the_calendar_list_is_followed_by_token(calendar: Any, rooms: Rooms, world: World) -> None:
    listed = calendar.calendarList()
    first = listed.list(maxResults=3).execute()
    rest = listed.list(maxResults=3, pageToken=first["nextPageToken"]).execute()
    assert ("nextSyncToken" in first, len(first["items"] + rest["items"])) == (False, 4)
    assert listed.list(syncToken=rest["nextSyncToken"]).execute()["items"] == []
    world.share(rooms.elm, world.service_user, "none")
    world.share(rooms.fir, world.service_user, "reader")
    world.set_domain_role(rooms.elm, "none")
    changed = listed.list(syncToken=rest["nextSyncToken"]).execute()["items"]
    assert [(each["id"], each.get("deleted", False)) for each in changed] == [(rooms.fir, False), (rooms.elm, True)]
    assert listed.get(calendarId=rooms.fir).execute()["accessRole"] == "reader"
    assert refusal(listed.list(syncToken="nonsense")) == (410, "fullSyncRequired")
    assert [each["id"] for each in listed.list(showDeleted=True).execute()["items"] if "deleted" in each] == [rooms.elm]
