"""Invitations: what the organizer does reaches the room, and what flows back is the answer alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World, occurrence_id
from tests.emulator.conftest import ADA, BOB, WORLD, Connect, Rooms, answer_of, at, delta, full
from tests.running import wait_for


def answer(world: World, calendar_id: str, event_id: str, guest: str) -> str:
    return answer_of(world.event(calendar_id, event_id), guest)


def test_a_free_room_accepts_and_both_copies_say_so(world: World, rooms: Rooms) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    assert answer(world, rooms.oak, event, rooms.oak) == "accepted"
    assert answer(world, ADA, event, rooms.oak) == "accepted"
    own = next(each for each in world.event(rooms.oak, event)["attendees"] if each.get("self"))
    assert own["resource"] is True
    assert world.event(rooms.oak, event)["organizer"] == {"email": ADA, "displayName": "Ada Okafor"}


def test_a_taken_room_declines_and_keeps_the_entry(world: World, rooms: Rooms, events: Any) -> None:
    world.create(ADA, "First", at(0), at(1), rooms=[rooms.oak])
    second = world.create(BOB, "Second", at(0.5), at(2), rooms=[rooms.oak])
    assert answer(world, BOB, second, rooms.oak) == "declined"
    listed = {item["summary"]: item["status"] for item in full(events, rooms.oak)[0]}
    assert listed == {"First": "confirmed", "Second": "confirmed"}


def test_meetings_back_to_back_are_both_accepted(world: World, rooms: Rooms) -> None:
    world.create(ADA, "First", at(0), at(1), rooms=[rooms.oak])
    second = world.create(BOB, "Second", at(1), at(2), rooms=[rooms.oak])
    assert answer(world, BOB, second, rooms.oak) == "accepted"


def test_a_room_without_auto_accept_leaves_invitations_unanswered(world: World, rooms: Rooms) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.fir])
    assert answer(world, ADA, event, rooms.fir) == "needsAction"


def test_an_invitation_left_to_people_stands_in_the_way_of_later_ones(world: World, rooms: Rooms) -> None:
    pending = world.create(ADA, "Pending", at(0), at(1), rooms=[rooms.fir])
    world.set_auto_accept(rooms.fir, True)
    later = world.create(BOB, "Later", at(0), at(1), rooms=[rooms.fir])
    assert answer(world, ADA, pending, rooms.fir) == "needsAction"
    assert answer(world, BOB, later, rooms.fir) == "declined"


def test_a_room_answers_by_itself_after_its_delay(rooms: Rooms) -> None:
    with Emulator(WORLD, answer_delay=4) as slow:
        event = slow.world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
        assert answer(slow.world, ADA, event, rooms.oak) == "needsAction"
        wait_for(lambda: answer(slow.world, ADA, event, rooms.oak) == "accepted")
        assert answer(slow.world, rooms.oak, event, rooms.oak) == "accepted"


def test_two_invitations_waiting_for_an_answer_are_decided_in_turn(rooms: Rooms) -> None:
    with Emulator(WORLD, answer_delay=3600) as slow:
        first, second = (slow.world.create(who, "Talk", at(0), at(1), rooms=[rooms.oak]) for who in (ADA, BOB))
        slow.world.settle()
        assert answer(slow.world, ADA, first, rooms.oak) == "accepted"
        assert answer(slow.world, BOB, second, rooms.oak) == "declined"


def test_a_new_time_makes_the_room_answer_again(world: World, rooms: Rooms) -> None:
    world.create(ADA, "Fixed", at(2), at(3), rooms=[rooms.oak])
    event = world.create(BOB, "Moved", at(0), at(1), rooms=[rooms.oak])
    world.move(event, at(2), at(3))
    assert answer(world, rooms.oak, event, rooms.oak) == "declined"
    world.move(event, at(4), at(5))
    assert answer(world, rooms.oak, event, rooms.oak) == "accepted"
    assert world.event(rooms.oak, event)["sequence"] == 2


def test_an_answer_without_words_takes_earlier_words_back(world: World, rooms: Rooms, events: Any) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    for sent, shown in (("Nobody came", "Nobody came"), ("", None)):
        guests = world.event(rooms.oak, event)["attendees"]
        status = "declined" if sent else "accepted"
        guests[-1] |= {"responseStatus": status, "comment": sent}
        events.patch(calendarId=rooms.oak, eventId=event, body={"attendees": guests}).execute()
        for calendar_id in (rooms.oak, ADA):
            assert world.event(calendar_id, event)["attendees"][-1].get("comment") == shown


def test_another_room_takes_the_event_and_the_old_one_gets_a_tombstone(world: World, rooms: Rooms, events: Any) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    _, token = full(events, rooms.oak)
    world.move(event, rooms=[rooms.elm])
    assert [(item["id"], item["status"]) for item in delta(events, rooms.oak, token)] == [(event, "cancelled")]
    (there,) = full(events, rooms.elm)[0]
    assert (there["id"], answer_of(there, rooms.elm)) == (event, "accepted")


def test_a_room_that_is_invited_again_gets_the_event_back(world: World, rooms: Rooms, events: Any) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    world.move(event, rooms=[])
    world.move(event, rooms=[rooms.oak])
    (back,) = full(events, rooms.oak)[0]
    assert answer_of(back, rooms.oak) == "accepted"


def test_declining_on_the_rooms_copy_reaches_the_organizer_and_leaves_the_meeting(
    world: World, rooms: Rooms, events: Any
) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], guests=[BOB])
    attendees = events.get(calendarId=rooms.oak, eventId=event).execute()["attendees"]
    for each in attendees:
        if each.get("self"):
            each |= {"responseStatus": "declined", "comment": "Released at the panel"}
    events.patch(calendarId=rooms.oak, eventId=event, body={"attendees": attendees}, sendUpdates="all").execute()
    for calendar_id in (ADA, BOB, rooms.oak):
        assert answer(world, calendar_id, event, rooms.oak) == "declined"
    assert world.event(ADA, event)["status"] == "confirmed"


def test_the_short_form_of_an_answer_keeps_the_guests(world: World, rooms: Rooms, events: Any) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], guests=[BOB])
    reply = {"attendeesOmitted": True, "attendees": [{"email": rooms.oak, "responseStatus": "declined"}]}
    changed = events.patch(calendarId=rooms.oak, eventId=event, body=reply).execute()
    assert len(changed["attendees"]) == 3
    assert answer(world, ADA, event, rooms.oak) == "declined"


def test_answer_of_a_guest_that_may_modify_the_event_is_its_own_too(
    connect: Connect, world: World, rooms: Rooms, events: Any
) -> None:
    times = {"start": {"dateTime": "2026-08-10T09:00:00Z"}, "end": {"dateTime": "2026-08-10T10:00:00Z"}}
    talk = times | {"guestsCanModify": True, "attendees": [{"email": rooms.oak}]}
    event = connect(ADA).events().insert(calendarId="primary", body=talk).execute()["id"]
    world.settle()
    attendees = events.get(calendarId=rooms.oak, eventId=event).execute()["attendees"]
    body = {"attendees": [each | {"responseStatus": "declined"} for each in attendees if each.get("self")]}
    events.patch(calendarId=rooms.oak, eventId=event, body=body).execute()
    assert answer(world, ADA, event, rooms.oak) == "declined"


def test_edits_on_the_rooms_copy_stay_there_until_the_organizer_changes_something(
    world: World, rooms: Rooms, events: Any
) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    events.patch(calendarId=rooms.oak, eventId=event, body={"summary": "Hijacked"}).execute()
    assert world.event(ADA, event)["summary"] == "Talk"
    world.move(event, title="Talk, renamed")
    assert world.event(rooms.oak, event)["summary"] == "Talk, renamed"


def test_guests_rights_are_the_organizers_to_change(world: World, rooms: Rooms, events: Any) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    with pytest.raises(HttpError) as refused:
        events.patch(calendarId=rooms.oak, eventId=event, body={"guestsCanModify": True}).execute()
    assert refused.value.error_details[0]["reason"] == "forbiddenForNonOrganizer"


def test_private_properties_belong_to_their_copy(world: World, rooms: Rooms, events: Any) -> None:
    own, shared = {"private": {"a": "1"}}, {"shared": {"b": "2"}}
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], extendedProperties=own | shared)
    assert world.event(rooms.oak, event)["extendedProperties"] == shared
    events.patch(calendarId=rooms.oak, eventId=event, body={"extendedProperties": {"private": {"c": "3"}}}).execute()
    world.move(event, title="Renamed")
    assert world.event(rooms.oak, event)["extendedProperties"] == {"private": {"c": "3"}} | shared
    assert world.event(ADA, event)["extendedProperties"] == own | shared


def test_a_series_is_accepted_but_for_the_dates_that_clash(world: World, rooms: Rooms, events: Any) -> None:
    world.create(BOB, "Once", at(0, 7), at(1, 7), rooms=[rooms.oak])
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    items = events.instances(calendarId=rooms.oak, eventId=series).execute()["items"]
    assert [answer_of(item, rooms.oak) for item in items] == ["accepted", "declined", "accepted", "accepted"]
    assert answer(world, ADA, occurrence_id(series, at(0, 7)), rooms.oak) == "declined"


def test_a_series_that_clashes_more_often_than_not_is_declined_as_a_whole(world: World, rooms: Rooms) -> None:
    world.create(BOB, "Daily", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    series = world.create(ADA, "Also", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    assert answer(world, rooms.oak, series, rooms.oak) == "declined"


def test_a_series_with_nine_clashes_is_declined_however_long_it_is(world: World, rooms: Rooms) -> None:
    world.create(BOB, "Nine", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY;COUNT=9"])
    series = world.create(ADA, "Long", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY;COUNT=90"])
    assert answer(world, rooms.oak, series, rooms.oak) == "declined"


def test_one_occurrence_moves_to_another_room(world: World, rooms: Rooms, events: Any) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    second = occurrence_id(series, at(0, 7))
    world.move(second, rooms=[rooms.elm])
    assert [item["id"] for item in full(events, rooms.elm, singleEvents=True)[0]] == [second]
    assert len(full(events, rooms.oak, singleEvents=True)[0]) == 2


def test_a_renamed_series_renames_its_moved_occurrence_too(world: World, rooms: Rooms) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    second = occurrence_id(series, at(0, 7))
    world.move(second, at(4, 7), at(5, 7))
    world.move(series, title="Renamed")
    assert world.event(rooms.oak, second)["summary"] == "Renamed"
    assert world.event(rooms.oak, second)["start"]["dateTime"] == "2026-08-17T14:00:00+02:00"


def test_this_and_following_splits_the_series(world: World, rooms: Rooms, events: Any) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    _, token = full(events, rooms.oak, singleEvents=True)
    later = world.split(occurrence_id(series, at(0, 14)), at(2, 14), at(3, 14))
    assert later == f"{series}_R20260824T080000"
    items, _ = full(events, rooms.oak, singleEvents=True, orderBy="startTime")
    assert [item["start"]["dateTime"][8:16] for item in items] == ["10T10:00", "17T10:00", "24T12:00", "31T12:00"]
    gone = {item["id"] for item in delta(events, rooms.oak, token) if item["status"] == "cancelled"}
    assert gone == {occurrence_id(series, at(0, 14)), occurrence_id(series, at(0, 21))}


@pytest.mark.parametrize("hours", [False, True])
def test_a_series_of_whole_days_is_split_between_two_days(world: World, rooms: Rooms, events: Any, hours: bool) -> None:
    first, rule = date(2026, 8, 10), ["RRULE:FREQ=DAILY;COUNT=4"]
    series = world.create(ADA, "Days", first, first + timedelta(days=1), rooms=[rooms.oak], recurrence=rule)
    third = first + timedelta(days=2)
    start, end = (at(0, 2), at(1, 2)) if hours else (third, third + timedelta(days=1))
    world.split(occurrence_id(series, third), start, end, title="Rest")
    items, _ = full(events, rooms.oak, singleEvents=True, orderBy="startTime")
    hour = "10" if hours else "00"
    assert [(item["summary"], item["start"]["dateTime"][8:13]) for item in items] == [
        ("Days", "10T00"), ("Days", "11T00"), ("Rest", f"12T{hour}"), ("Rest", f"13T{hour}")
    ]  # fmt: skip


def test_a_series_keeps_its_hour_when_the_clocks_change(world: World, rooms: Rooms, events: Any) -> None:
    world.create(ADA, "Weekly", at(0, 70), at(1, 70), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    items, _ = full(events, rooms.oak, singleEvents=True, orderBy="startTime")
    assert [item["start"]["dateTime"] for item in items] == ["2026-10-19T10:00:00+02:00", "2026-10-26T10:00:00+01:00"]


def test_somebody_elsewhere_can_invite_a_room(world: World, rooms: Rooms, connect: Connect) -> None:
    event = world.create("eve@elsewhere.example", "Visit", at(0), at(1), rooms=[rooms.oak])
    assert answer(world, rooms.oak, event, rooms.oak) == "accepted"
    assert world.event(rooms.oak, event)["organizer"]["email"] == "eve@elsewhere.example"
    with pytest.raises(HttpError):
        connect().calendars().get(calendarId="eve@elsewhere.example").execute()


def test_a_person_books_a_room_through_the_api(connect: Connect, rooms: Rooms, world: World) -> None:
    persons = connect(subject=ADA).events()
    sent = {
        "start": {"dateTime": at(0).isoformat()},
        "end": {"dateTime": at(1).isoformat()},
        "attendees": [{"email": rooms.oak, "resource": True}],
    }
    made = persons.insert(calendarId="primary", body=sent, sendUpdates="none").execute()
    assert made["organizer"]["self"] is True
    assert answer(world, rooms.oak, made["id"], rooms.oak) == "accepted"
    persons.delete(calendarId="primary", eventId=made["id"]).execute()
    assert world.events(rooms.oak) == []


def test_a_room_declines_members_it_is_not_shared_with(world: World, rooms: Rooms, emulator: Emulator) -> None:
    emulator.service.set_flag("rooms_decline_strangers", True)
    world.set_domain_role(rooms.oak, "none")
    world.share(rooms.oak, BOB, "freeBusyReader")
    refused = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    welcome = world.create(BOB, "Talk", at(0), at(1), rooms=[rooms.oak])
    assert answer(world, ADA, refused, rooms.oak) == "declined"
    assert answer(world, BOB, welcome, rooms.oak) == "accepted"


def test_answers_to_a_crowd_do_not_reach_the_organizer(world: World, rooms: Rooms) -> None:
    crowd = [f"guest{number}@elsewhere.example" for number in range(200)]
    event = world.create(ADA, "All hands", at(0), at(1), rooms=[rooms.oak], guests=crowd)
    assert answer(world, rooms.oak, event, rooms.oak) == "accepted"
    assert answer(world, ADA, event, rooms.oak) == "needsAction"
