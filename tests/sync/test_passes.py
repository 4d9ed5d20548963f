"""A pass brings the mirror up to Google's truth, and never past a booking made meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.booking.counter import Asked, Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.errors import Unreachable
from kiosk.store import events, leases, mirror, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync import passes
from kiosk.sync.passes import Pass, refresh
from tests.conftest import OAK
from tests.fakes import FakeCalendars, StillClock, meeting


@pytest.fixture
def work(store: Store, calendars: FakeCalendars, still: StillClock) -> Pass:
    return Pass(calendars, store, 7, still)


def mirrored(store: Store, stored: StoredRoom) -> set[str]:
    with store.read() as db:
        return events.ids(db, stored.id)


def revision(store: Store, stored: StoredRoom) -> int:
    with store.read() as db:
        return rooms.by_id(db, stored.id).revision


def test_first_pass_brings_the_window_and_nothing_outside(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, still()))
    calendars.put(OAK, meeting(2, still() + timedelta(days=30)))
    assert refresh(work, oak.id)
    assert mirrored(work.store, oak) == {"m1"}


def test_many_pages_arrive_whole(work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock) -> None:
    calendars.page_size = 3
    for number in range(10):
        calendars.put(OAK, meeting(number, still() + timedelta(hours=number)))
    refresh(work, oak.id)
    assert len(mirrored(work.store, oak)) == 10


def test_delta_brings_what_came_and_takes_what_went(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    first = calendars.put(OAK, meeting(1, still()))
    refresh(work, oak.id)
    calendars.put(OAK, meeting(2, still()))
    calendars.put(OAK, replace(first, cancelled=True))
    refresh(work, oak.id)
    assert mirrored(work.store, oak) == {"m2"}


def test_event_moved_out_of_the_window_leaves(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    event = calendars.put(OAK, meeting(1, still()))
    refresh(work, oak.id)
    later = timedelta(days=90)
    calendars.put(OAK, replace(event, start=event.start + later, end=event.end + later))
    refresh(work, oak.id)
    assert mirrored(work.store, oak) == set()


def test_deleted_series_takes_all_its_instances(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    for day in range(3):
        start = still() + timedelta(days=day)
        calendars.put(OAK, replace(meeting(f"s_{start:%Y%m%dT%H%M%SZ}", start), series_id="ms"))
    refresh(work, oak.id)
    calendars.put(OAK, replace(meeting("s", still()), cancelled=True))
    refresh(work, oak.id)
    assert mirrored(work.store, oak) == set()


def test_expired_cursor_leads_to_a_full_pass_that_never_empties_the_room(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, still()))
    refresh(work, oak.id)
    calendars.forgotten.add("1")
    sizes: list[int] = []
    calendars.before.append(lambda _: sizes.append(len(mirrored(work.store, oak))))
    refresh(work, oak.id)
    assert sizes == [1, 1]


def test_failed_page_leaves_rows_and_cursor_alone(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, still()))
    refresh(work, oak.id)
    with work.store.read() as db:
        before = mirror.progress(db, oak.id)
    calendars.put(OAK, meeting(2, still()))
    calendars.before.append(fail)
    with pytest.raises(Unreachable):
        refresh(work, oak.id)
    with work.store.read() as db:
        assert mirror.progress(db, oak.id) == before


def fail(_request: str) -> None:
    raise Unreachable("Google cannot be reached.")


def test_pass_without_news_touches_no_screen(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, still()))
    refresh(work, oak.id)
    before = revision(work.store, oak)
    refresh(work, oak.id)
    still.advance(days=1)
    refresh(work, oak.id)
    assert revision(work.store, oak) == before


def test_window_rolls_at_midnight(work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock) -> None:
    calendars.put(OAK, meeting(1, still() + timedelta(days=10)))
    refresh(work, oak.id)
    assert mirrored(work.store, oak) == set()
    still.advance(days=3)
    refresh(work, oak.id)
    assert mirrored(work.store, oak) == {"m1"}


@pytest.mark.parametrize("kind", ["full", "delta"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(5))
def test_booking_between_any_two_steps_of_a_pass_survives(
    kind: str, moment: str, step: int, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.page_size = 2
    if kind == "delta":
        refresh(work, oak.id)
    for number in range(9):
        calendars.put(OAK, meeting(number, still() + timedelta(hours=1 + number)))
    desk = Desk(Driver(work.store, calendars, still))
    booked: list[str] = []

    def book_once(request: str) -> None:
        if request == "page" and not booked and calendars.requests.count("page") == step + 1 + pages:
            booked.append("under way")
            booked[0] = desk.book(Wish("oak", None, None, 15)).event_id

    pages = calendars.requests.count("page")
    hooks: list[Callable[[str], None]] = getattr(calendars, moment)
    hooks.append(book_once)
    refresh(work, oak.id)
    assert booked
    assert mirrored(work.store, oak) == {event.id for event in calendars.living(OAK)}
    assert booked[0] in mirrored(work.store, oak)


def test_booking_cancelled_during_a_pass_does_not_come_back(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    desk = Desk(Driver(work.store, calendars, still))
    made = desk.book(Wish("oak", None, None, 15))
    gone: list[str] = []

    def cancel_once(_request: str) -> None:
        if not gone:
            gone.append(made.event_id)
            desk.change(Asked("cancel", made.event_id))

    calendars.after.append(cancel_once)
    refresh(work, oak.id)
    assert mirrored(work.store, oak) == set()


def test_pass_waits_for_a_booking_whose_reading_it_would_overtake(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    refresh(work, oak.id)
    rival = calendars.put(OAK, meeting(1, still()))
    rushing = threading.Thread(target=refresh, args=(work, oak.id))

    def rival_goes_once_it_was_seen(_request: str) -> None:
        if not rushing.ident:
            calendars.put(OAK, replace(rival, cancelled=True))
            rushing.start()
            rushing.join(0.5)

    calendars.after.append(rival_goes_once_it_was_seen)
    assert Desk(Driver(work.store, calendars, still)).book(Wish("oak", None, None, 15)).state == "refused"
    rushing.join()
    refresh(work, oak.id)
    assert mirrored(work.store, oak) == set()


def test_pass_gives_up_for_now_on_a_room_that_is_being_booked_for_long(
    work: Pass, oak: StoredRoom, still: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "PATIENCE_SECONDS", 0.1)
    lease = work.store.write(leases.take, leases.of_room(oak.id), "somebody", still(), timedelta(minutes=1))
    assert lease
    with pytest.raises(Unreachable, match="under way"):
        refresh(work, oak.id)
    still.advance(minutes=1)
    assert refresh(work, oak.id)
