"""Days are closed when they are over and known, read from Google where they are not, and follow what Google changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from peewee import Database

from kiosk import clock
from kiosk.booking.forgetter import Forgetter
from kiosk.errors import Refused, Unreachable
from kiosk.schedule import hours
from kiosk.schedule.model import Booking, Event, Person, Room
from kiosk.schedule.occupancy import Figures
from kiosk.schedule.usage import Cell, Scope, heat_total
from kiosk.store import attendance, events, forgetting, journal, mirror, past_rooms, policies, rooms, usage
from kiosk.store import history as book
from kiosk.store.database import Store
from kiosk.store.journal import Command
from kiosk.store.past import PastDayRow, PastMinutesRow, PastMonthRow, StayRow
from kiosk.store.past_rooms import PastRoom
from kiosk.store.rooms import StoredRoom
from kiosk.store.usage import Wanted
from kiosk.sync import history as loop
from kiosk.sync.budget import Budget, Metered
from kiosk.sync.history import History
from kiosk.sync.passes import Pass, refresh
from tests.conftest import OAK
from tests.fakes import MONDAY, FakeCalendars, StillClock, meeting

ZONE = clock.zone("Europe/Berlin")
TODAY = date(2026, 8, 10)
DAY = timedelta(days=1)
OPENING = hours.parse("Mon-Sun 08:00-18:00")
COMMAND = Command(
    "c", 0, "book", "", MONDAY, MONDAY, "", "confirmed", "", None, "", 1, MONDAY, MONDAY, MONDAY
)  # fmt: skip
ADA = Person("Ada@kiosk.example", "Ada")


@pytest.fixture
def work(store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom) -> Pass:
    return Pass(calendars, store, 7, still)


@pytest.fixture
def history(store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom) -> History:
    return History(store, calendars, OPENING, 100, 0, still, 0)


def at(days: int, hour: int = 10) -> datetime:
    """Return an hour of a local day, counted from today."""
    return clock.local_midnight(TODAY + days * DAY, ZONE) + timedelta(hours=hour)


def go(still: StillClock, days: int, minutes: int = 10) -> None:
    """Let it be some minutes after midnight, so many days from today."""
    still.instant = at(days, 0) + timedelta(minutes=minutes)


def settle(history: History) -> None:
    for _ in range(300):
        if not history.step():
            return
    raise AssertionError("the history does not come to rest")


def held(store: Store, first: int, last: int | None = None) -> int | None:
    """Return the minutes in which Oak was held from one day to another, None where nothing is kept."""
    found = figures(store, first, first if last is None else last)
    return found.held if found else None


def figures(store: Store, first: int, last: int) -> Figures | None:
    wanted = Wanted(TODAY + first * DAY, TODAY + last * DAY, Scope(room="oak"), ZONE)
    report = store.report(usage.read, wanted)
    # The sums and the sets of minutes are kept apart and must tell the same.
    assert heat_total(report.heat) == Cell(report.total.open_minutes, report.total.held)
    return report.total if report.rooms else None


def past(store: Store, stored: StoredRoom) -> PastRoom:
    with store.read() as db:
        found = past_rooms.of_room(db, stored.id)
    assert found
    return found


def lived(history: History, work: Pass, oak: StoredRoom, still: StillClock, days: int) -> None:
    """Mirror and close some days; it is a few minutes after the last midnight then."""
    for day in range(1, days + 1):
        go(still, day - 1)
        refresh(work, oak.id)
        settle(history)
        go(still, day)
        refresh(work, oak.id)
        settle(history)


def test_day_is_closed_some_minutes_after_midnight_and_not_before(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, at(0)))
    refresh(work, oak.id)
    settle(history)
    assert held(work.store, 0) is None
    for minutes, expected in ((-5, None), (4, None), (6, 30)):
        go(still, 1, minutes)
        refresh(work, oak.id)
        settle(history)
        assert held(work.store, 0) == expected


def test_day_whose_end_the_mirror_has_not_seen_waits_for_it(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    refresh(work, oak.id)
    settle(history)
    go(still, 1)
    calendars.put(OAK, meeting(1, at(0)))
    settle(history)
    assert held(work.store, 0) is None
    refresh(work, oak.id)
    settle(history)
    assert held(work.store, 0) == 30


def test_days_that_the_mirror_has_lost_are_read_from_google(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    lived(history, work, oak, still, 1)
    for day in range(1, 6):
        calendars.put(OAK, meeting(day, at(day), 60))
    go(still, 7)  # the server was switched off for days
    refresh(work, oak.id)
    settle(history)
    assert [held(work.store, day) for day in range(0, 7)] == [0, 60, 60, 60, 60, 60, 0]


def test_history_outlives_what_the_mirror_forgets(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, at(0)))
    lived(history, work, oak, still, 4)
    with work.store.read() as db:
        assert events.ids(db, oak.id) == set()
    assert held(work.store, 0) == 30


def test_ninety_days_are_read_at_linking_and_count_from_the_first_booking(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    for number, day in enumerate((-91, -90, -40, -1)):
        calendars.put(OAK, meeting(number, at(day), 45))
    calendars.put(OAK, replace(meeting(9, at(-30)), answer="declined"))
    settle(history)
    told = figures(store, -95, -1)
    assert told
    assert (told.held, told.open_minutes) == (3 * 45, 90 * 600)
    assert past(store, oak).first_day == (TODAY - 90 * DAY).toordinal()
    assert calendars.requests.count("page") == 6


def test_room_counts_from_its_first_booking_on(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    calendars.put(OAK, meeting(1, at(-20)))
    settle(history)
    told = figures(store, -90, -1)
    assert told
    assert told.open_minutes == 20 * 600


def test_past_is_read_again_when_another_calendar_is_linked_and_not_otherwise(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store, still: StillClock
) -> None:
    settle(history)
    read = len(calendars.requests)
    settle(history)
    assert len(calendars.requests) == read
    other = "elm@resource.calendar.google.com"
    calendars.put(other, meeting(1, at(-3)))
    store.write(rooms.unlink, oak.id)
    store.write(rooms.link, oak.id, ZONE.key, other, still())
    settle(history)
    assert held(store, -3) == 30


def test_past_is_read_when_a_calendar_comes_back_and_what_was_booked_here_stays(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, store: Store, still: StillClock
) -> None:
    lived(history, work, oak, still, 1)
    store.write(rooms.unlink, oak.id)
    did = {"kind": "book", "event_id": "ours", "start": at(1, 9), "end": at(1, 10)}
    store.write(journal.add, replace(COMMAND, room_id=oak.id, **did))  # type: ignore[arg-type]
    store.write(events.upsert, oak.id, [Event("ours", at(1, 9), at(1, 10))])
    go(still, 2)
    settle(history)
    calendars.put(OAK, meeting(2, at(1, 14)))
    assert held(store, 1) == 60
    store.write(rooms.link, oak.id, ZONE.key, OAK, still())
    refresh(work, oak.id)
    settle(history)
    assert held(store, 1) == 90


def test_reading_the_past_leaves_half_of_the_requests_to_others(
    store: Store, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    budget = Budget(4, 1000)
    metered = Metered(calendars, budget, loop.READ_SHARE, still)
    history = History(store, metered, OPENING, 100, 0, still, 0)
    settle(history)
    assert calendars.requests.count("page") == 2
    assert past(store, oak).failures == 0
    still.advance(minutes=3)
    settle(history)
    assert calendars.requests.count("page") == 4


def test_past_that_cannot_be_read_is_tried_again_ever_more_rarely(
    history: History, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, store: Store
) -> None:
    def fail(_request: str) -> None:
        raise Unreachable("Google is away.")

    calendars.put(OAK, meeting(1, at(-3)))
    calendars.before.append(fail)
    settle(history)
    still.advance(seconds=61)
    settle(history)
    still.advance(seconds=61)
    settle(history)
    assert (past(store, oak).failures, past(store, oak).reason) == (2, "Google is away.")
    with store.read() as db:
        assert past_rooms.unread(db) == (1, 1)
    calendars.before.clear()
    still.advance(seconds=61)
    settle(history)
    assert held(store, -3) == 30
    with store.read() as db:
        assert past_rooms.unread(db) == (0, 0)


def moved(calendars: FakeCalendars, event: Event) -> None:
    calendars.put(OAK, replace(event, start=at(-3, 9), end=at(-3, 11)))


def shorter(calendars: FakeCalendars, event: Event) -> None:
    calendars.put(OAK, replace(event, end=event.start + timedelta(minutes=10)))


def deleted(calendars: FakeCalendars, event: Event) -> None:
    calendars.put(OAK, replace(event, cancelled=True))


def put_off(calendars: FakeCalendars, event: Event) -> None:
    calendars.put(OAK, replace(event, start=at(3), end=at(3, 11)))


def declined(calendars: FakeCalendars, event: Event) -> None:
    calendars.put(OAK, replace(event, answer="declined"))


def added(calendars: FakeCalendars, _event: Event) -> None:
    calendars.put(OAK, meeting("late", at(-20, 14), 45))


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [(moved, 0, 120), (shorter, 10, 0), (deleted, 0, 0), (put_off, 0, 0), (declined, 0, 0), (added, 75, 0)],
)
def test_what_google_changes_in_the_past_is_followed(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, change: object, before: int, after: int
) -> None:
    event = calendars.put(OAK, meeting(1, at(-20)))
    settle(history)
    refresh(work, oak.id)
    assert (held(work.store, -20), held(work.store, -3)) == (30, 0)
    change(calendars, event)  # type: ignore[operator]
    refresh(work, oak.id)
    assert (held(work.store, -20), held(work.store, -3)) == (before, after)
    assert held(work.store, -90, -1) == before + after
    settle(history)
    assert held(work.store, -90, -1) == before + after


def test_bookings_on_both_sides_of_midnight_are_back_to_back_as_long_as_both_are_there(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    late = calendars.put(OAK, meeting("late", at(-20, 23), 57))
    calendars.put(OAK, meeting("early", at(-19, 0)))
    settle(history)
    refresh(work, oak.id)
    told = figures(store, -19, -19)
    assert told
    assert told.back_to_back == 1
    deleted(calendars, late)
    refresh(work, oak.id)
    told = figures(store, -19, -19)
    assert told
    assert told.back_to_back == 0


def test_room_that_was_given_back_stays_given_back_whatever_google_tells_of_the_meeting(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    start, back = at(-20), at(-20) + timedelta(minutes=10)
    event = calendars.put(OAK, replace(meeting(1, start), answer="declined"))
    did = {"kind": "release", "event_id": event.id, "start": start, "end": event.end, "settled_at": back}
    store.write(journal.add, replace(COMMAND, room_id=oak.id, **did))  # type: ignore[arg-type]
    settle(history)
    refresh(work, oak.id)
    for change in (replace(event, title="Another"), replace(event, cancelled=True)):
        calendars.put(OAK, change)
        refresh(work, oak.id)
        told = figures(store, -20, -20)
        assert told
        assert (told.held, told.released) == (10, 20)


def test_series_that_is_deleted_takes_its_past_along(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    for number in range(4):
        calendars.put(OAK, meeting(number, at(-7 * (number + 1)), series_id="weekly"))
    settle(history)
    assert held(store, -90, -1) == 120
    with store.read() as db:
        numbers = StayRow.select().count(db)
    assert (numbers, store.write(book.correct, oak.id, [], {"weekly"})) == (4, 4)
    assert held(store, -90, -1) == 0


def test_yesterday_is_closed_anew_when_the_calendar_was_read_as_a_whole(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    lived(history, work, oak, still, 1)
    assert held(work.store, 0) == 0
    calendars.put(OAK, meeting(1, at(0)))
    calendars.forgotten.update(str(number) for number in range(9))
    refresh(work, oak.id)
    settle(history)
    assert held(work.store, 0) == 30


def test_opening_hours_of_a_day_stay_as_they_were_then(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store, work: Pass
) -> None:
    event = calendars.put(OAK, meeting(1, at(-20)))
    settle(history)
    refresh(work, oak.id)
    store.write(policies.change, oak.id, {"hours": "Mon-Sun 00:00-24:00"})
    shorter(calendars, event)
    refresh(work, oak.id)
    told = figures(store, -20, -20)
    assert told
    assert (told.open_minutes, told.held) == (600, 10)


def test_room_that_is_out_of_order_at_the_end_of_a_day_was_not_open(
    history: History, work: Pass, oak: StoredRoom, still: StillClock, store: Store
) -> None:
    lived(history, work, oak, still, 1)
    store.write(policies.change, oak.id, {"out-of-order": "yes"})
    go(still, 2)
    refresh(work, oak.id)
    settle(history)
    told = [figures(store, day, day) for day in (0, 1)]
    assert [one and one.open_minutes for one in told] == [600, 0]


def test_removed_room_keeps_its_history(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    calendars.put(OAK, meeting(1, at(-20)))
    settle(history)
    store.write(rooms.unlink, oak.id)
    store.write(rooms.remove, oak.id)
    settle(history)
    assert held(store, -90, -1) == 30


def test_bookings_are_dropped_and_their_figures_stay(
    oak: StoredRoom, calendars: FakeCalendars, still: StillClock, store: Store, work: Pass
) -> None:
    event = calendars.put(OAK, meeting(1, at(-20)))
    calendars.put(OAK, meeting(2, at(-5)))
    settle(History(store, calendars, OPENING, 10, 0, still, 0))
    with store.read() as db:
        assert StayRow.select().count(db) == 1
    assert held(store, -90, -1) == 60
    refresh(work, oak.id)
    deleted(calendars, event)  # too long ago to be followed
    refresh(work, oak.id)
    assert held(store, -20) == 30


def test_figures_are_dropped_month_by_month(
    oak: StoredRoom, calendars: FakeCalendars, still: StillClock, store: Store
) -> None:
    calendars.put(OAK, meeting(1, at(-85)))
    calendars.put(OAK, meeting(2, at(-5)))
    settle(History(store, calendars, OPENING, 100, 30, still, 0))
    assert (held(store, -90, -41), held(store, -40, -1)) == (None, 30)
    with store.read() as db:
        first = (TODAY - 40 * DAY).toordinal()
        assert PastDayRow.select().where(PastDayRow.day < first).count(db) == 0
        assert PastMonthRow.select().count(db) == PastMinutesRow.select().count(db) == 2


def test_what_stands_for_names_goes_when_names_are_forgotten(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    calendars.put(OAK, meeting(1, at(-20), organizer=ADA))
    store.write(forgetting.set_after_days, 7)
    settle(history)
    with store.read() as db:
        assert StayRow.select().count(db) == 0
    assert held(store, -20) == 30


def test_person_who_is_erased_cannot_be_found_in_the_history_any_more(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store, still: StillClock, work: Pass
) -> None:
    event = calendars.put(OAK, meeting(1, at(-20), organizer=ADA))
    calendars.put(OAK, meeting(2, at(-21), organizer=Person("bob@kiosk.example")))
    settle(history)
    refresh(work, oak.id)
    done, _ = Forgetter(store, still).erase("ada@kiosk.example")
    assert done.stays == 1
    with store.read() as db:
        marks = [(one.key, one.person) for one in StayRow.select().order_by(StayRow.start).execute(db)]
    assert [(key is None, person is None) for key, person in marks] == [(False, False), (True, True)]
    assert held(store, -90, -1) == 60
    calendars.put(OAK, event)  # Google tells of it once more
    refresh(work, oak.id)
    assert held(store, -90, -1) == 60
    with store.read() as db:
        assert StayRow.select().where(StayRow.person.is_null()).count(db) == 1


def test_history_holds_no_address_title_or_id(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    calendars.put(OAK, meeting("secret", at(-20), organizer=ADA))
    settle(history)
    with store.read() as db:
        told = [str(row) for row in db.execute_sql("SELECT * FROM stay").fetchall()]
        told += [str(row) for row in db.execute_sql("SELECT * FROM past_day").fetchall()]
    assert told
    assert not [row for row in told if "secret" in row or "ada" in row.lower()]


def test_day_that_another_process_has_closed_is_not_taken_for_the_next_one(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, store: Store
) -> None:
    refresh(work, oak.id)
    settle(history)
    calendars.put(OAK, meeting(1, at(0)))
    calendars.put(OAK, meeting(2, at(1)))
    go(still, 1)
    refresh(work, oak.id)
    before = past(store, oak)
    other = replace(history)
    with store.read() as db:
        assert past_rooms.closable(db, still(), loop.SETTLED, 9) == [before]
    settle(other)
    history._close(before)  # it was found before the other one had closed it
    assert (past(store, oak).closed_day, held(store, 0), held(store, 1)) == (TODAY.toordinal(), 30, None)


def test_past_that_another_process_reads_too_is_entered_once(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, at(-20)))
    history.step()
    before = past(store, oak)
    settle(replace(history))
    days = (TODAY - 75 * DAY).toordinal(), (TODAY - 1 * DAY).toordinal()
    assert not store.write(book.enter, before, *days, [], OPENING)
    assert (past(store, oak).read_from, held(store, -20)) == (None, 30)


def test_past_is_read_by_one_process_at_a_time(
    history: History, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    def read_too(_request: str) -> None:
        calendars.before.clear()
        assert not replace(history).read_one(still())

    calendars.put(OAK, meeting(1, at(-20)))
    calendars.before.append(read_too)
    settle(history)
    assert (calendars.requests.count("page"), held(history.store, -20)) == (6, 30)


def test_past_that_was_being_read_when_the_server_was_ended_is_read_by_the_next(
    history: History, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    def end(_request: str) -> None:
        raise KeyboardInterrupt

    calendars.put(OAK, meeting(1, at(-20)))
    history.step()
    calendars.before.append(end)
    with pytest.raises(KeyboardInterrupt):
        history.step()
    calendars.before.clear()
    still.advance(minutes=3)
    settle(replace(history))
    assert held(history.store, -20) == 30


def test_room_whose_day_cannot_be_closed_keeps_no_other_waiting(
    history: History, work: Pass, oak: StoredRoom, still: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    elm, close = work.store.write(rooms.add, Room("elm", "Elm", ZONE)), book.close

    def close_all_but_oak(db: Database, number: int, day: int, opening: hours.Hours) -> bool:
        return close(db, number, day, opening) if past_rooms.by_id(db, number).room_id == elm else bool(1 / 0)

    monkeypatch.setattr(book, "close", close_all_but_oak)
    monkeypatch.setattr(loop, "ROOMS_AT_ONCE", 1)
    settle(history)
    go(still, 1)
    refresh(work, oak.id)
    settle(history)
    settle(history)
    with work.store.read() as db:
        known = past_rooms.of_room(db, elm)
    assert known
    assert known.closed_day == TODAY.toordinal()


def test_past_that_is_not_understood_is_put_off_too(
    history: History, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    def confuse(_request: str) -> None:
        raise KeyError("start")

    calendars.before.append(confuse)
    settle(history)
    assert past(store, oak).failures == 1


def test_what_google_changed_in_the_past_while_the_server_was_off_is_followed(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    event = calendars.put(OAK, meeting(1, at(-20)))
    lived(history, work, oak, still, 1)
    shorter(calendars, event)
    go(still, 8)  # so long that the window is read anew
    refresh(work, oak.id)
    settle(history)
    assert held(work.store, -20) == 10


def test_window_is_read_anew_where_the_changes_before_cannot_be(
    work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    refresh(work, oak.id)
    calendars.put(OAK, meeting(1, at(2)))
    go(still, 2)

    def refuse_the_first(request: str) -> None:
        if calendars.requests.count(request) == read + 1:
            raise Refused("No such cursor.")

    read = calendars.requests.count("page")
    calendars.before.append(refuse_the_first)
    refresh(work, oak.id)
    with work.store.read() as db:
        assert events.ids(db, oak.id) == {"m1"}


def test_booking_that_took_the_place_of_a_released_one_stays_one_when_google_changes_it(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, store: Store
) -> None:
    start, back = at(-20), at(-20) + timedelta(minutes=10)
    again = calendars.put(OAK, Event("anew", back, at(-20, 11)))
    for kind, name, note in (("book", "k", ""), ("release", "k", "missed"), ("book", "anew", f"{journal.UNDO}k")):
        when = back if name == "anew" else start
        did = {"id": kind + name, "kind": kind, "event_id": name, "start": when, "end": again.end, "note": note}
        store.write(journal.add, replace(COMMAND, room_id=oak.id, settled_at=back, **did))  # type: ignore[arg-type]
    settle(history)
    refresh(work, oak.id)
    for title in ("", "Another"):
        calendars.put(OAK, replace(again, title=title))
        refresh(work, oak.id)
        told = figures(store, -20, -20)
        assert told
        assert (told.bookings, told.made_here) == (1, 1)


@pytest.mark.parametrize(("name", "value"), [("out-of-order", "yes"), ("hours", "Mon-Sun 00:00-24:00")])
def test_yesterday_that_is_closed_anew_was_open_as_it_was_then(
    history: History, work: Pass, oak: StoredRoom, still: StillClock, store: Store, name: str, value: str
) -> None:
    lived(history, work, oak, still, 1)
    store.write(policies.change, oak.id, {name: value})
    store.write(mirror.read_anew, oak.id, still())
    refresh(work, oak.id)
    settle(history)
    told = figures(store, 0, 0)
    assert told
    assert told.open_minutes == 600


def test_room_that_is_removed_and_comes_back_with_its_calendar_counts_once(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, store: Store, still: StillClock
) -> None:
    calendars.put(OAK, meeting(1, at(-20)))
    settle(history)
    known = past(store, oak)
    store.write(rooms.unlink, oak.id)
    store.write(rooms.remove, oak.id)
    calendars.put(OAK, meeting(2, at(2)))
    go(still, 5)
    again = store.write(rooms.add_linked, Room("oak-2", "Oak again", ZONE), OAK, still())
    settle(history)
    refresh(work, again.id)
    settle(history)
    assert (past(store, again).id, past(store, again).name) == (known.id, "Oak again")
    wanted = Wanted(TODAY - 90 * DAY, TODAY + 4 * DAY, Scope(), ZONE)
    assert store.report(usage.read, wanted).total.bookings == 2


def test_past_is_followed_again_when_a_clock_that_was_ahead_is_put_right(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock
) -> None:
    settle(history)
    still.advance(days=2000)
    history.drop(still())
    still.advance(days=-2000)
    settle(history)
    lived(history, work, oak, still, 4)
    calendars.put(OAK, meeting(1, at(1)))
    refresh(work, oak.id)
    assert held(work.store, 1) == 30


def check_in_off(store: Store, oak: StoredRoom, still: StillClock) -> None:
    store.write(policies.change, oak.id, {"check-in": "off"})
    store.write(mirror.read_anew, oak.id, still())


def link_anew(store: Store, oak: StoredRoom, still: StillClock) -> None:
    store.write(rooms.unlink, oak.id)
    store.write(rooms.link, oak.id, ZONE.key, OAK, still())


@pytest.mark.parametrize("change", [check_in_off, link_anew])
def test_who_did_not_come_is_known_of_a_day_that_is_counted_anew(
    history: History, work: Pass, oak: StoredRoom, calendars: FakeCalendars, still: StillClock, change: object
) -> None:
    store, event = work.store, calendars.put(OAK, meeting(1, at(0)))
    store.write(policies.change, oak.id, {"check-in": "all"})
    booking = Booking(event.id, event.start, event.end)
    store.write(attendance.await_, oak.id, booking, event.start, event.start)
    store.write(attendance.miss, oak.id, event.id, event.start)
    lived(history, work, oak, still, 1)
    for _ in range(2):
        told = figures(store, 0, 0)
        assert told
        assert (told.missed, told.ghost) == (1, 30)
        change(store, oak, still)  # type: ignore[operator]
        refresh(work, oak.id)
        settle(history)
