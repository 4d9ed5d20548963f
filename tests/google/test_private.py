"""What our role hides of private meetings, free/busy still tells: whether the room has declined them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.emulator.server import Emulator
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.schedule.model import Answer
from kiosk.source import Since, Window
from tests.running import SERVICE_USER

NINE = datetime(2026, 8, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = Window(NINE - 24 * HOUR, NINE + 6 * 24 * HOUR)
ROLES = ["freeBusyReader", "reader", "writerWithoutPrivateAccess"]


@dataclass
class Sight:
    """A room as one of our roles sees it."""

    google: Emulator
    source: GoogleCalendars
    room: str
    hidden: list[None] = field(default_factory=list)

    def role(self, role: str) -> None:
        self.google.world.set_domain_role(self.room, "none")
        self.google.world.share(self.room, SERVICE_USER, role)

    def book(self, title: str, hours: float, length: float = 1, answer: str = "accepted", private: bool = True) -> None:
        organizer, start = self.google.world.people()[0].id, NINE + hours * HOUR
        self.google.world.create(
            organizer, title, start, start + length * HOUR, rooms=[self.room], private=private,
            given={self.room: answer},
        )  # fmt: skip

    def answers(self) -> list[str]:
        """Return the room's answers, by the events' start."""
        events = self.source.page(self.room, WEEK).events
        return [event.answer for event in sorted(events, key=lambda event: event.start)]


@pytest.fixture
def sight(google: Emulator, tmp_path: Path) -> Iterator[Sight]:
    google.write_credentials(tmp_path / "key.json")
    told: list[None] = []
    source = GoogleCalendars(
        by_file(str(tmp_path / "key.json"), SERVICE_USER, google.url, spent=lambda: told.append(None))
    )
    with closing(source):
        yield Sight(google, source, google.world.add_room("Ash"), told)


@pytest.mark.parametrize("role", ROLES)
def test_declined_private_meeting_takes_nothing_whatever_our_role(sight: Sight, role: str) -> None:
    sight.role(role)
    sight.book("Declined", 0, answer="declined")
    sight.book("Accepted", 3)
    sight.book("Pending", 6, answer="needsAction")
    assert sight.answers() == ["declined", "accepted", "accepted"]


def test_meeting_declined_for_another_of_its_time_is_told_by_the_moments_that_are_free(sight: Sight) -> None:
    sight.role("reader")
    sight.book("Declined", 0, 2, answer="declined")
    sight.book("First", 0.5, 1, private=False)
    assert sight.answers() == ["declined", "accepted"]


def test_meeting_whose_whole_time_is_taken_may_be_the_reason_for_it(sight: Sight) -> None:
    sight.role("reader")
    sight.book("Declined", 0, answer="declined")
    sight.book("First", 0, private=False)
    assert sight.answers() == ["accepted", "accepted"]


def test_the_question_is_counted_and_asked_only_where_something_is_hidden(sight: Sight) -> None:
    sight.book("Declined", 0, answer="declined")
    assert sight.answers() == ["declined"]
    before = len(sight.hidden)
    sight.role("reader")
    sight.answers()
    assert len(sight.hidden) == before + 1


def test_room_gives_its_own_answer_where_our_role_hides_the_guests(sight: Sight) -> None:
    sight.role("writerWithoutPrivateAccess")
    sight.book("Secret", 0)
    [event] = sight.source.page(sight.room, WEEK).events
    answers: tuple[Answer, ...] = ("declined", "accepted")
    for answer in answers:
        assert sight.source.answer(sight.room, event.id, answer).answer == answer
        assert sight.source.get(sight.room, event.id).answer == answer
        [there] = sight.google.world.events(sight.google.world.people()[0].id)
        assert [one["responseStatus"] for one in there["attendees"] if one["email"] == sight.room] == [answer]


def test_meeting_of_which_nothing_tells_the_answer_is_named_so(sight: Sight) -> None:
    sight.role("reader")
    sight.book("Declined", 0, answer="declined")
    sight.book("Accepted", 3)
    page = sight.source.page(sight.room, WEEK)
    [accepted] = [event.id for event in page.events if event.answer == "accepted"]
    assert page.unsure == {accepted}


def test_changes_are_settled_too_where_they_are_kept(sight: Sight) -> None:
    sight.role("reader")
    cursor = str(sight.source.page(sight.room, WEEK).cursor)
    sight.book("Declined", 0, answer="declined")
    sight.book("Accepted", 3)
    for kept, answers in ((WEEK, ["declined", "accepted"]), (None, ["accepted", "accepted"])):
        page = sight.source.page(sight.room, Since(cursor, kept))
        assert [event.answer for event in sorted(page.events, key=lambda event: event.start)] == answers
