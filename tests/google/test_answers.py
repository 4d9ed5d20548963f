"""Google's JSON is read for what it means, and forgiven what it lacks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.errors import Refused, Unreachable
from kiosk.google import answers

ROOM = "c_188oak@resource.calendar.google.com"
BERLIN = ZoneInfo("Europe/Berlin")


def item(**more: Any) -> dict[str, Any]:
    times = {"start": {"dateTime": "2026-08-10T10:00:00+02:00"}, "end": {"dateTime": "2026-08-10T11:00:00+02:00"}}
    return {"id": "abc", "status": "confirmed", **times, **more}


def test_times_are_instants() -> None:
    event = answers.event(item(), ROOM, BERLIN)
    assert (event.start, event.end) == (datetime(2026, 8, 10, 8, tzinfo=UTC), datetime(2026, 8, 10, 9, tzinfo=UTC))
    assert (event.title, event.all_day, event.answer) == ("", False, "accepted")


@pytest.mark.parametrize(
    ("attendees", "answer"),
    [
        ([], "accepted"),
        ([{"email": "ada@ex.com", "responseStatus": "declined"}], "accepted"),
        ([{"email": "x", "self": True, "resource": True, "responseStatus": "declined"}], "declined"),
        ([{"email": ROOM.upper(), "resource": True, "responseStatus": "needsAction"}], "needsAction"),
        ([{"email": ROOM, "resource": True}], "needsAction"),
        ([{"email": ROOM, "resource": True, "responseStatus": "perhaps"}], "needsAction"),
    ],
)
def test_room_answers_for_itself(attendees: list[dict[str, Any]], answer: str) -> None:
    assert answers.event(item(attendees=attendees), ROOM, BERLIN).answer == answer


def test_own_answer_goes_alone_where_not_all_guests_are_shown() -> None:
    room = {"email": ROOM, "self": True, "responseStatus": "accepted"}
    said = {"responseStatus": "declined", "comment": "Released"}
    short = answers.answered(item(attendees=[room], attendeesOmitted=True), ROOM, "declined", "Released")
    assert short == {"attendeesOmitted": True, "attendees": [room | said]}
    secret = item(visibility="private", organizer={"email": "ada@ex.com"})
    hidden = answers.answered(secret, ROOM, "declined", "Released")
    assert hidden == {"attendeesOmitted": True, "attendees": [{"email": ROOM} | said]}


@pytest.mark.parametrize("more", [{}, {"visibility": "private", "organizer": {"email": ROOM, "self": True}}])
def test_room_that_is_not_invited_has_nothing_to_answer(more: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="not among the guests"):
        answers.answered(item(**more), ROOM, "declined", "")


def test_days_without_a_time_begin_at_local_midnight() -> None:
    event = answers.event(item(start={"date": "2026-10-25"}, end={"date": "2026-10-26"}), ROOM, BERLIN)
    assert (event.start, event.end, event.all_day) == (
        datetime(2026, 10, 24, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
        True,
    )


def test_midnight_to_midnight_on_a_room_is_a_whole_day() -> None:
    times = {"start": {"dateTime": "2026-08-10T00:00:00+02:00"}, "end": {"dateTime": "2026-08-11T00:00:00+02:00"}}
    assert answers.event(item(**times), ROOM, BERLIN).all_day


def test_end_that_is_not_after_its_start_is_repaired() -> None:
    backwards = item(end={"dateTime": "2026-08-10T09:00:00+02:00"})
    assert answers.event(backwards, ROOM, BERLIN).end == datetime(2026, 8, 10, 8, 30, tzinfo=UTC)
    day = item(start={"date": "2026-08-10"}, end={"date": "2026-08-10"})
    assert answers.event(day, ROOM, BERLIN).end == datetime(2026, 8, 10, 22, tzinfo=UTC)


def test_organizer_is_a_person_or_the_room_itself() -> None:
    person = answers.event(item(organizer={"email": "ada@ex.com", "displayName": "Ada"}), ROOM, BERLIN)
    assert person.organizer
    assert (person.organizer.name, person.organized_by_room) == ("Ada", False)
    room = answers.event(item(organizer={"email": ROOM, "self": True}), ROOM, BERLIN)
    assert (room.organizer, room.organized_by_room) == (None, True)


@pytest.mark.parametrize(
    ("event_id", "series"),
    [
        ("abc", ""),
        ("abc_20260810T080000Z", "abc"),
        ("abc_20260810", "abc"),
        ("abc_R20260810T080000_20260817T080000Z", "abc_R20260810T080000"),
        ("abc_R20260810T080000", ""),
    ],
)
def test_series_of_an_instance_is_read_off_its_id(event_id: str, series: str) -> None:
    assert answers.series_of({"id": event_id}) == series


def test_page_parts_what_is_there_from_what_is_gone() -> None:
    sparse = {"id": "s_20260810T080000Z", "status": "cancelled"}
    timeless = {"id": "t", "status": "confirmed"}
    body = {"timeZone": "Nowhere/Land", "items": [item(), sparse, timeless], "nextSyncToken": "n"}
    page = answers.page(body, ROOM)
    assert [event.id for event in page.events] == ["abc"]
    assert (page.gone, page.cursor, page.next_page) == (("s_20260810T080000Z", "t"), "n", None)


def test_empty_page_may_carry_a_page_token() -> None:
    page = answers.page({"nextPageToken": "p"}, ROOM)
    assert (page.events, page.next_page, page.cursor) == ((), "p", None)


def test_page_says_the_calendars_zone_and_when_it_was_last_changed() -> None:
    page = answers.page({"items": [], "timeZone": "Europe/Berlin", "updated": "2026-08-10T08:00:00.123Z"}, ROOM)
    assert (page.zone, page.updated) == ("Europe/Berlin", datetime(2026, 8, 10, 8, microsecond=123_000, tzinfo=UTC))
    silent = answers.page({"items": []}, ROOM)
    assert (silent.zone, silent.updated) == ("", None)


@pytest.mark.parametrize(
    "odd",
    [
        {"created": "0000-12-31T00:00:00.000Z"},
        {"updated": "yesterday"},
        {"attendees": "everybody"},
        {"organizer": "Ada"},
        {"end": {"dateTime": "2026-13-10T11:00:00+02:00"}},
        {"end": {"dateTime": "0001-01-01T00:00:00Z"}},
    ],
)
def test_event_that_makes_no_sense_still_takes_the_room(odd: dict[str, Any]) -> None:
    page = answers.page({"items": [item(**odd), item(id="next")], "nextSyncToken": "n"}, ROOM)
    assert [event.id for event in page.events] == ["abc", "next"]
    assert page.events[0].start == datetime(2026, 8, 10, 8, tzinfo=UTC)
    assert page.events[0].end > page.events[0].start


def test_event_that_lasts_no_time_takes_none() -> None:
    reminder = answers.event(item(end={"dateTime": "2026-08-10T10:00:00+02:00"}), ROOM, BERLIN)
    assert reminder.start == reminder.end


def test_time_in_a_zone_nobody_knows_is_of_the_calendars() -> None:
    start = {"dateTime": "2026-08-10T10:00:00", "timeZone": "Nowhere/Land"}
    assert answers.event(item(start=start), ROOM, BERLIN).start == datetime(2026, 8, 10, 8, tzinfo=UTC)


def test_event_that_became_unreadable_is_gone_as_if_it_were_not_listed() -> None:
    body = {"items": [item(), item(id="odd", start={"dateTime": "soon"})], "nextSyncToken": "n"}
    assert answers.page(body, ROOM).gone == ("odd",)


def test_event_without_a_readable_start_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    page = answers.page({"items": [item(start={"dateTime": "soon"})], "nextSyncToken": "n"}, ROOM)
    assert page.events == ()
    assert "abc" in caplog.text


@pytest.mark.parametrize("body", [{}, {"error": "no"}, {"items": None, "kind": "x"}])
def test_answer_that_is_no_list_of_events_never_frees_the_room(body: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        answers.page(body, ROOM)


def test_whole_day_that_begins_after_midnight_because_clocks_change_is_one() -> None:
    zone = ZoneInfo("America/Santiago")
    times = {"start": {"dateTime": "2026-09-06T01:00:00-03:00"}, "end": {"dateTime": "2026-09-07T00:00:00-03:00"}}
    assert answers.event(item(**times), ROOM, zone).all_day


def test_time_without_an_offset_is_of_its_own_zone_or_the_calendars() -> None:
    start = {"dateTime": "2026-08-10T10:00:00", "timeZone": "America/New_York"}
    end = {"dateTime": "2026-08-10T17:00:00"}
    event = answers.event(item(start=start, end=end), ROOM, BERLIN)
    assert (event.start.hour, event.end.hour) == (14, 15)


def test_item_that_makes_no_sense_hides_no_other() -> None:
    body = {"items": [item(), item(id="odd", start={"dateTime": "soon"}), {"status": "confirmed"}]}
    assert [event.id for event in answers.page(body, ROOM).events] == ["abc"]


@pytest.mark.parametrize("odd", [{"busy": [{"start": "2026-08-10T09:00:00Z"}]}, {"busy": [{"start": 1, "end": 2}]}, []])
def test_odd_free_busy_answer_of_one_calendar_leaves_the_others_readable(odd: Any) -> None:
    well = {"busy": [{"start": "2026-08-10T09:00:00Z", "end": "2026-08-10T10:00:00Z"}]}
    told = answers.busy({"calendars": {"odd": odd, "well": well}})
    assert told["odd"].error.startswith("unreadable")
    assert [slot.end for slot in told["well"].slots] == [datetime(2026, 8, 10, 10, tzinfo=UTC)]
