"""Acting for people: their own calendar with the room invited, and the room's own answer to invitations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.emulator.world import occurrence_id
from kiosk.errors import AccessDenied, Changed, Duplicate, Gone, Missing, Refused, Unreachable
from kiosk.google import client
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.client import CALENDAR_SCOPES
from kiosk.source import Draft
from tests.running import SERVICE_USER, wait_for

ADA, BOB = "ada@kiosk.example", "bob@kiosk.example"
WORLD = {
    "domain": "kiosk.example",
    "people": [{"email": ADA, "name": "Ada Okafor"}, {"email": BOB, "name": "Bob Silva"}],
    "rooms": [{"name": "Oak"}, {"name": "Fir", "autoAccept": False}],
}
ZONE = "Europe/Berlin"
START = datetime(2026, 8, 10, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
Connect = Callable[..., GoogleCalendars]


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD) as emulator:
        yield emulator


@dataclass(frozen=True)
class Rooms:
    """The rooms' addresses; Fir never answers."""

    oak: str
    fir: str


@pytest.fixture
def rooms(google: Emulator) -> Rooms:
    return Rooms(
        **{name.lower(): room.id for name in ("Oak", "Fir") for room in google.world.rooms() if name in room.summary}
    )


@pytest.fixture
def connect(google: Emulator, tmp_path: Path) -> Iterator[Connect]:
    """A source of calendars with the content of a credentials file."""
    with ExitStack() as open_ones:

        def connected(content: Any = None, subject: str = SERVICE_USER) -> GoogleCalendars:
            (tmp_path / "file.json").write_text(json.dumps(content or google.credentials()))
            source = GoogleCalendars(by_file(str(tmp_path / "file.json"), subject, google.url))
            open_ones.callback(source.close)
            return source

        yield connected


@pytest.fixture
def source(connect: Connect) -> GoogleCalendars:
    return connect()


def draft(number: str = "rd01", hour: int = 0, person: str = ADA) -> Draft:
    start = START + hour * HOUR
    return Draft(number.ljust(6, "0"), "Planning", start, start + HOUR, ZONE, {"rd": number}, person)


def guests(google: Emulator, room: str, event_id: str) -> dict[str, dict[str, Any]]:
    return {one["email"]: one for one in google.world.event(room, event_id)["attendees"]}


def test_booking_is_made_in_the_persons_calendar_and_the_room_accepts(
    source: GoogleCalendars, google: Emulator, rooms: Rooms
) -> None:
    made = source.insert(rooms.oak, draft())
    assert (made.organizer and made.organizer.email, made.organized_by_room) == (ADA, False)
    assert source.get(rooms.oak, made.id, ADA).answer == "accepted"
    copy = source.get(rooms.oak, made.id)
    assert (copy.answer, copy.organizer and copy.organizer.name, copy.start) == ("accepted", "Ada Okafor", START)
    assert "private" not in google.world.event(rooms.oak, made.id).get("extendedProperties", {})
    assert google.world.event(ADA, made.id)["extendedProperties"]["private"] == {"rd": "rd01"}


def test_room_that_is_taken_declines(source: GoogleCalendars, google: Emulator, rooms: Rooms) -> None:
    google.world.create(BOB, "First", START, START + HOUR, rooms=[rooms.oak])
    made = source.insert(rooms.oak, draft())
    assert {source.get(rooms.oak, made.id, who).answer for who in ("", ADA)} == {"declined"}


def test_answer_of_the_room_comes_late_or_never(rooms: Rooms, source: GoogleCalendars, google: Emulator) -> None:
    requests.patch(f"{google.url}/control/settings", json={"answer_delay": 60}, timeout=10).raise_for_status()
    late, never = source.insert(rooms.oak, draft("rd01")), source.insert(rooms.fir, draft("rd02", hour=1))
    assert (late.answer, never.answer) == ("needsAction", "needsAction")
    google.advance(timedelta(seconds=61))
    wait_for(lambda: source.get(rooms.oak, late.id, ADA).answer == "accepted")
    assert source.get(rooms.fir, never.id, ADA).answer == "needsAction"


def test_id_is_used_once_in_the_persons_calendar(source: GoogleCalendars, rooms: Rooms) -> None:
    made = source.insert(rooms.oak, draft())
    source.delete(rooms.oak, made.id, ADA)
    with pytest.raises(Duplicate):
        source.insert(rooms.oak, draft())
    with pytest.raises(Missing):
        source.get(rooms.oak, made.id, BOB)


def test_new_time_makes_the_room_answer_anew(source: GoogleCalendars, google: Emulator, rooms: Rooms) -> None:
    made = source.insert(rooms.oak, draft())
    longer = source.reshape(rooms.oak, made, START, START + 2 * HOUR, ZONE, ADA)
    assert (longer.end, longer.answer) == (START + 2 * HOUR, "accepted")
    assert source.get(rooms.oak, made.id).end == longer.end
    google.world.create(BOB, "Later", START + 2 * HOUR, START + 3 * HOUR, rooms=[rooms.oak])
    clashing = source.reshape(rooms.oak, longer, START, START + 3 * HOUR, ZONE, ADA)
    assert {clashing.answer, source.get(rooms.oak, made.id).answer} == {"declined"}


