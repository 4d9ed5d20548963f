"""A meeting's life in Google, seen in our mirror of the rooms it is held in: real client, real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.schedule.model import Booking
from tests.running import SERVICE_USER
from tests.sync.office import ADA, BOB, EVE, Office, at


@pytest.fixture(autouse=True)
def first_pass(office: Office) -> None:
    """What follows arrives by deltas."""
    office.sync()


def booked(office: Office, slug: str = "oak") -> Booking:
    (booking,) = office.bookings(slug)
    return booking


def test_new_meeting_appears(office: Office) -> None:
    office.book("Review", 1)
    office.sync()
    assert (office.titles("oak"), office.titles("elm")) == (["Review"], [])
    assert office.check() == 1


def test_meeting_of_somebody_elsewhere_appears_with_its_organizer(office: Office) -> None:
    office.book("Visit", 1, by=EVE)
    office.sync()
    assert booked(office).owner == EVE
    office.check()


def test_meeting_in_two_rooms_takes_both(office: Office) -> None:
    office.book("All hands", 1, 1, "oak", "elm")
    office.sync()
    assert office.titles("oak") == office.titles("elm") == ["All hands"]
    assert office.check() == 2


def test_meeting_moved_in_time_moves(office: Office) -> None:
    meeting = office.book("Review", 1)
    office.sync()
    office.google.world.move(meeting, at(5), at(6), title="Review, later")
    office.sync()
    assert (booked(office).start, booked(office).title) == (at(5), "Review, later")
    office.check()


def test_meeting_moved_to_another_room_leaves_the_first(office: Office) -> None:
    meeting = office.book("Review", 1)
    office.sync()
    office.google.world.move(meeting, rooms=[office.address("elm")])
    office.sync()
    assert (office.titles("oak"), booked(office, "elm").id) == ([], meeting)
    office.check()


def test_room_added_to_a_meeting_is_taken_too(office: Office) -> None:
    meeting = office.book("Review", 1)
    office.sync()
    office.google.world.move(meeting, rooms=[office.address("oak"), office.address("elm")])
    office.sync()
    assert office.titles("oak") == office.titles("elm") == ["Review"]
    office.check()


def test_uninvited_room_is_free_while_the_meeting_stays(office: Office) -> None:
    meeting = office.book("Review", 1, guests=[BOB])
    office.sync()
    office.google.world.move(meeting, rooms=[])
    office.sync()
    assert office.titles() == []
    assert office.google.world.event(ADA, meeting)["status"] == "confirmed"
    office.check()


def test_room_invited_again_is_taken_again(office: Office) -> None:
    meeting = office.book("Review", 1)
    office.google.world.move(meeting, rooms=[])
    office.sync()
    office.google.world.move(meeting, rooms=[office.address("oak")])
    office.sync()
    assert booked(office).id == meeting
    office.check()


def test_meeting_deleted_by_its_organizer_goes(office: Office) -> None:
    meeting = office.book("Review", 1)
    office.sync()
    office.google.world.cancel(meeting)
    office.sync()
    assert office.titles() == []
    assert office.check() == 0


def test_meeting_the_room_declined_is_listed_and_takes_nothing(office: Office) -> None:
    office.book("First", 1)
    second = office.book("Second", 1.5, by=BOB)
    office.sync()
    assert office.titles() == ["First"]
    assert office.mirror("oak")[second].answer == "declined"
    office.check()


def test_meeting_released_for_the_room_takes_nothing_any_more(office: Office) -> None:
    meeting = office.book("Review", 1)
    office.sync()
    office.google.world.answer(office.address("oak"), meeting, "declined", "Released at the panel")
    office.sync()
    assert office.titles() == []
    assert office.check() == 1


def test_unanswered_invitation_is_tentative_and_takes_the_room(office: Office) -> None:
    meeting = office.book("Review", 1, 1, "fir")
    office.sync()
    assert booked(office, "fir").tentative
    office.google.world.answer(office.address("fir"), meeting, "accepted")
    office.sync()
    assert not booked(office, "fir").tentative
    office.check()


def test_meeting_shown_as_free_takes_nothing(office: Office) -> None:
    office.book("Reminder", 1, transparent=True)
    office.sync()
    assert office.titles() == []
    assert office.check() == 1


def test_entry_made_in_the_rooms_own_calendar_takes_it(office: Office) -> None:
    office.google.world.create(office.address("oak"), "Cleaning", at(1), at(2))
    office.sync()
    assert (booked(office).title, booked(office).owner) == ("Cleaning", "")
    office.check()


def test_room_answers_for_itself_where_guests_are_hidden(office: Office) -> None:
    office.book("First", 1)
    office.book("Secret guests", 1, by=BOB, guests=[ADA], guestsCanSeeOtherGuests=False)
    office.sync()
    assert office.titles() == ["First"]
    office.check()


def test_meeting_longer_than_a_season_takes_the_room_on_every_day_of_it(office: Office) -> None:
    office.book("Renovation", -24 * 80, 24 * 120)
    office.sync()
    assert [booking.title for booking in office.bookings("oak", 0, 1)] == ["Renovation"]
    office.check()


@pytest.mark.parametrize(
    ("odd", "title", "length"),
    [
        ({"summary": None}, "", 1),
        ({"eventType": "somethingNew"}, "Odd", 1),
        ({"start": {"dateTime": "2026-08-10T11:00:00+02:00", "timeZone": "Nowhere/Land"}}, "Odd", 1),
        ({"start": {"dateTime": "2026-08-10T11:00:00", "timeZone": "Europe/Berlin"}}, "Odd", 1),
        ({"end": {"dateTime": "2026-08-10T10:30:00+02:00"}}, "Odd", 0.5),
        ({"attendees": None, "organizer": None}, "Odd", 1),
    ],
)
def test_odd_meeting_takes_the_room_all_the_same(
    office: Office, odd: dict[str, Any], title: str, length: float
) -> None:
    meeting = office.book("Odd", 1)
    office.google.world.distort(office.address("oak"), meeting, **odd)
    office.sync()
    found = booked(office)
    assert (found.title, found.start, found.end) == (title, at(1), at(1 + length))


@pytest.mark.parametrize("start", [{"dateTime": "soon"}, {"dateTime": "9999-12-31T23:59:59-05:00"}, {"date": None}, 5])
def test_meeting_that_cannot_be_read_hides_no_other(office: Office, start: object) -> None:
    broken = office.book("Broken", 1)
    office.book("Sound", 3)
    office.google.world.distort(office.address("oak"), broken, start=start)
    office.sync()
    assert office.titles() == ["Sound"]


def test_meeting_that_becomes_unreadable_goes_as_it_would_with_a_full_reading(office: Office) -> None:
    meeting = office.book("Sound", 1)
    office.sync()
    office.google.world.distort(office.address("oak"), meeting, start={"dateTime": "soon"})
    office.sync()
    assert office.titles() == []


def test_meeting_that_lasts_no_time_takes_none(office: Office) -> None:
    meeting = office.book("Reminder", 1)
    office.google.world.distort(office.address("oak"), meeting, end={"dateTime": "2026-08-10T11:00:00+02:00"})
    office.sync()
    assert office.bookings() == []
    assert office.check() == 1


@pytest.mark.parametrize(
    ("role", "private", "title"),
    [
        ("writer", True, "Salaries"),
        ("writerWithoutPrivateAccess", True, ""),
        ("reader", True, ""),
        ("reader", False, "Salaries"),
        ("freeBusyReader", False, ""),
    ],
)
def test_meeting_shows_what_our_role_may_see(office: Office, role: str, private: bool, title: str) -> None:
    office.google.world.set_domain_role(office.address("oak"), "none")
    office.google.world.share(office.address("oak"), SERVICE_USER, role)
    meeting = office.book("Salaries", 1, private=private)
    office.sync()
    found = office.mirror("oak")[meeting]
    assert (found.title, found.start, found.private) == (title, at(1), private and role != "freeBusyReader")
    assert len(office.bookings()) == office.check()


def test_what_our_role_may_see_no_more_is_gone_from_here_at_once(office: Office) -> None:
    meeting = office.book("Salaries", 1)
    office.sync()
    office.google.world.set_domain_role(office.address("oak"), "none")
    office.google.world.share(office.address("oak"), SERVICE_USER, "freeBusyReader")
    office.sync()
    assert office.mirror("oak")[meeting].title == ""
    office.check()
    office.clock.advance(hours=3)
    office.google.world.share(office.address("oak"), SERVICE_USER, "writer")
    office.sync()
    assert booked(office).title == "Salaries"


def test_private_meeting_is_shown_without_title_and_owner(office: Office) -> None:
    office.book("Salaries", 1, private=True)
    office.sync()
    assert (booked(office).title, booked(office).owner) == ("", "")
    office.check()


def test_calendar_that_is_no_longer_shared_keeps_what_we_knew(office: Office) -> None:
    office.book("Review", 1)
    office.sync()
    office.google.world.set_domain_role(office.address("oak"), "none")
    office.google.world.share(office.address("oak"), SERVICE_USER, "none")
    with pytest.raises(Exception, match="404"):
        office.sync("oak")
    assert office.titles() == ["Review"]
