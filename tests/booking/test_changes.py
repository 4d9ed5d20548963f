"""A booking is extended, begun early, ended, released and checked in: each proved in the calendar, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kiosk.booking.attendant import Attendant
from kiosk.booking.counter import Asked, Declined, Wish
from kiosk.booking.desk import Desk, KeyReused
from kiosk.booking.driver import Driver
from kiosk.booking.lock import Locks
from kiosk.errors import AccessDenied, Missing, Unreachable
from kiosk.schedule.model import Answer, Booking, Event, Person
from kiosk.schedule.rights import Act, Who
from kiosk.store import acts, attendance, diary, events, journal, leases, outcome, policies, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync.passes import Pass, refresh
from tests.conftest import OAK
from tests.fakes import FakeCalendars, StillClock, meeting

ANNA = Who("person", "anna@example.org", "Anna")
ADMIN = Who("admin", name="office")


@pytest.fixture
def desk(
    store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom, caplog: pytest.LogCaptureFixture
) -> Iterator[Desk]:
    """A desk that has not failed in any way nobody foresaw: that would be in the log."""
    yield Desk(Driver(store, calendars, still), answer_seconds=2)
    assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@pytest.fixture
def attendant(desk: Desk, store: Store, still: StillClock) -> Attendant:
    return Attendant(desk, store, still)


@pytest.fixture
def sync(store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom) -> Callable[[], bool]:
    return lambda: refresh(Pass(calendars, store, 21, still), oak.id)


def allow(desk: Desk, oak: StoredRoom, **words: str) -> None:
    named = {name.replace("_", "-"): value for name, value in words.items()}
    desk.driver.store.write(policies.change, oak.id, named)


def on_screen(desk: Desk, oak: StoredRoom) -> list[Booking]:
    with desk.driver.store.read() as db:
        stored = rooms.by_id(db, oak.id)
        now = desk.driver.clock()
        return list(diary.between(db, stored, now - timedelta(hours=1), now + timedelta(hours=12)))


def messages(desk: Desk, oak: StoredRoom) -> list[str]:
    with desk.driver.store.read() as db:
        return [one.kind for one in diary.messages(db, rooms.by_id(db, oak.id), desk.driver.clock())]


def invite(calendars: FakeCalendars, start: datetime, minutes: int = 30, number: int = 1, **more: object) -> str:
    event = meeting(number, start, minutes, organizer=Person("anna@example.org", "Anna"), **more)
    return calendars.invite(OAK, event).id


def put_series(calendars: FakeCalendars, first: datetime, every: timedelta) -> list[str]:
    """Put four dates of a series into the room's calendar that the room itself organizes; return their ids."""
    dates = [meeting(number, first + number * every, 60, series_id="s", organized_by_room=True) for number in range(4)]
    return [calendars.put(OAK, date).id for date in dates]


def came(desk: Desk, oak: StoredRoom, event_id: str) -> tuple[str, int]:
    """Return what became of a check-in, and which miss in a row it was."""
    with desk.driver.store.read() as db:
        known = attendance.find(db, oak.id, event_id)
    assert known
    return known.state, known.strike


def time_passes(attendant: Attendant, still: StillClock, minutes: int) -> None:
    for _ in range(minutes * 6):
        still.advance(seconds=10)
        attendant.step()


def unreachable(_request: str) -> None:
    raise Unreachable("Google cannot be reached.")


def denied(_request: str) -> None:
    raise AccessDenied("You need to have writer access.", "requiredAccessLevel")


class Killed(BaseException):
    """The process has ended."""


def kill(*_about: object) -> None:
    raise Killed


@dataclass
class Once:
    """Does something at the first request of that kind."""

    request: str
    act: Callable[[], object]
    done: bool = False

    def __call__(self, request: str) -> None:
        if request == self.request and not self.done:
            self.done = True
            self.act()


def cut_off_after(calendars: FakeCalendars, request: str) -> None:
    """Lose the answer to the next request of that kind, and whatever is asked from then on."""

    def cut() -> None:
        calendars.before.append(unreachable)
        raise Unreachable("cut off")

    calendars.after.append(Once(request, cut))