def test_change_of_an_event_that_is_another_by_now_is_refused(source: GoogleCalendars, rooms: Rooms) -> None:
    made = source.insert(rooms.oak, draft())
    source.reshape(rooms.oak, made, START, START + 2 * HOUR, ZONE, ADA)
    for person in (ADA, ""):
        with pytest.raises(Changed):
            source.reshape(rooms.oak, made, START, START + 3 * HOUR, ZONE, person)


def test_day_without_times_gets_them(source: GoogleCalendars, google: Emulator, rooms: Rooms) -> None:
    made = google.world.create(ADA, "Day", START.date(), START.date() + timedelta(days=1), rooms=[rooms.oak])
    event = source.get(rooms.oak, made, ADA)
    assert event.all_day
    assert source.reshape(rooms.oak, event, START, START + HOUR, ZONE, ADA).start == START
    assert source.get(rooms.oak, made).end == START + HOUR


def test_one_date_of_a_series_is_changed_at_its_organizer(
    source: GoogleCalendars, google: Emulator, rooms: Rooms
) -> None:
    weekly = {"rooms": [rooms.oak], "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]}
    series = google.world.create(ADA, "Weekly", START, START + HOUR, **weekly)
    second = occurrence_id(series, START + timedelta(days=7))
    event = source.get(rooms.oak, second, ADA)
    source.reshape(rooms.oak, event, event.start, event.end - HOUR / 2, ZONE, ADA)
    assert source.get(rooms.oak, second).end == START + timedelta(days=7) + HOUR / 2
    assert source.get(rooms.oak, series).end == START + HOUR


def test_deleting_the_persons_copy_frees_the_room(source: GoogleCalendars, rooms: Rooms) -> None:
    made = source.insert(rooms.oak, draft())
    source.delete(rooms.oak, made.id, ADA)
    source.delete(rooms.oak, made.id, ADA)
    assert {source.get(rooms.oak, made.id, who).cancelled for who in ("", ADA)} == {True}


def test_room_that_is_not_invited_any_more_has_declined(
    source: GoogleCalendars, google: Emulator, rooms: Rooms
) -> None:
    made = source.insert(rooms.oak, draft())
    google.world.move(made.id, rooms=[rooms.fir])
    assert source.get(rooms.oak, made.id, ADA).answer == "declined"
    assert source.get(rooms.fir, made.id, ADA).answer == "needsAction"


def test_room_declines_and_every_guest_stays(source: GoogleCalendars, google: Emulator, rooms: Rooms) -> None:
    event = google.world.create(ADA, "Review", START, START + HOUR, rooms=[rooms.oak], guests=[BOB])
    google.world.answer(BOB, event, "tentative", "Perhaps later")
    before = guests(google, rooms.oak, event)
    declined = source.answer(rooms.oak, event, "declined", "Nobody came")
    assert (declined.answer, declined.organizer and declined.organizer.email) == ("declined", ADA)
    for calendar_id in (rooms.oak, ADA):
        now = guests(google, calendar_id, event)
        assert (now[rooms.oak]["responseStatus"], now[rooms.oak]["comment"]) == ("declined", "Nobody came")
        assert (now[BOB]["responseStatus"], now[BOB]["comment"]) == ("tentative", "Perhaps later")
        assert now.keys() == before.keys()
    assert source.answer(rooms.oak, event, "accepted").answer == "accepted"
    assert "comment" not in guests(google, ADA, event)[rooms.oak]


def test_whole_list_of_guests_is_sent_back(
    source: GoogleCalendars, google: Emulator, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = google.world.create(ADA, "Review", START, START + HOUR, rooms=[rooms.oak], guests=[BOB])
    known = google.world.event(rooms.oak, event)
    sent: list[Any] = []
    execute = source._client.execute

    def watched(call: Any) -> Any:
        return execute(lambda api: sent.append(call(api)) or sent[-1])  # type: ignore[func-returns-value]

    monkeypatch.setattr(source._client, "execute", watched)
    source.answer(rooms.oak, event, "declined")
    patch = sent[1]
    assert [one["email"] for one in json.loads(patch.body)["attendees"]] == [ADA, BOB, rooms.oak]
    assert (patch.headers["If-Match"], "sendUpdates=all" in patch.uri) == (known["etag"], True)


def test_room_declines_one_date_and_then_the_whole_series(
    source: GoogleCalendars, google: Emulator, rooms: Rooms
) -> None:
    weekly = {"rooms": [rooms.oak], "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]}
    series = google.world.create(ADA, "Weekly", START, START + HOUR, **weekly)
    first, second = (occurrence_id(series, START + timedelta(days=days)) for days in (0, 7))
    assert source.answer(rooms.oak, second, "declined").series_id == series
    assert [source.get(rooms.oak, one).answer for one in (first, second, series)] == [
        "accepted",
        "declined",
        "accepted",
    ]
    assert source.get(rooms.oak, second, ADA).answer == "declined"
    assert source.answer(rooms.oak, series, "declined").id == series
    assert [source.get(rooms.oak, one, ADA).answer for one in (first, series)] == ["declined", "declined"]


def test_answer_given_already_is_not_given_again(source: GoogleCalendars, google: Emulator, rooms: Rooms) -> None:
    event = source.insert(rooms.oak, draft())
    assert source.answer(rooms.oak, event.id, "accepted").answer == "accepted"
    assert google.service.traffic.counts().get("calendar.v3.Events.Patch", 0) == 0


def test_room_without_an_invitation_has_nothing_to_answer(source: GoogleCalendars, rooms: Rooms) -> None:
    made = source.insert(rooms.oak, draft(person=""))
    with pytest.raises(Refused) as refused:
        source.answer(rooms.oak, made.id, "declined")
    assert (type(refused.value), refused.value.reason) == (Refused, "notInvited")
    source.delete(rooms.oak, made.id)
    with pytest.raises(Gone):
        source.answer(rooms.oak, made.id, "declined")


@pytest.mark.parametrize("times", [1, 2])
def test_answer_that_comes_between_is_given_once_more(
    times: int, source: GoogleCalendars, google: Emulator, rooms: Rooms
) -> None:
    event = source.insert(rooms.oak, draft())
    google.service.faults.order(Fault("status", operation="Events.Patch", status=412, times=times))
    if times == 1:
        assert source.answer(rooms.oak, event.id, "declined").answer == "declined"
        return
    with pytest.raises(Changed):
        source.answer(rooms.oak, event.id, "declined")


@pytest.mark.parametrize("person", ["nobody@kiosk.example", "eve@elsewhere.example", "the room"])
def test_only_people_of_the_organisation_can_be_acted_for(person: str, source: GoogleCalendars, rooms: Rooms) -> None:
    with pytest.raises(AccessDenied) as refused:
        source.insert(rooms.oak, draft(person=rooms.oak if person == "the room" else person))
    assert refused.value.reason == "delegation"


def test_missing_delegation_is_told_for_every_act(google: Emulator, connect: Connect, rooms: Rooms) -> None:
    event = connect().insert(rooms.oak, draft())
    google.world.delegate()
    source = connect(subject="")
    for act in (
        lambda: source.insert(rooms.oak, draft("rd02")),
        lambda: source.get(rooms.oak, event.id, ADA),
        lambda: source.reshape(rooms.oak, event, START, START + 2 * HOUR, ZONE, ADA),
        lambda: source.delete(rooms.oak, event.id, ADA),
    ):
        with pytest.raises(AccessDenied, match=f"does not let us act for {ADA}") as refused:
            act()
        assert refused.value.reason == "delegation"


def test_authorized_user_cannot_act_for_others(google: Emulator, connect: Connect, rooms: Rooms) -> None:
    source = connect(google.authorized_user(SERVICE_USER, CALENDAR_SCOPES), "")
    assert source.insert(rooms.oak, draft(person="")).organized_by_room
    with pytest.raises(AccessDenied, match="service account") as refused:
        source.insert(rooms.oak, draft("rd02", hour=1))
    assert refused.value.reason == "delegation"


def test_guests_cannot_change_what_is_the_organizers(source: GoogleCalendars, google: Emulator, rooms: Rooms) -> None:
    event = source.insert(rooms.oak, draft())
    fault = Fault("status", operation="Events.Patch", status=403, reason="forbiddenForNonOrganizer")
    google.service.faults.order(fault)
    with pytest.raises(AccessDenied) as refused:
        source.reshape(rooms.oak, event, START, START + 2 * HOUR, ZONE, ADA)
    assert refused.value.reason == "forbiddenForNonOrganizer"


def test_failing_network_is_no_matter_of_rights(source: GoogleCalendars, google: Emulator, rooms: Rooms) -> None:
    google.service.faults.order(Fault("status", operation="Events.Insert", status=503))
    with pytest.raises(Unreachable):
        source.insert(rooms.oak, draft())
    assert source.insert(rooms.oak, draft()).title == "Planning"


def test_token_of_a_person_is_asked_for_once_while_it_is_remembered(
    source: GoogleCalendars, google: Emulator, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = source.insert(rooms.oak, draft())
    for _ in range(3):
        source.get(rooms.oak, event.id, ADA.upper())
    assert google.service.traffic.counts()["token"] == 1
    monkeypatch.setattr(client, "MOST_PEOPLE", 1)
    source.insert(rooms.oak, draft("rd02", hour=1, person=BOB))
    assert source.get(rooms.oak, event.id, ADA).answer == "accepted"
    assert google.service.traffic.counts()["token"] == 3
