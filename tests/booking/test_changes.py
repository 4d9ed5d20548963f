"""A booking is extended, begun early, ended and released: each proved in the calendar, or refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.booking.counter import Asked, Declined, Wish
from kiosk.booking.desk import Desk, KeyReused
from kiosk.booking.lock import Locks
from kiosk.errors import Unreachable
from kiosk.schedule.model import Event
from kiosk.schedule.rights import Act, Who
from kiosk.store import acts, journal
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.booking.acting import (
    ADMIN,
    ANNA,
    accepted,
    allow,
    connect,
    cut_off_after,
    denied,
    invite,
    messages,
    on_screen,
    only,
    unreachable,
)
from tests.conftest import OAK
from tests.fakes import FakeCalendars, StillClock, meeting


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
    assert desk.submit(twins[0]).state == "confirmed"
    calendars.before.append(unreachable)
    assert desk.submit(twins[1]).state == "withdrawing"
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
