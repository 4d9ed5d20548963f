"""Whoever does not come loses the room, whoever comes keeps it, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk.booking.attendant import Attendant
from kiosk.booking.counter import Asked, Declined, Wish
from kiosk.booking.desk import Desk
from kiosk.errors import Missing, Unreachable
from kiosk.schedule.model import Answer, Booking, Event
from kiosk.schedule.rights import Act, Who
from kiosk.store import attendance, diary, events, journal, leases, outcome
from kiosk.store.rooms import StoredRoom
from tests.booking.acting import (
    ADMIN,
    ANNA,
    Killed,
    Once,
    accepted,
    allow,
    came,
    connect,
    cut_off_after,
    invite,
    kill,
    messages,
    move_onto,
    on_screen,
    only,
    put_series,
    time_passes,
    unreachable,
)
from tests.conftest import OAK
from tests.fakes import FakeCalendars, StillClock


def test_check_in_is_awaited_given_and_kept(
    desk: Desk, oak: StoredRoom, attendant: Attendant, calendars: FakeCalendars, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", still() + timedelta(minutes=20), None, 30))
    with pytest.raises(Declined, match="too_early"):
        desk.change(Asked("check_in", made.event_id))
    time_passes(attendant, still, 15)
    assert desk.change(Asked("check_in", made.event_id)).state == "confirmed"
    time_passes(attendant, still, 20)
    [shown] = on_screen(desk, oak)
    assert (shown.attended, shown.check_in) == (True, None)


def test_check_in_at_the_moment_when_it_begins_to_be_awaited_is_kept(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=5), 60)
    sync()
    await_ = attendance.await_

    def come_first(*about: Any) -> None:
        outcome.begin(about[0], desk.counter.change(Asked("check_in", event_id)), still())
        await_(*about)

    monkeypatch.setattr(attendance, "await_", come_first)
    attendant.step()
    assert on_screen(desk, oak)[0].attended


def test_booking_that_nobody_checks_in_is_released_by_the_server_and_told(
    desk: Desk, oak: StoredRoom, attendant: Attendant, calendars: FakeCalendars, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", still() + timedelta(minutes=20), None, 30))
    time_passes(attendant, still, 31)
    assert calendars.events[OAK][made.event_id].cancelled
    assert on_screen(desk, oak) == []
    assert messages(desk, oak) == ["missed"]


def test_release_for_want_of_a_check_in_is_taken_back_at_the_door(
    desk: Desk, oak: StoredRoom, attendant: Attendant, calendars: FakeCalendars, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", still() + timedelta(minutes=1), None, 30))
    time_passes(attendant, still, 12)
    back = desk.change(Asked("check_in", made.event_id))
    assert (back.kind, back.state) == ("book", "confirmed")
    assert only(calendars) == (still(), made.end)
    assert messages(desk, oak) == []
    assert on_screen(desk, oak)[0].attended


def test_meeting_that_was_released_is_accepted_again(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=1))
    sync()
    time_passes(attendant, still, 12)
    assert calendars.events[OAK][event_id].answer == "declined"
    assert desk.change(Asked("check_in", event_id)).state == "confirmed"
    assert calendars.events[OAK][event_id].answer == "accepted"
    assert on_screen(desk, oak)[0].attended


@pytest.mark.parametrize("late", [False, True])
def test_released_meeting_that_is_moved_onto_another_is_not_accepted_again(
    late: bool,
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=1), 60)
    later = invite(calendars, still() + timedelta(hours=5), 60, number=2)
    sync()
    time_passes(attendant, still, 12)
    move = Once("answer" if late else "get", lambda: move_onto(calendars, event_id, later))
    calendars.before.append(move)
    undone = desk.change(Asked("check_in", event_id))
    assert (undone.state, undone.reason, move.done) == ("refused", "moved", True)
    still.advance(minutes=2)
    desk.step()
    assert accepted(calendars) == [later]


def test_late_check_in_leaves_a_meeting_alone_that_is_moved_onto_another(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=1), 60)
    later = invite(calendars, still() + timedelta(hours=5), 60, number=2)
    sync()
    time_passes(attendant, still, 10)
    cut_off_after(calendars, "answer")
    time_passes(attendant, still, 2)
    assert desk.change(Asked("check_in", event_id)).state == "confirmed"
    connect(calendars)
    move_onto(calendars, event_id, later)
    still.advance(minutes=1)
    desk.step()
    assert accepted(calendars) == [later]


def test_server_that_was_away_gives_everybody_the_time_again(
    desk: Desk, oak: StoredRoom, attendant: Attendant, calendars: FakeCalendars, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", still() + timedelta(minutes=1), None, 60))
    time_passes(attendant, still, 5)
    still.advance(minutes=20)  # the server is away
    Attendant(desk, desk.driver.store, still).step()
    assert not calendars.events[OAK][made.event_id].cancelled
    assert desk.change(Asked("check_in", made.event_id)).state == "confirmed"


def test_nobody_is_to_blame_for_a_meeting_that_ended_while_the_server_was_away(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=1), series_id="s")
    sync()
    time_passes(attendant, still, 2)
    still.advance(minutes=27)  # the server is away
    time_passes(attendant, still, 40)
    assert came(desk, oak, event_id) == ("excused", 0)


def test_whoever_ends_a_meeting_has_not_missed_it(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all", edit_meetings="yes")
    event_id = invite(calendars, still() + timedelta(minutes=1), 60, series_id="s")
    sync()
    time_passes(attendant, still, 5)
    assert desk.change(Asked("end", event_id)).way == "organizer"
    time_passes(attendant, still, 20)
    assert came(desk, oak, event_id) == ("excused", 0)


def test_end_of_a_meeting_leaves_a_check_in_as_it_was(
    desk: Desk, oak: StoredRoom, attendant: Attendant, calendars: FakeCalendars, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", None, None, 60))
    time_passes(attendant, still, 5)
    desk.change(Asked("end", made.event_id))
    assert came(desk, oak, made.event_id) == ("in", 0)


def test_date_of_the_rooms_own_series_that_was_taken_back_breaks_the_row(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    ids = put_series(calendars, still() + timedelta(minutes=1), timedelta(hours=2))
    sync()
    told = []
    for event_id in ids:
        time_passes(attendant, still, 12)
        told += messages(desk, oak)
        if event_id == ids[1]:
            assert desk.change(Asked("check_in", event_id, "oak")).state == "confirmed"
        still.advance(hours=2, minutes=-12)
    assert told == ["missed", "missed_warned", "missed", "missed_warned"]


@pytest.mark.parametrize("answer", ["accepted", "declined"])
def test_meeting_that_was_given_up_in_google_at_the_last_moment_was_not_missed(
    answer: Answer,
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=1), 60, series_id="s")
    sync()
    time_passes(attendant, still, 10)
    event = replace(calendars.events[OAK][event_id], answer=answer, cancelled=answer == "accepted")
    calendars.put(OAK, event)
    time_passes(attendant, still, 2)
    assert (came(desk, oak, event_id), messages(desk, oak)) == (("excused", 0), [])
    assert on_screen(desk, oak) == []


def test_meeting_that_is_given_up_in_google_while_its_release_waits_was_not_missed(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=1), 60, series_id="s")
    sync()
    time_passes(attendant, still, 10)
    calendars.before.append(unreachable)
    time_passes(attendant, still, 2)
    connect(calendars)
    calendars.put(OAK, replace(calendars.events[OAK][event_id], cancelled=True))
    time_passes(attendant, still, 1)
    desk.step()
    attendant.step()
    assert (came(desk, oak, event_id), messages(desk, oak)) == (("excused", 0), [])
    assert on_screen(desk, oak) == []


def test_one_booking_that_cannot_be_looked_after_keeps_no_other_waiting(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    allow(desk, oak, check_in="all")
    start = still() + timedelta(minutes=1)
    odd, other = invite(calendars, start, 30), invite(calendars, start + timedelta(minutes=30), 60, number=2)
    sync()
    time_passes(attendant, still, 10)
    find = diary.find

    def stumble(*about: Any) -> Booking | None:
        if about[2] == odd:
            raise ValueError(odd)
        return find(*about)

    monkeypatch.setattr(diary, "find", stumble)
    time_passes(attendant, still, 32)
    assert accepted(calendars) == [odd]
    assert (came(desk, oak, other), f"{odd}: check-ins cannot" in caplog.text) == (("missed", 1), True)
    caplog.clear()


def test_late_check_in_whose_time_somebody_else_has_by_now_is_told_so(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    start = still() + timedelta(minutes=1)
    event_id = invite(calendars, start, 60)
    sync()
    time_passes(attendant, still, 10)
    cut_off_after(calendars, "answer")
    time_passes(attendant, still, 2)
    assert desk.change(Asked("check_in", event_id)).state == "confirmed"
    connect(calendars)
    other = invite(calendars, start, 60, number=2)
    still.advance(minutes=1)
    desk.step()
    assert (accepted(calendars), messages(desk, oak)) == ([other], ["given_away"])


def test_booking_for_now_at_the_door_is_checked_in(
    desk: Desk, oak: StoredRoom, attendant: Attendant, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    desk.book(Wish("oak", None, None, 60))
    time_passes(attendant, still, 20)
    assert on_screen(desk, oak)[0].attended


@pytest.mark.parametrize("who", [ADMIN, ANNA])
def test_booking_for_now_by_a_program_is_not_checked_in_and_a_persons_is(
    who: Who, desk: Desk, oak: StoredRoom, attendant: Attendant, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", None, None, 60, who=who))
    if who == ADMIN:
        desk.change(Asked("extend", made.event_id, minutes=15, who=ADMIN))
    attendant.step()
    [shown] = on_screen(desk, oak)
    assert (shown.attended, shown.check_in is None) == (who == ANNA, who == ANNA)


@pytest.mark.parametrize("act", ["start", "extend"])
def test_whoever_begins_early_or_extends_is_there(
    act: Act, desk: Desk, oak: StoredRoom, attendant: Attendant, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", still() + timedelta(minutes=2), None, 60))
    time_passes(attendant, still, 1 if act == "start" else 5)
    assert desk.change(Asked(act, made.event_id, minutes=15)).state == "confirmed"
    time_passes(attendant, still, 20)
    assert on_screen(desk, oak)[0].attended


def test_release_waits_for_a_room_that_is_being_booked(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kiosk.booking.desk.PATIENCE", 0.1)
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=1), 60)
    sync()
    time_passes(attendant, still, 10)
    desk.driver.store.write(leases.take, leases.of_room(oak.id), "somebody", still(), timedelta(seconds=75))
    time_passes(attendant, still, 1)
    assert calendars.events[OAK][event_id].answer == "accepted"
    time_passes(attendant, still, 1)
    desk.step()
    assert calendars.events[OAK][event_id].answer == "declined"
    assert messages(desk, oak) == ["missed"]


def test_release_waits_for_google_and_a_late_check_in_stops_it(
    desk: Desk, oak: StoredRoom, attendant: Attendant, calendars: FakeCalendars, still: StillClock
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", still() + timedelta(minutes=1), None, 60))
    time_passes(attendant, still, 5)
    calendars.before.append(unreachable)
    time_passes(attendant, still, 8)
    desk.change(Asked("check_in", made.event_id))
    calendars.before.clear()
    still.advance(minutes=1)
    desk.step()
    assert not calendars.events[OAK][made.event_id].cancelled


def test_series_that_is_missed_again_and_again_loses_the_room(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    starts = [still() + timedelta(days=day, minutes=1) for day in range(4)]
    ids = [invite(calendars, start, number=number, series_id="s") for number, start in enumerate(starts)]
    sync()
    told = []
    for _ in range(3):
        time_passes(attendant, still, 12)
        told += messages(desk, oak)
        still.advance(days=1, minutes=-12)
        with desk.driver.store.read() as db:
            assert events.find(db, oak.id, ids[3])
    assert told == ["missed", "missed_warned", "missed_series"]
    assert {calendars.events[OAK][one].answer for one in ids} == {"declined"}


@pytest.mark.parametrize("released", [False, True])
def test_series_of_the_room_itself_is_ended_and_keeps_its_earlier_dates(
    released: bool,
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all", strikes="1", owners_release="yes")
    first, second, *_ = put_series(calendars, still() - timedelta(hours=2, minutes=-1), timedelta(hours=2))
    sync()
    if released:
        assert desk.change(Asked("release", second, series=True, who=ADMIN)).state == "confirmed"
    else:
        time_passes(attendant, still, 12)
        assert messages(desk, oak) == ["missed_series"]
    assert [one.id for one in calendars.living(OAK)] == [first]
    assert [one.id for one in on_screen(desk, oak) if one.end > still()] == []


@pytest.mark.parametrize("own", [False, True])
def test_late_check_in_keeps_its_date_of_a_series_that_loses_the_room(
    own: bool,
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all", strikes="1")
    start, day = still() + timedelta(minutes=1), timedelta(days=1)
    if own:
        ids = put_series(calendars, start, day)
    else:
        ids = [invite(calendars, start + number * day, 60, number, series_id="s") for number in range(4)]
    sync()
    time_passes(attendant, still, 10)
    cut_off_after(calendars, "curtail" if own else "answer")
    time_passes(attendant, still, 2)
    assert desk.change(Asked("check_in", ids[0])).state == "confirmed"
    connect(calendars)
    for _ in range(4):
        still.advance(seconds=20)
        desk.step()
    assert [event.start for event in calendars.living(OAK) if event.answer == "accepted"] == [start]
    assert messages(desk, oak) == ["series_lost"]


def test_kill_while_a_deleted_booking_is_made_again_leaves_one_and_nothing_open(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow(desk, oak, check_in="own")
    made = desk.book(Wish("oak", still() + timedelta(minutes=1), None, 60))
    time_passes(attendant, still, 10)
    cut_off_after(calendars, "delete")
    time_passes(attendant, still, 2)
    desk.change(Asked("check_in", made.event_id))
    connect(calendars)
    still.advance(seconds=40)
    with monkeypatch.context() as dying:
        dying.setattr(outcome, "withdrawn", kill)
        with pytest.raises(Killed):
            desk.step()
    for _ in range(3):
        still.advance(seconds=40)
        desk.step()
    assert only(calendars) == (made.start, made.end)
    with desk.driver.store.read() as db:
        assert not journal.open_of(db, oak.id)


def test_check_in_while_the_release_is_at_google_takes_the_room_again(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=5), 60)
    sync()
    came: list[str] = []

    def come(request: str) -> None:
        if request == "answer" and not came:
            came.append(desk.change(Asked("check_in", event_id)).state)

    calendars.before.append(come)
    time_passes(attendant, still, 17)
    desk.step()
    assert came == ["confirmed"]
    assert calendars.events[OAK][event_id].answer == "accepted"
    assert (on_screen(desk, oak)[0].attended, messages(desk, oak)) == (True, [])


@pytest.mark.parametrize("own", [False, True])
def test_check_in_after_a_release_whose_answer_was_lost_gets_the_room_back(
    own: bool,
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    start = still() + timedelta(minutes=5)
    event_id = desk.book(Wish("oak", start, None, 60)).event_id if own else invite(calendars, start, 60)
    sync()

    def lose(request: str) -> None:
        if request == ("delete" if own else "answer") and not calendars.before:
            calendars.before.append(unreachable)
            raise Unreachable("cut off")

    calendars.after.append(lose)
    time_passes(attendant, still, 16)
    assert desk.change(Asked("check_in", event_id)).state == "confirmed"
    calendars.before.clear()
    calendars.after.clear()
    for _ in range(4):
        still.advance(seconds=30)
        desk.step()
    [event] = [one for one in calendars.living(OAK) if one.answer == "accepted"]
    assert (event.start, event.end) == (start, start + timedelta(minutes=60))


@pytest.mark.parametrize("own", [False, True])
def test_booking_that_was_moved_is_not_released_for_its_old_time(
    own: bool,
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    start = still() + timedelta(minutes=5)
    event_id = desk.book(Wish("oak", start, None, 60)).event_id if own else invite(calendars, start, 60)
    sync()
    time_passes(attendant, still, 14)
    known, tomorrow = calendars.events[OAK][event_id], timedelta(days=1)
    calendars.put(OAK, replace(known, start=known.start + tomorrow, end=known.end + tomorrow))
    time_passes(attendant, still, 3)
    event = calendars.events[OAK][event_id]
    assert (event.cancelled, event.answer) == (False, "accepted")


def test_exempt_people_and_long_meetings_are_let_be_though_they_were_awaited(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=5), 60)
    sync()
    time_passes(attendant, still, 2)
    allow(desk, oak, exempt_people="anna@example.org")
    time_passes(attendant, still, 20)
    assert calendars.events[OAK][event_id].answer == "accepted"


def test_release_left_by_a_crash_is_decided_anew_after_a_long_absence(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow(desk, oak, check_in="all")
    event_id = invite(calendars, still() + timedelta(minutes=5), 120)
    sync()
    with monkeypatch.context() as dying:  # the process ends between the journal and Google
        dying.setattr(desk, "_drive", lambda _command, done=None: done.set())
        dying.setattr(desk, "_answer", lambda command: command)
        dying.setattr(desk, "answer_seconds", 0.1)
        time_passes(attendant, still, 16)
    still.advance(minutes=40)
    desk.driver.store.write(journal.wake_all, still())
    desk.step()
    attendant.step()
    assert calendars.events[OAK][event_id].answer == "accepted"
    time_passes(attendant, still, 6)
    assert calendars.events[OAK][event_id].answer == "declined"


def test_nobody_stops_releases_by_guessing_their_key(
    desk: Desk,
    oak: StoredRoom,
    attendant: Attendant,
    calendars: FakeCalendars,
    still: StillClock,
    sync: Callable[[], bool],
) -> None:
    allow(desk, oak, check_in="all")
    start = still() + timedelta(minutes=5)
    event_id = invite(calendars, start, 60)
    sync()
    due = start + timedelta(minutes=10)
    key = f"missed {oak.id} {event_id} {start.isoformat()} {due.isoformat()}"
    desk.book(Wish("oak", still() + timedelta(hours=3), None, 30, key=key))
    time_passes(attendant, still, 17)
    assert calendars.events[OAK][event_id].answer == "declined"


def test_series_of_which_the_room_has_one_date_only_loses_that(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() + timedelta(minutes=5), series_id="elsewhere")
    sync()
    allow(desk, oak, owners_release="yes")
    real = calendars.answer

    def known_here(calendar_id: str, wanted: str, answer: Answer, comment: str = "") -> Event:
        if wanted == "elsewhere":
            raise Missing("Not found", "notFound")
        return real(calendar_id, wanted, answer, comment)

    calendars.answer = known_here  # type: ignore[method-assign]
    assert desk.change(Asked("release", event_id, series=True, who=ANNA)).state == "confirmed"
    assert calendars.events[OAK][event_id].answer == "declined"
