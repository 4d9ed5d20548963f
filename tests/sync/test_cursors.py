"""Cursors and pages: what Google forgets, words oddly or breaks off never costs a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk.errors import SourceError
from kiosk.source import CalendarSource, Page, Since, Window
from kiosk.store import mirror
from kiosk.sync.expiry import Resting
from tests.sync.office import Office, at

PAGE = 250


class Killed(BaseException):
    """The end of the process, for those who cannot catch it."""


@dataclass
class Tampered:
    """The real source, with something done to, or instead of, every page."""

    source: CalendarSource
    tamper: Callable[[Page, int], Page]
    pages: list[Page] = field(default_factory=list)

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        page = self.tamper(self.source.page(calendar_id, query, token), len(self.pages))
        self.pages.append(page)
        return page


def tampered(office: Office, tamper: Callable[[Page, int], Page]) -> Any:
    return Tampered(office.source, tamper)


def fill(office: Office, meetings: int) -> None:
    """Lay so many entries into Oak, a minute each."""
    for number in range(meetings):
        start = at(number / 30)
        office.google.world.create(office.address("oak"), f"Slot {number}", start, start + timedelta(minutes=1))


def forget(office: Office, slug: str = "oak") -> None:
    office.google.world.drop_tokens(office.address(slug))


def test_forgotten_cursor_leads_to_a_full_pass_and_the_room_is_never_empty(office: Office) -> None:
    office.book("Review", 1)
    office.sync()
    forget(office)
    office.asked()
    shown: list[list[str]] = []

    def watch(page: Page, _number: int) -> Page:
        shown.append(office.titles())
        return page

    office.sync("oak", source=tampered(office, watch))
    assert (office.asked(), shown) == (["delta 410", "full 200"], [["Review"]])
    office.check()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(410, "fullSyncRequired"), (410, "updatedMinTooLongAgo"), (410, "deleted"), (400, "invalid"), (400, "badRequest")],
)
def test_refused_cursor_is_given_up_however_google_words_it(office: Office, status: int, reason: str) -> None:
    office.sync()
    office.book("Review", 1)
    office.asked()
    office.fault("status", path="syncToken", status=status, reason=reason)
    office.sync("oak")
    assert office.asked() == [f"delta {status}", "full 200"]
    office.check()


def test_storm_of_expiries_is_met_with_ever_longer_rests(office: Office) -> None:
    office.book("Review", 1)
    office.sync()
    rests = []
    for _ in range(10):
        forget(office)
        rests.append(minutes_until_read(office))
        assert office.titles() == ["Review"]
        office.check()
        office.clock.advance(seconds=15)
    assert rests == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def minutes_until_read(office: Office) -> int:
    """Return how many minutes pass until Oak can be read; nothing more is asked of Google meanwhile."""
    office.asked()
    minutes = 0
    while wait := resting(office):
        assert wait.retryable
        assert wait.until > office.clock()
        assert office.asked() == ([] if minutes else ["delta 410"])
        assert office.titles() == ["Review"]
        office.clock.advance(minutes=1)
        minutes += 1
    assert office.asked()[-1] == "full 200"
    return minutes


def resting(office: Office) -> Resting | None:
    """Bring Oak up to date, or return why it rests."""
    try:
        office.sync("oak")
    except Resting as error:
        return error
    return None


def test_quiet_hour_ends_the_storm(office: Office) -> None:
    office.sync()
    for _ in range(2):
        forget(office)
        office.clock.advance(minutes=61)
        office.sync("oak")
    assert office.progress().expiries == 1


def test_storm_over_one_room_leaves_the_others_alone(office: Office) -> None:
    office.sync()
    forget(office)
    office.sync()
    forget(office)
    with pytest.raises(Resting):
        office.sync("oak")
    office.book("Review", 1, 1, "elm")
    office.sync("elm")
    assert office.check("elm") == 1


def test_wish_to_read_a_room_anew_ends_its_rest(office: Office) -> None:
    office.sync()
    for _ in range(2):
        forget(office)
        with_luck(office)
    office.store.write(mirror.read_anew, office.rooms["oak"].id, office.clock())
    office.sync("oak")
    office.check()


def with_luck(office: Office) -> bool:
    """Bring Oak up to date if that can be done now; what is there stays otherwise."""
    before = office.mirror("oak")
    try:
        office.sync("oak")
    except SourceError:
        assert office.mirror("oak") == before
        return False
    return True


def test_every_meeting_arrives_over_many_pages(office: Office) -> None:
    fill(office, PAGE + 1)
    office.sync("oak")
    assert office.asked() == ["full 200"] * 2
    assert office.check("oak") == PAGE + 1


@pytest.mark.parametrize("flag", ["empty_pages", "short_pages"])
def test_empty_and_short_pages_do_not_end_a_list(office: Office, flag: str) -> None:
    office.google.service.set_flag(flag, True)
    fill(office, 3)
    office.sync("oak")
    office.google.world.cancel(office.google.world.events(office.address("oak"))[0]["id"])
    fill(office, 3)
    office.sync("oak")
    assert office.check("oak") == 5


def test_window_without_a_cursor_is_read_whole_again_next_time(office: Office) -> None:
    fill(office, 3)
    office.sync("oak", source=tampered(office, lambda page, _number: replace(page, cursor=None)))
    assert office.check("oak") == 3
    office.asked()
    office.sync("oak")
    assert office.asked() == ["full 200"]
    office.sync("oak")
    assert office.asked() == ["delta 200"]


def test_delta_without_a_cursor_is_asked_for_again_from_the_same_place(office: Office) -> None:
    office.sync("oak")
    fill(office, 3)
    before = office.progress().cursor
    office.sync("oak", source=tampered(office, lambda page, _number: replace(page, cursor=None)))
    assert (office.progress().cursor, office.check("oak")) == (before, 3)
    fill(office, 2)
    office.sync("oak")
    assert office.check("oak") == 5


def test_change_between_two_pages_is_not_lost(office: Office) -> None:
    fill(office, PAGE + 50)
    first, *_, last = [item["id"] for item in office.google.world.events(office.address("oak"))]

    def change(page: Page, number: int) -> Page:
        if number == 0:
            office.google.world.cancel(first)
            office.google.world.move(last, title="Renamed")
            office.book("New", 60)
        return page

    office.sync("oak", source=tampered(office, change))
    office.sync("oak")
    assert office.check("oak") == PAGE + 50


@pytest.mark.parametrize("kind", ["full", "delta"])
@pytest.mark.parametrize("dies_at", [0, 1, 2])
def test_crash_between_pages_or_before_the_commit_costs_nothing(office: Office, kind: str, dies_at: int) -> None:
    if kind == "delta":
        fill(office, 1)
        office.sync("oak")
    before, cursor = office.mirror("oak"), office.progress().cursor
    fill(office, 2 * PAGE + 1)
    with pytest.raises(Killed):
        office.sync("oak", source=tampered(office, dying(dies_at)))
    assert (office.mirror("oak"), office.progress().cursor) == (before, cursor)
    office.sync("oak")
    office.check("oak")


def dying(at_page: int) -> Callable[[Page, int], Page]:
    """Die with that page in hand, before anything came of it."""

    def die(page: Page, number: int) -> Page:
        if number == at_page:
            raise Killed
        return page

    return die


@pytest.mark.parametrize("kind", ["full", "delta"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 403, "reason": "rateLimitExceeded"},
        {"kind": "status", "status": 403, "reason": "quotaExceeded"},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 401},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "truncate"},
        {"kind": "html"},
    ],
    ids=lambda fault: "-".join(str(part) for part in fault.values()),
)
def test_failure_on_the_second_page_leaves_everything_as_it_was(
    office: Office, kind: str, fault: dict[str, Any]
) -> None:
    if kind == "delta":
        fill(office, 1)
        office.sync("oak")
    before, cursor = office.mirror("oak"), office.progress().cursor
    fill(office, PAGE + 1)
    office.fault(path="pageToken", times=0, **fault)
    with pytest.raises(SourceError):
        office.sync("oak")
    assert (office.mirror("oak"), office.progress().cursor) == (before, cursor)
    office.google.service.faults.clear()
    office.sync("oak")
    assert office.check("oak") > PAGE


def test_access_token_that_ends_is_asked_for_anew(office: Office) -> None:
    office.sync()
    office.book("Review", 1)
    office.google.world.revoke_tokens()
    office.sync()
    assert office.titles() == ["Review"]