def connect(calendars: FakeCalendars) -> None:
    calendars.before.clear()
    calendars.after.clear()


def move_onto(calendars: FakeCalendars, event_id: str, other: str) -> None:
    """Act as the organizer: move a meeting onto the time of another."""
    origin, there = calendars.events["anna@example.org"][event_id], calendars.events[OAK][other]
    calendars.invite(OAK, replace(origin, start=there.start, end=there.end))


def accepted(calendars: FakeCalendars) -> list[str]:
    return [event.id for event in calendars.living(OAK) if event.answer == "accepted"]


def only(calendars: FakeCalendars) -> tuple[datetime, datetime]:
    [event] = calendars.living(OAK)
    return event.start, event.end


def test_extended_booking_ends_later_in_google_and_here(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30))
    extended = desk.change(Asked("extend", made.event_id, minutes=15))
    assert (extended.state, extended.end) == ("confirmed", still() + timedelta(minutes=45))
    assert only(calendars)[1] == extended.end == on_screen(desk, oak)[0].end


def test_extension_into_a_meeting_that_we_know_of_is_declined_at_once(
    desk: Desk, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    calendars.put(OAK, meeting(1, still() + timedelta(minutes=40)))
    sync()
    made = desk.book(Wish("oak", None, None, 30))
    with pytest.raises(Declined, match="taken"):
        desk.change(Asked("extend", made.event_id, minutes=15))


def test_extension_into_a_meeting_that_only_google_knows_is_refused(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30))
    calendars.put(OAK, meeting(1, still() + timedelta(minutes=40)))
    refused = desk.change(Asked("extend", made.event_id, minutes=15))
    assert (refused.state, refused.reason) == ("refused", "taken")
    assert [one.id for one in on_screen(desk, oak)] == [made.event_id, "m1"]


def test_extension_is_put_back_when_somebody_came_at_the_same_moment(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30))

    def rival(request: str) -> None:
        if request == "reshape" and len(calendars.living(OAK)) == 1:
            calendars.put(OAK, meeting(1, still() + timedelta(minutes=35)))

    calendars.after.append(rival)
    refused = desk.change(Asked("extend", made.event_id, minutes=15))
    assert (refused.state, refused.reason) == ("refused", "taken")
    assert calendars.events[OAK][made.event_id].end == still() + timedelta(minutes=30)


def test_extension_whose_answer_was_lost_is_found_by_its_id(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30))
    calendars.after.append(lambda request: unreachable(request) if request == "reshape" else None)
    assert desk.change(Asked("extend", made.event_id, minutes=15)).state == "confirmed"
    assert only(calendars)[1] == still() + timedelta(minutes=45)


def test_extension_that_nobody_was_told_of_is_put_back(desk: Desk, calendars: FakeCalendars, still: StillClock) -> None:
    made = desk.book(Wish("oak", None, None, 30))

    def lose(request: str) -> None:
        if request == "reshape" and not calendars.before:
            calendars.before.append(unreachable)
            raise Unreachable("cut off")

    calendars.after.append(lose)
    given_up = desk.change(Asked("extend", made.event_id, minutes=15))
    assert (given_up.state, given_up.reason) == ("withdrawing", "unreachable")
    calendars.before.clear()
    calendars.after.clear()
    still.advance(seconds=40)
    desk.step()
    assert desk.find(given_up.id).state == "refused"
    assert only(calendars)[1] == made.end


def test_extension_asked_for_twice_stays_when_only_one_of_them_is_given_up(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30))
    twins = [desk.counter.change(Asked("extend", made.event_id, minutes=15, key=key)) for key in ("a", "b")]
    assert desk._submit(twins[0]).state == "confirmed"
    calendars.before.append(unreachable)
    assert desk._submit(twins[1]).state == "withdrawing"
    calendars.before.clear()
    still.advance(minutes=2)
    desk.step()
    assert desk.find(twins[1].id).state == "refused"
    assert only(calendars)[1] == still() + timedelta(minutes=43)


