"""A tap is answered with the truth: confirmed, held, or refused with a reason; nothing is doubled or lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from kiosk import trace
from kiosk.booking.counter import Asked, Declined, Wish
from kiosk.booking.desk import Desk, KeyReused
from kiosk.booking.driver import Driver
from kiosk.booking.lock import Locks
from kiosk.errors import AccessDenied, Unreachable, UsageError
from kiosk.schedule.model import Room
from kiosk.schedule.rights import Act
from kiosk.store import diary, events, journal, leases, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync.passes import Pass, refresh
from tests.conftest import OAK
from tests.fakes import FakeCalendars, StillClock, meeting

HALF_HOUR = Wish("oak", None, None, 30, "Ad hoc")


def unreachable(_request: str) -> None:
    raise Unreachable("Google cannot be reached.")


def on_screen(desk: Desk, oak: StoredRoom, still: StillClock) -> list[tuple[str, bool]]:
    with desk.driver.store.read() as db:
        found = diary.between(db, oak, still(), still() + timedelta(hours=9))
    return [(booking.id, booking.held) for booking in found]


def test_confirmed_booking_is_in_google_under_our_id_and_on_the_screen(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(HALF_HOUR)
    assert made.state == "confirmed"
    [event] = calendars.living(OAK)
    assert (event.id, event.start, event.end) == (made.event_id, still(), still() + timedelta(minutes=30))
    assert on_screen(desk, oak, still) == [(made.event_id, False)]


def test_slot_that_google_gave_away_meanwhile_is_refused_and_shown(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, still()))
    made = desk.book(HALF_HOUR)
    assert (made.state, made.reason) == ("refused", "taken")
    assert on_screen(desk, oak, still) == [("m1", False)]


def test_booking_yields_to_a_meeting_that_came_at_the_same_moment(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.after.append(lambda request: rival() if request == "insert" else None)

    def rival() -> None:
        calendars.put(OAK, replace(meeting(1, still()), created=still() + timedelta(seconds=5)))

    made = desk.book(HALF_HOUR)
    assert (made.state, made.reason) == ("refused", "taken")
    assert [event.id for event in calendars.living(OAK)] == ["m1"]


def test_whatever_a_tap_does_at_google_is_logged_under_its_request(desk: Desk, calendars: FakeCalendars) -> None:
    known: set[str] = set()
    calendars.before.append(lambda _request: known.add(trace.request_id.get()))
    token = trace.request_id.set("tap-1")
    desk.book(HALF_HOUR)
    trace.request_id.reset(token)
    assert known == {"tap-1"}


def test_declined_and_free_events_are_not_in_the_way(desk: Desk, calendars: FakeCalendars, still: StillClock) -> None:
    calendars.put(OAK, meeting(1, still(), answer="declined"))
    calendars.put(OAK, meeting(2, still(), transparent=True))
    assert desk.book(HALF_HOUR).state == "confirmed"


def test_answer_lost_after_google_took_it_is_found_by_its_id(desk: Desk, calendars: FakeCalendars) -> None:
    calendars.after.append(lambda request: unreachable(request) if request == "insert" else None)
    assert desk.book(HALF_HOUR).state == "confirmed"
    assert len(calendars.living(OAK)) == 1


def test_booking_cancelled_in_google_is_not_made_again(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    def lose(request: str) -> None:
        if request == "insert":
            [event] = calendars.living(OAK)
            calendars.put(OAK, replace(event, cancelled=True))
            unreachable(request)

    calendars.after.append(lose)
    made = desk.book(HALF_HOUR)
    assert (made.state, made.reason) == ("refused", "cancelled")
    assert on_screen(desk, oak, still) == []


def test_tap_while_google_is_down_is_held_and_confirmed_later(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.before.append(unreachable)
    made = desk.book(HALF_HOUR)
    assert made.state == "held"
    assert on_screen(desk, oak, still) == [(made.event_id, True)]
    calendars.before.clear()
    still.advance(minutes=1)
    assert desk.step() == 1
    assert desk.find(made.id).state == "confirmed"
    assert on_screen(desk, oak, still) == [(made.event_id, False)]


def test_hold_is_refused_when_google_gave_the_slot_away(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.before.append(unreachable)
    made = desk.book(HALF_HOUR)
    calendars.before.clear()
    calendars.put(OAK, meeting(1, still()))
    still.advance(minutes=1)
    desk.step()
    assert (desk.find(made.id).state, desk.find(made.id).reason) == ("refused", "taken")
    assert on_screen(desk, oak, still) == [("m1", False)]


def test_hold_whose_time_has_passed_is_refused(desk: Desk, calendars: FakeCalendars, still: StillClock) -> None:
    calendars.before.append(unreachable)
    made = desk.book(HALF_HOUR)
    calendars.before.clear()
    still.advance(hours=1)
    desk.step()
    desk.step()
    assert (desk.find(made.id).state, desk.find(made.id).reason) == ("refused", "past")
    assert calendars.living(OAK) == []


def test_second_hold_for_the_same_time_is_refused(desk: Desk, calendars: FakeCalendars) -> None:
    calendars.before.append(unreachable)
    desk.book(HALF_HOUR)
    with pytest.raises(Declined) as refusal:
        desk.book(HALF_HOUR)
    assert refusal.value.reason == "taken"


def test_where_holds_are_off_nothing_of_a_refused_tap_stays_in_google(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    desk.hold = False
    calendars.after.append(lambda request: calendars.before.append(unreachable) if request == "insert" else None)
    made = desk.book(HALF_HOUR)
    assert (made.state, made.reason) == ("withdrawing", "unreachable")
    assert len(calendars.living(OAK)) == 1
    calendars.before.clear()
    calendars.after.clear()
    desk.step()
    assert desk.find(made.id).state == "refused"
    assert calendars.living(OAK) == []


def test_withdrawn_booking_waits_for_a_request_that_may_still_arrive(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    desk.hold = False
    calendars.before.append(unreachable)
    made = desk.book(HALF_HOUR)
    calendars.before.clear()
    desk.step()
    assert desk.find(made.id).state == "withdrawing"
    calendars.put(OAK, replace(meeting("x", still()), id=made.event_id))
    still.advance(minutes=2)
    desk.step()
    assert desk.find(made.id).state == "refused"
    assert calendars.living(OAK) == []


def test_repeated_key_is_the_same_booking(desk: Desk, calendars: FakeCalendars) -> None:
    first = desk.book(replace(HALF_HOUR, key="k1"))
    again = desk.book(replace(HALF_HOUR, key="k1"))
    assert first.id == again.id
    assert len(calendars.living(OAK)) == 1


def test_key_of_another_request_is_refused(desk: Desk) -> None:
    desk.book(replace(HALF_HOUR, key="k1"))
    with pytest.raises(KeyReused):
        desk.book(replace(HALF_HOUR, minutes=15, key="k1"))


def test_ending_early_frees_the_rest_in_google_and_here(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(HALF_HOUR)
    still.advance(minutes=10, seconds=30)
    assert desk.change(Asked("end", made.event_id)).state == "confirmed"
    [event] = calendars.living(OAK)
    assert event.end == still() - timedelta(seconds=30)
    assert on_screen(desk, oak, still) == []


def test_ending_in_the_first_minute_takes_the_booking_back(desk: Desk, calendars: FakeCalendars) -> None:
    made = desk.book(HALF_HOUR)
    assert desk.change(Asked("end", made.event_id)).state == "confirmed"
    assert calendars.living(OAK) == []


def test_ending_a_booking_that_google_changed_meanwhile_uses_the_new_version(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(HALF_HOUR)
    [event] = calendars.living(OAK)
    calendars.put(OAK, replace(event, title="Renamed in Google"))
    still.advance(minutes=10)
    assert desk.change(Asked("end", made.event_id)).state == "confirmed"
    assert [(one.title, one.end) for one in calendars.living(OAK)] == [("Renamed in Google", still())]


def test_ending_a_booking_cancelled_in_google_says_so(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(HALF_HOUR)
    calendars.delete(OAK, made.event_id)
    still.advance(minutes=10)
    ended = desk.change(Asked("end", made.event_id))
    assert (ended.state, ended.reason) == ("refused", "gone")
    assert on_screen(desk, oak, still) == []


def test_ending_while_google_is_down_is_noted_and_changes_nothing_yet(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(HALF_HOUR)
    still.advance(minutes=10)
    calendars.before.append(unreachable)
    ended = desk.change(Asked("end", made.event_id))
    assert (ended.state, ended.reason) == ("held", "")
    assert on_screen(desk, oak, still) == [(made.event_id, False)]


def test_ending_a_hold_takes_it_back_everywhere(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.before.append(unreachable)
    made = desk.book(HALF_HOUR)
    desk.change(Asked("end", made.event_id))
    assert on_screen(desk, oak, still) == []
    calendars.before.clear()
    still.advance(minutes=2)
    desk.step()
    assert calendars.living(OAK) == []


def test_external_bookings_are_left_to_google(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, still()))
    refresh(Pass(calendars, desk.driver.store, 7, still), oak.id)
    with pytest.raises(Declined) as refusal:
        desk.change(Asked("end", "m1"))
    assert refusal.value.reason == "external"


def test_missing_right_is_refused_with_googles_reason(desk: Desk, calendars: FakeCalendars) -> None:
    def deny(request: str) -> None:
        if request == "insert":
            raise AccessDenied("You need to have writer access to this calendar.", "requiredAccessLevel")

    calendars.before.append(deny)
    assert desk.book(HALF_HOUR).reason == "requiredAccessLevel"


def test_local_room_books_without_google(
    store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom
) -> None:
    store.write(rooms.add, Room("elm", "Elm", oak.room.zone))
    desk = Desk(Driver(store, calendars, still))
    made = desk.book(replace(HALF_HOUR, slug="elm"))
    assert made.state == "confirmed"
    still.advance(minutes=10)
    assert desk.change(Asked("end", made.event_id)).state == "confirmed"
    assert calendars.requests == []
    with store.read() as db:
        event = events.find(db, made.room_id, made.event_id)
    assert event
    assert event.end == still()


def test_row_left_by_a_killed_server_takes_nobodys_time_in_a_local_room(
    desk: Desk, store: Store, still: StillClock
) -> None:
    store.write(rooms.add, Room("elm", "Elm", ZoneInfo("Europe/Berlin")))
    left = desk.counter.booking(replace(HALF_HOUR, slug="elm"))
    store.write_durably(journal.add, left)
    still.advance(seconds=2)
    assert desk.book(replace(HALF_HOUR, slug="elm")).state == "confirmed"
    still.advance(seconds=40)
    desk.step()
    assert (desk.find(left.id).state, desk.find(left.id).reason) == ("refused", "taken")


def test_row_left_by_a_killed_server_is_finished_or_withdrawn(desk: Desk, still: StillClock) -> None:
    wish = replace(HALF_HOUR, key="k1")
    young = desk.counter.booking(wish)
    desk.driver.store.write(journal.add, young)
    still.advance(seconds=40)
    desk.step()
    assert desk.find(young.id).state == "confirmed"
    desk.change(Asked("cancel", young.event_id))
    late = desk.counter.booking(Wish("oak", None, None, 30))
    desk.driver.store.write(journal.add, late)
    still.advance(minutes=5)
    desk.step()
    desk.step()
    assert (desk.find(late.id).state, desk.find(late.id).reason) == ("refused", "forgotten")


def test_booking_that_another_process_has_taken_up_is_not_refused_for_being_under_way(
    desk: Desk, store: Store, oak: StoredRoom, still: StillClock
) -> None:
    """As after a crash of the database, when all that is open is looked at: it may be on its way to Google."""
    command = desk.counter.booking(HALF_HOUR)
    store.write(journal.add, command)
    with Locks(store, "another", still).room(oak.id):
        store.write(journal.claim, command, still() + timedelta(seconds=4))
        desk._drive(command)
    assert desk.find(command.id).state == "pending"


@pytest.mark.parametrize("offline", [False, True])
def test_of_many_taps_at_once_exactly_one_gets_the_room(
    offline: bool, desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    if offline:
        calendars.before.append(unreachable)
    results: list[str] = []
    barrier = threading.Barrier(8)

    def tap() -> None:
        barrier.wait()
        try:
            results.append(desk.book(HALF_HOUR).state)
        except Declined as error:
            results.append(error.reason)

    threads = [threading.Thread(target=tap) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = "held" if offline else "confirmed"
    assert sorted(results).count(won) == 1
    assert set(results) <= {won, "refused", "taken"}
    assert len(on_screen(desk, oak, still)) == 1


@pytest.mark.parametrize("act", ["end", "cancel"])
def test_booking_stays_on_the_screen_until_google_knows_that_it_has_ended(
    act: Act, desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(HALF_HOUR)
    still.advance(minutes=5)
    calendars.before.append(unreachable)
    ended = desk.change(Asked(act, made.event_id))
    assert ended.state == "held"
    assert on_screen(desk, oak, still) == [(made.event_id, False)]
    calendars.before.clear()
    still.advance(minutes=2)
    desk.step()
    assert desk.find(ended.id).state == "confirmed"
    assert on_screen(desk, oak, still) == []


def test_clock_that_jumps_during_a_booking_leaves_no_ghost(
    desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    jumps = [61.0]

    def jump(request: str) -> None:
        if request == "insert" and jumps:
            still.advance(seconds=jumps.pop())  # as when a Pi learns the time: every lease has run out

    calendars.after.append(jump)
    made = desk.book(HALF_HOUR)
    assert made.state == "confirmed"
    assert [event.id for event in calendars.living(OAK)] == [made.event_id]
    assert [booking for booking, _held in on_screen(desk, oak, still)] == [made.event_id]


def test_clock_that_jumps_while_ending_still_tells_the_truth(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    made = desk.book(HALF_HOUR)
    still.advance(minutes=10)
    jumps = [61.0]
    calendars.after.append(lambda name: still.advance(seconds=jumps.pop()) if name == "reshape" and jumps else None)
    assert desk.change(Asked("end", made.event_id)).state == "confirmed"


def test_lease_is_renewed_while_a_slow_command_is_done(store: Store, still: StillClock, oak: StoredRoom) -> None:
    locks = Locks(store, "me", still)
    with locks.room(oak.id) as lease:
        still.advance(seconds=9)
        locks.renew()
        still.advance(seconds=9)
        store.write(leases.check, lease, still())
    assert store.write(leases.take, lease.name, "other", still(), timedelta(seconds=1))


def test_room_of_a_killed_server_is_free_again_in_seconds(store: Store, still: StillClock, oak: StoredRoom) -> None:
    dead, alive = Locks(store, "dead", still), Locks(store, "alive", still)
    dead.room(oak.id).__enter__()
    still.advance(seconds=11)
    with alive.room(oak.id) as lease:
        assert lease.owner.startswith("alive ")


def test_one_key_used_by_many_requests_at_once_is_one_booking(desk: Desk, calendars: FakeCalendars) -> None:
    barrier = threading.Barrier(6)
    answers: list[tuple[str, str]] = []

    def tap() -> None:
        barrier.wait()
        made = desk.book(replace(HALF_HOUR, key="same"))
        answers.append((made.id, made.state))

    threads = [threading.Thread(target=tap) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert {state for _id, state in answers} == {"confirmed"}
    assert len({number for number, _state in answers}) == len(calendars.living(OAK)) == 1


def test_room_whose_calendar_was_never_read_is_not_booked(desk: Desk, store: Store, still: StillClock) -> None:
    store.write(rooms.add_linked, Room("yew", "Yew", ZoneInfo("Europe/Berlin")), "yew@x", still())
    with pytest.raises(Declined, match="unread"):
        desk.book(replace(HALF_HOUR, slug="yew"))


def test_hold_is_looked_at_again_though_the_clock_was_put_back(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.before.append(unreachable)
    made = desk.book(replace(HALF_HOUR, minutes=300))
    desk.step()
    calendars.before.clear()
    still.advance(hours=-1)
    desk.step()
    assert desk.find(made.id).state == "confirmed"


def test_room_with_an_unsettled_booking_is_not_unlinked(
    desk: Desk, store: Store, oak: StoredRoom, calendars: FakeCalendars
) -> None:
    calendars.before.append(unreachable)
    desk.book(HALF_HOUR)
    with pytest.raises(UsageError, match="not settled"):
        store.write(rooms.unlink, oak.id)


@pytest.mark.parametrize("jump", [0.0, 61.0])
def test_worker_beside_a_slow_booking_does_not_take_it_away(
    jump: float, desk: Desk, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    desk.answer_seconds = 0.3
    working = threading.Event()

    def slow(request: str) -> None:
        if request == "insert" and not working.is_set():
            working.set()
            threading.Event().wait(0.8)  # longer than the caller waits
            still.advance(seconds=jump)

    calendars.before.append(slow)
    answers: list[str] = []
    caller = threading.Thread(target=lambda: answers.append(desk.book(HALF_HOUR).id))
    caller.start()
    working.wait(5)
    caller.join()
    still.advance(seconds=3)  # the held row is due: the worker waits for the room the first driver still has
    worker = threading.Thread(target=desk.step)
    worker.start()
    worker.join()
    give_up = threading.Event()
    for _ in range(100):
        if desk.find(answers[0]).state == "confirmed":
            break
        give_up.wait(0.05)
    desk.step()
    made = desk.find(answers[0])
    assert made.state == "confirmed"
    assert [event.id for event in calendars.living(OAK)] == [made.event_id]
    assert [booking for booking, _held in on_screen(desk, oak, still)] == [made.event_id]


def test_row_that_another_driver_has_settled_is_left_alone(
    desk: Desk, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.before.append(unreachable)
    made = desk.book(HALF_HOUR)
    calendars.before.clear()
    still.advance(minutes=1)
    desk.step()
    calendars.requests.clear()
    desk._drive(made)  # with what it knew before: held
    assert desk.find(made.id).state == "confirmed"
    assert "delete" not in calendars.requests
    assert len(calendars.living(OAK)) == 1


def test_lease_of_a_clock_that_was_put_back_holds_nobody_up(store: Store, still: StillClock, oak: StoredRoom) -> None:
    dead, alive = Locks(store, "dead", still), Locks(store, "alive", still)
    dead.room(oak.id).__enter__()
    still.advance(minutes=-30)
    with alive.room(oak.id) as lease:
        assert lease.owner.startswith("alive ")