@pytest.mark.parametrize(("state", "reason"), [("pending", "being_booked"), ("held", "held")])
def test_booking_that_is_not_settled_is_not_extended_though_google_shows_it(
    state: str, reason: str, desk: Desk, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    made = desk.counter.booking(Wish("oak", None, None, 30))
    desk.driver.store.write(journal.add, made)
    if state == "held":
        desk.driver.store.write(journal.hold, made, still() + timedelta(minutes=5), still())
    calendars.put(OAK, Event(made.event_id, made.start, made.end, organized_by_room=True))
    sync()
    with pytest.raises(Declined, match=reason):
        desk.change(Asked("extend", made.event_id, minutes=15))


def test_extension_of_a_booking_that_google_moved_is_refused(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30))
    moved = replace(calendars.events[OAK][made.event_id], end=still() + timedelta(minutes=20))
    calendars.put(OAK, moved)
    refused = desk.change(Asked("extend", made.event_id, minutes=15))
    assert (refused.state, refused.reason) == ("withdrawing", "changed")
    desk.step()
    assert only(calendars)[1] == still() + timedelta(minutes=20)


def test_booking_for_later_begins_early_when_the_room_is_free(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", still() + timedelta(minutes=20), None, 30))
    begun = desk.change(Asked("start", made.event_id))
    assert (begun.state, begun.start, begun.end) == ("confirmed", still(), made.end)
    assert only(calendars) == (still(), made.end)


def test_booking_does_not_begin_in_the_middle_of_another(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    desk.book(Wish("oak", None, None, 15))
    made = desk.book(Wish("oak", still() + timedelta(minutes=20), None, 30))
    with pytest.raises(Declined, match="taken"):
        desk.change(Asked("start", made.event_id))


@pytest.mark.parametrize("act", ["end", "extend", "start", "cancel", "release"])
def test_other_peoples_meetings_are_left_alone_unless_switched_on(
    act: Act, desk: Desk, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() + timedelta(minutes=10))
    sync()
    with pytest.raises(Declined, match="external"):
        desk.change(Asked(act, event_id, minutes=15))


def test_meeting_is_ended_on_its_organizers_copy_where_that_is_switched_on(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() - timedelta(minutes=10), 60)
    sync()
    allow(desk, oak, edit_meetings="yes")
    ended = desk.change(Asked("end", event_id))
    assert (ended.state, ended.way) == ("confirmed", "organizer")
    assert calendars.events["anna@example.org"][event_id].end == still()
    assert not [one for one in on_screen(desk, oak) if one.end > still()]


def test_meeting_whose_organizer_we_may_not_act_for_only_loses_the_room(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() - timedelta(minutes=10), 60)
    sync()
    calendars.strangers.add("anna@example.org")
    allow(desk, oak, edit_meetings="yes")
    ended = desk.change(Asked("end", event_id))
    assert (ended.state, ended.way) == ("confirmed", "release")
    assert calendars.events[OAK][event_id].answer == "declined"
    assert calendars.events["anna@example.org"][event_id].end == still() + timedelta(minutes=50)
    assert on_screen(desk, oak) == []


def test_meeting_extended_on_its_organizers_copy_is_put_back_when_the_room_declines(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still(), 30)
    sync()
    allow(desk, oak, edit_meetings="yes")
    calendars.after.append(
        lambda request: (
            calendars.room_answers(OAK, event_id, "declined")
            if request == "reshape" and calendars.events[OAK][event_id].end > still() + timedelta(minutes=30)
            else None
        )
    )
    refused = desk.change(Asked("extend", event_id, minutes=15))
    assert (refused.state, refused.reason) == ("refused", "declined")
    assert calendars.events["anna@example.org"][event_id].end == still() + timedelta(minutes=30)


@pytest.mark.parametrize("who", [ANNA, ADMIN])
def test_owner_and_administrator_release_the_room_and_leave_the_meeting(
    who: Who, desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() + timedelta(minutes=10))
    sync()
    allow(desk, oak, owners_release="yes")
    released = desk.change(Asked("release", event_id, who=who))
    assert (released.state, released.way) == ("confirmed", "release")
    assert calendars.events[OAK][event_id].answer == "declined"
    assert not calendars.events["anna@example.org"][event_id].cancelled
    assert on_screen(desk, oak) == []


def test_somebody_else_does_not_release_it(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() + timedelta(minutes=10))
    sync()
    allow(desk, oak, owners_release="yes")
    with pytest.raises(Declined, match="external"):
        desk.change(Asked("release", event_id, who=Who("person", "bob@example.org")))


def test_release_whose_answer_was_lost_is_found(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() + timedelta(minutes=10))
    sync()
    allow(desk, oak, owners_release="yes")
    calendars.after.append(lambda request: unreachable(request) if request == "answer" else None)
    assert desk.change(Asked("release", event_id, who=ANNA)).state == "confirmed"


def test_booking_of_a_person_is_in_their_calendar_with_the_room_accepted(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    assert (made.state, made.reason) == ("confirmed", "")
    assert calendars.events["anna@example.org"][made.event_id].title == "Review"
    assert calendars.events[OAK][made.event_id].answer == "accepted"
    [shown] = on_screen(desk, oak)
    assert (shown.id, shown.own, shown.person) == (made.event_id, True, "anna@example.org")


def test_booking_of_a_person_that_the_room_declines_is_withdrawn_and_told(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars
) -> None:
    calendars.answers_with = "declined"
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    assert (made.state, made.reason) == ("refused", "declined")
    assert calendars.events["anna@example.org"][made.event_id].cancelled
    assert on_screen(desk, oak) == []
    assert messages(desk, oak) == ["invite_declined"]


def test_booking_of_a_person_waits_for_a_room_that_answers_late(desk: Desk, calendars: FakeCalendars) -> None:
    calendars.answers_with = 3
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    assert (made.state, made.reason) == ("confirmed", "")


def test_booking_of_a_person_in_a_room_that_never_answers_says_so(
    desk: Desk, calendars: FakeCalendars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.booking.driver.ANSWER_SECONDS", 0.1)
    calendars.answers_with = "never"
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    assert (made.state, made.reason) == ("confirmed", "unanswered")


def test_slot_of_an_invitation_that_waits_is_given_to_nobody_else(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.answers_with = 3
    others: list[str] = []

    def second(request: str) -> None:
        if request == "get" and not others:
            others.append("asked")
            with pytest.raises(Declined, match="being_booked"):
                desk.book(Wish("oak", None, None, 15))

    calendars.before.append(second)
    assert desk.book(Wish("oak", None, None, 30, "Review", who=ANNA)).state == "confirmed"
    assert others == ["asked"]


def test_person_for_whom_we_may_not_act_is_refused_with_the_reason(desk: Desk, calendars: FakeCalendars) -> None:
    calendars.strangers.add("anna@example.org")
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    assert (made.state, made.reason) == ("refused", "delegation")


@pytest.mark.parametrize("reached", [False, True])
def test_hold_of_a_person_for_whom_we_may_no_longer_act_is_refused_and_told(
    reached: bool, desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    if reached:
        cut_off_after(calendars, "insert")
    else:
        calendars.before.append(unreachable)
    made = desk.book(Wish("oak", still() + timedelta(hours=5), None, 30, "Review", who=ANNA))
    assert made.state == "held"
    connect(calendars)
    calendars.strangers.add("anna@example.org")
    still.advance(minutes=2)
    desk.step()
    desk.step()
    assert (desk.find(made.id).state, desk.find(made.id).reason) == ("refused", "delegation")
    assert messages(desk, oak) == ["hold_refused"]
    assert accepted(calendars) == []


def test_person_ends_what_was_booked_in_their_name_and_nobody_else_does(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    still.advance(minutes=10)
    with pytest.raises(Declined, match="external"):
        desk.change(Asked("end", made.event_id))
    assert desk.change(Asked("end", made.event_id, who=ANNA)).state == "confirmed"
    assert calendars.events["anna@example.org"][made.event_id].end == still()


def test_every_act_and_every_refusal_is_in_the_log(
    desk: Desk, calendars: FakeCalendars, still: StillClock, store: Store
) -> None:
    made = desk.book(Wish("oak", None, None, 30, place="10.0.0.7"))
    desk.change(Asked("extend", made.event_id, minutes=15, who=ADMIN))
    calendars.put(OAK, meeting(1, still() + timedelta(minutes=50)))
    desk.change(Asked("extend", made.event_id, minutes=30))
    with pytest.raises(Declined):
        desk.book(Wish("oak", None, None, 15))
    with store.read() as db:
        found = [(one.act, one.actor, one.place, one.result, one.reason) for one in reversed(acts.recent(db))]
    assert found == [
        ("book", "panel", "10.0.0.7", "confirmed", ""),
        ("extend", "admin:office", "", "confirmed", ""),
        ("extend", "panel", "", "refused", "taken"),
        ("book", "panel", "", "declined", "taken"),
    ]


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


@pytest.mark.parametrize("act", ["cancel", "end"])
def test_end_that_was_noted_and_that_google_refuses_is_told(
    act: Act, desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(Wish("oak", None, None, 60))
    still.advance(minutes=5)
    calendars.before.append(unreachable)
    assert desk.change(Asked(act, made.event_id)).state == "held"
    calendars.before[:] = [denied]
    still.advance(seconds=40)
    desk.step()
    assert messages(desk, oak) == ["change_refused"]
    assert [one.id for one in on_screen(desk, oak)] == [made.event_id]


def test_invitation_that_waited_is_finished_though_the_room_was_taken_meanwhile(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.booking.desk.PATIENCE_AFTER_A_WAIT", 0.1)
    calendars.answers_with = 2
    other = Locks(desk.driver.store, "somebody", desk.driver.clock)
    held: list[AbstractContextManager[object]] = []

    def hold(request: str) -> None:
        if request == "get" and not held:
            held.append(other.room(oak.id))
            held[0].__enter__()

    calendars.before.append(hold)
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    assert made.state == "held"
    held[0].__exit__(None, None, None)
    desk.driver.clock.advance(seconds=40)  # type: ignore[attr-defined]
    desk.step()
    assert desk.find(made.id).state == "confirmed"


@pytest.mark.parametrize("minutes", [-360, 0])
def test_ending_never_takes_a_meeting_out_of_its_organizers_calendar(
    minutes: int, desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, sync: Callable[[], bool]
) -> None:
    event_id = invite(calendars, still() - timedelta(minutes=minutes), 60)
    sync()
    allow(desk, oak, edit_meetings="yes")
    if minutes:
        with pytest.raises(Declined, match="not_begun"):
            desk.change(Asked("end", event_id))
    else:
        assert desk.change(Asked("end", event_id)).end == still() + timedelta(minutes=1)
    assert not calendars.events["anna@example.org"][event_id].cancelled


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


def test_hold_of_a_person_is_confirmed_only_when_the_room_has_answered(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.before.append(unreachable)
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    calendars.before.clear()
    calendars.answers_with = 2
    still.advance(minutes=1)
    desk.step()
    settled = desk.find(made.id)
    assert (made.state, settled.state, settled.reason) == ("held", "confirmed", "")


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


def test_key_of_one_person_is_no_answer_for_another(desk: Desk, calendars: FakeCalendars, still: StillClock) -> None:
    made = desk.book(Wish("oak", None, None, 30, "Review", who=ANNA))
    still.advance(minutes=5)
    desk.change(Asked("end", made.event_id, key="k", who=ANNA))
    with pytest.raises(KeyReused):
        desk.change(Asked("end", made.event_id, key="k", who=Who("person", "bob@example.org")))


def test_release_of_a_hold_takes_it_back(desk: Desk, calendars: FakeCalendars, still: StillClock) -> None:
    calendars.before.append(unreachable)
    made = desk.book(Wish("oak", None, None, 30))
    assert desk.change(Asked("release", made.event_id)).state == "confirmed"
    calendars.before.clear()
    still.advance(minutes=2)
    desk.step()
    assert calendars.living(OAK) == []


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
