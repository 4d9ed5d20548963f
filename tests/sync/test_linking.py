"""A room is linked only to what was verified, loses only what was said may go, and is disconnected without a ghost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from kiosk import clock
from kiosk.booking.counter import Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.errors import AccessDenied, Busy, RateLimited, SourceError, Unreachable, UsageError
from kiosk.schedule.model import Event, Person, Room
from kiosk.schedule.rights import Who
from kiosk.source import Calendar, Member, Resource
from kiosk.store import attendance, diary, events, journal, leases, links, mirror, rooms, tasks
from kiosk.store import directory as listing
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync import background, importing, linking, unlinking
from kiosk.sync.background import Background
from kiosk.sync.importing import Namesake
from kiosk.sync.linking import Linking, Unlinkable
from kiosk.sync.passes import Pass
from tests.fakes import FakeCalendars, StillClock, meeting
from tests.running import wait_for

ELM = f"c_188elm{linking.ROOM_ADDRESS}"
USER = "rooms-service@kiosk.example"
HOUR = timedelta(hours=1)


@dataclass
class FakeDirectory:
    """A Directory that lists rooms, or fails."""

    listed: list[Resource] = field(default_factory=list)
    error: SourceError | None = None

    def resources(self) -> list[Resource]:
        if self.error:
            raise self.error
        return self.listed

    def people(self) -> list[Member]:
        return []


@dataclass
class Elm:
    """A room of its own, with everything that can link it."""

    store: Store
    google: FakeCalendars
    clock: StillClock
    id: int
    directory: FakeDirectory = field(default_factory=FakeDirectory)
    reports: list[str] = field(default_factory=list)

    @property
    def work(self) -> Pass:
        return Pass(self.google, self.store, 7, self.clock)

    @property
    def linking(self) -> Linking:
        return Linking(self.work, self.directory, lambda: USER, 0.5)

    @property
    def desk(self) -> Desk:
        return Desk(Driver(self.store, self.google, self.clock))

    @property
    def stored(self) -> StoredRoom:
        with self.store.read() as db:
            return rooms.by_id(db, self.id)

    def link(self, address: str = ELM, agreed: int = 0) -> linking.Linked:
        return linking.link(self.linking, self.id, address, agreed, lambda *said: self.reports.append(said[2]))

    def refusal(self, address: str = ELM) -> Unlinkable:
        with pytest.raises(Unlinkable) as caught:
            self.link(address)
        assert self.stored.calendar_id is None
        return caught.value

    def disconnect(self, delete_ours: bool = False) -> unlinking.Disconnected:
        return unlinking.disconnect_room(self.work, self.id, delete_ours, self.desk.settle)

    def book(self, hours: float = 1, who: Who | None = None) -> journal.Command:
        start = self.clock() + timedelta(hours=hours)
        return self.desk.book(Wish("elm", start, start + HOUR, title="Ours", **({"who": who} if who else {})))

    def titles(self) -> list[str]:
        with self.store.read() as db:
            found = diary.between(db, self.stored, self.clock() - 24 * HOUR, self.clock() + 200 * HOUR)
        return [booking.title for booking in found]


@pytest.fixture
def elm(store: Store, still: StillClock) -> Elm:
    google = FakeCalendars(still, events={ELM: {}})
    return Elm(store, google, still, store.write(rooms.add, Room("elm", "Elm", clock.zone("Europe/Berlin"))))


def test_linked_room_is_read_at_once(elm: Elm) -> None:
    elm.google.put(ELM, meeting(1, elm.clock() + HOUR))
    done = elm.link(f" {ELM} ")
    assert (done.deleted, done.events, done.verified.warnings) == (0, 1, ())
    assert elm.titles() == ["Meeting 1"]
    assert elm.reports[0] == "Asking Google about the calendar"
    with elm.store.read() as db:
        progress = mirror.progress(db, elm.id)
    assert progress
    assert progress.due_at == elm.clock()


@pytest.mark.parametrize(
    ("address", "listed", "why", "said"),
    [
        ("Elm", [], "malformed", "no calendar's address"),
        (f"c_188nobody{linking.ROOM_ADDRESS}", [], "unknown", "the Directory has no such room"),
        (
            f"c_188hidden{linking.ROOM_ADDRESS}",
            [Resource(f"C_188HIDDEN{linking.ROOM_ADDRESS}", "Hidden")],
            "not_shared",
            f"(Hidden), but its calendar is not shared with {USER}",
        ),
        ("ada@kiosk.example", [], "unknown", f"there is none, or it is not shared with {USER}"),
    ],
)
def test_bad_address_says_exactly_why(elm: Elm, address: str, listed: list[Resource], why: str, said: str) -> None:
    elm.directory.listed = listed
    refusal = elm.refusal(address)
    assert refusal.why == why
    assert said in str(refusal)
    assert refusal.paste == (USER if USER in said else "")


def test_without_the_directory_both_reasons_are_named(elm: Elm) -> None:
    elm.directory.error = AccessDenied("No.")
    refusal = elm.refusal(f"c_188nobody{linking.ROOM_ADDRESS}")
    assert refusal.why == "not_shared"
    assert "there is none, or it is not shared" in str(refusal)


def test_calendar_of_another_room_is_not_given_twice(elm: Elm, oak: StoredRoom) -> None:
    assert elm.refusal(str(oak.calendar_id)).why == "taken"


@pytest.mark.parametrize(
    ("error", "why"),
    [(AccessDenied("Wrong."), "denied"), (Unreachable("Away."), "unreachable"), (RateLimited("Slow."), "unreachable")],
)
def test_failure_of_google_is_told_apart(elm: Elm, error: SourceError, why: str) -> None:
    def fail(_request: str) -> None:
        raise error

    elm.google.before.append(fail)
    refusal = elm.refusal()
    assert refusal.why == why
    assert str(error) in str(refusal)


def test_google_is_not_waited_for_longer_than_allowed(elm: Elm) -> None:
    never = threading.Event()
    elm.google.before.append(lambda _request: never.wait(60) and None)
    begun = clock.monotonic()
    assert elm.refusal().why == "unreachable"
    assert clock.monotonic() - begun < 30
    never.set()


def test_read_only_calendar_and_one_that_is_no_rooms_are_linked_with_a_warning(
    elm: Elm, monkeypatch: pytest.MonkeyPatch
) -> None:
    elm.google.events["ada@kiosk.example"] = {}
    about = Calendar("ada@kiosk.example", "Ada", "Europe/Berlin", "reader", False)
    monkeypatch.setattr(FakeCalendars, "describe", lambda _self, _address: about)
    assert elm.link("ada@kiosk.example").verified.warnings == (linking.READ_ONLY, linking.NOT_A_ROOM)
    assert elm.stored.calendar_id == "ada@kiosk.example"


def test_future_bookings_of_the_rooms_own_go_only_when_that_was_said(elm: Elm) -> None:
    past, future = elm.book(1), elm.book(5)
    elm.clock.advance(hours=3)
    with pytest.raises(links.NotConfirmed) as caught:
        elm.link()
    assert caught.value.count == 1
    assert elm.google.requests == []
    elm.google.put(ELM, meeting(1, elm.clock() + HOUR))
    assert elm.link(agreed=1).deleted == 1
    assert elm.titles() == ["Meeting 1"]
    assert elm.desk.find(future.id).reason == "linked"
    assert elm.desk.find(past.id).state == "confirmed"


def test_open_hold_is_refused_and_told_at_the_door(elm: Elm) -> None:
    made = elm.book()
    hold = replace(made, id="hold", event_id="kioskhold", state="held", key=None, held_at=elm.clock())
    elm.store.write(journal.add, hold)
    assert elm.link(agreed=2).deleted == 2
    with elm.store.read() as db:
        [message] = diary.messages(db, elm.stored, elm.clock())
        assert journal.open_of(db, elm.id) == []
    assert (message.kind, message.reason) == ("hold_refused", "linked")


def test_room_that_is_being_booked_is_not_linked_meanwhile(elm: Elm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.sync.holding.PATIENCE_SECONDS", 0.2)
    lease = elm.store.write(leases.take, leases.of_room(elm.id), "tap", elm.clock(), HOUR / 60)
    assert lease
    with pytest.raises(Busy):
        elm.link()
    elm.store.write(leases.give_back, lease)
    assert elm.link().events == 0


def test_reading_that_fails_leaves_the_room_linked_and_says_so(elm: Elm) -> None:
    def fail(request: str) -> None:
        if request == "page":
            raise Unreachable("Google cannot be reached.")

    elm.google.before.append(fail)
    done = elm.link()
    assert done.events is None
    assert "read as soon as Google answers" in done.says("elm")
    assert elm.stored.calendar_id == ELM


def test_room_with_another_calendar_is_unlinked_first(elm: Elm) -> None:
    elm.link()
    with pytest.raises(UsageError, match="unlink it first"):
        elm.link(f"c_188other{linking.ROOM_ADDRESS}")


def test_disconnecting_removes_what_google_manages_and_keeps_what_was_made_here(elm: Elm) -> None:
    elm.link()
    elm.google.put(ELM, meeting(1, elm.clock() + 5 * HOUR))
    made = elm.book()
    linking.sync(elm.work, elm.id)
    done = elm.disconnect()
    assert (done.removed, done.deleted, done.refused) == (1, 0, 0)
    assert elm.titles() == ["Ours"]
    assert {event.id for event in elm.google.living(ELM)} == {"m1", made.event_id}
    assert elm.stored.calendar_id is None


def test_bookings_made_here_are_deleted_in_google_on_wish_also_in_peoples_calendars(elm: Elm) -> None:
    elm.link()
    elm.google.put(ELM, meeting(1, elm.clock() + 5 * HOUR))
    elm.book(1)
    elm.book(3, Who("person", "ada@kiosk.example", "Ada"))
    done = elm.disconnect(delete_ours=True)
    assert done.deleted == 2
    assert elm.google.living("ada@kiosk.example") == []
    assert "2 bookings made here are deleted in Google" in done.says()
    assert elm.titles() == ["Ours", "Ours"]


def test_booking_that_may_not_be_deleted_is_named_and_the_rest_goes_on(elm: Elm) -> None:
    elm.link()
    elm.book(1, Who("person", "ada@kiosk.example", "Ada"))
    elm.book(3)
    elm.google.strangers.add("ada@kiosk.example")
    done = elm.disconnect(delete_ours=True)
    assert (done.deleted, len(done.left)) == (1, 1)
    assert "could not be deleted" in done.says()


def test_room_stays_linked_while_google_cannot_delete(elm: Elm) -> None:
    elm.link()
    elm.book()

    def away(_request: str) -> None:
        raise Unreachable("Google cannot be reached.")

    elm.google.before.append(away)
    with pytest.raises(Unreachable, match="stays linked"):
        elm.disconnect(delete_ours=True)
    assert elm.stored.calendar_id == ELM
    assert elm.disconnect().removed == 0
    assert elm.stored.calendar_id is None


def test_open_rows_are_settled_first_or_refused_and_told_at_the_door(elm: Elm) -> None:
    elm.link()
    away: list[bool] = [True]

    def perhaps(_request: str) -> None:
        if away:
            raise Unreachable("Google cannot be reached.")

    elm.google.before.append(perhaps)
    first = elm.book()
    assert first.state == "held"
    away.clear()
    assert elm.disconnect().refused == 0
    assert elm.desk.find(first.id).state == "confirmed"

    elm.link(agreed=1)
    away.append(True)
    second = elm.book(8)
    done = elm.disconnect()
    assert (done.refused, done.doubtful) == (1, 1)
    assert elm.desk.find(second.id).reason == "unlinked"
    with elm.store.read() as db:
        assert [one.reason for one in diary.messages(db, elm.stored, elm.clock())] == ["unlinked"]


def test_linking_again_restores_no_stale_row(elm: Elm) -> None:
    elm.link()
    gone = elm.google.put(ELM, meeting(1, elm.clock() + 5 * HOUR))
    mine = elm.book()
    linking.sync(elm.work, elm.id)
    with elm.store.read() as db:
        booking = diary.find(db, elm.stored, mine.event_id)
    assert booking
    elm.store.write(attendance.await_, elm.id, booking, elm.clock(), elm.clock())
    elm.disconnect()
    elm.google.put(ELM, replace(gone, cancelled=True))
    elm.google.put(
        ELM, replace(elm.google.events[ELM][mine.event_id], start=elm.clock() + 9 * HOUR, end=elm.clock() + 10 * HOUR)
    )
    elm.google.put(ELM, Event("new", elm.clock() + 7 * HOUR, elm.clock() + 8 * HOUR, "New", organizer=Person("a@b.c")))
    assert elm.link(agreed=1).deleted == 1
    with elm.store.read() as db:
        found = diary.between(db, elm.stored, elm.clock(), elm.clock() + 24 * HOUR)
        assert attendance.find(db, elm.id, mine.event_id) is None
        assert events.ids(db, elm.id) == {"new", mine.event_id}
    assert [(one.id, one.own) for one in found] == [("new", False), (mine.event_id, True)]


def test_pass_under_way_while_a_room_is_linked_anew_stores_nothing(elm: Elm) -> None:
    elm.link()
    elm.google.put(ELM, meeting(1, elm.clock() + 5 * HOUR))

    def relink(request: str) -> None:
        if request == "page":
            elm.google.after.remove(relink)
            elm.google.put(ELM, replace(elm.google.events[ELM]["m1"], cancelled=True))
            elm.disconnect()
            elm.store.write(links.link, elm.id, "Europe/Berlin", ELM, 0, elm.clock(), elm.clock())

    elm.google.after.append(relink)
    assert linking.sync(elm.work, elm.id) == 0
    assert elm.titles() == []


def test_whole_organisation_is_disconnected_room_by_room(elm: Elm, oak: StoredRoom) -> None:
    elm.link()
    done, failed = unlinking.disconnect_organisation(elm.work, delete_ours=False)
    assert ({one.slug for one in done}, failed) == ({"elm", "oak"}, [])
    with elm.store.read() as db:
        assert [one.calendar_id for one in rooms.every(db)] == [None, None]
        assert mirror.count(db) == 0


def test_import_takes_only_what_was_chosen(elm: Elm) -> None:
    other = f"c_188ash{linking.ROOM_ADDRESS}"
    elm.google.events[other] = {}
    elm.directory.listed = [Resource(ELM, "Elm again"), Resource(other, "Ash")]
    result = importing.import_rooms(elm.store, elm.google, elm.directory, wanted={other})
    assert (result.added, result.failed) == (["ash"], [])


def test_work_in_the_background_is_told_once_at_a_time(elm: Elm) -> None:
    background, may_end = Background(elm.store, elm.clock), threading.Event()

    def work(report: linking.Report) -> str:
        report(1, 3, "One of three")
        may_end.wait(60)
        return "All three"

    def seen() -> tasks.Task | None:
        with elm.store.read() as db:
            return tasks.latest(db, "sync:elm", elm.clock())

    background.start("sync:elm", work)
    while not (task := seen()) or not task.done:
        threading.Event().wait(0.01)
    assert (task.state, task.of, task.says) == ("running", 3, "One of three")
    with pytest.raises(UsageError, match="being done already"):
        background.start("sync:elm", work)
    may_end.set()
    while (task := seen()) and task.state == "running":
        threading.Event().wait(0.01)
    assert task
    assert (task.state, task.says, task.ended_at) == ("done", "All three", elm.clock())


@pytest.mark.parametrize("seconds", [10, -10, -3 * 3600])
def test_work_whose_process_died_is_done_anew_soon_also_by_a_clock_put_back(elm: Elm, seconds: int) -> None:
    elm.store.write(tasks.begin, "import", elm.clock())
    elm.clock.advance(seconds=seconds)
    left = newest(elm, "import")
    assert left
    assert (left.state, left.says) == ("failed", tasks.INTERRUPTED)
    again = elm.store.write(tasks.begin, "import", elm.clock())
    assert again
    assert newest(elm, "import") == again
    elm.store.write(tasks.report, left.id, 1, 2, "The dead speak", elm.clock())
    assert newest(elm, "import") == again


def newest(elm: Elm, name: str) -> tasks.Task | None:
    with elm.store.read() as db:
        return tasks.latest(db, name, elm.clock())


def test_work_that_says_nothing_for_long_gives_signs_of_life(elm: Elm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "BEAT_SECONDS", 0.01)
    may_end = threading.Event()

    def work(_report: linking.Report) -> str:
        may_end.wait(30)
        return "At last"

    Background(elm.store, elm.clock).start("import", work)
    elm.clock.advance(minutes=5)
    wait_for(lambda: (task := newest(elm, "import")) and task.seen_at == elm.clock())
    with pytest.raises(UsageError, match="being done already"):
        Background(elm.store, elm.clock).start("import", work)
    may_end.set()
    wait_for(lambda: (task := newest(elm, "import")) and task.state == "done")


def test_room_is_linked_though_it_gets_another_word_meanwhile(elm: Elm) -> None:
    def rename(request: str) -> None:
        if request == "describe":
            elm.store.write(rooms.change, elm.id, replace(elm.stored.room, slug="ulmus"))

    elm.google.before.append(rename)
    elm.link()
    assert (elm.stored.room.slug, elm.stored.calendar_id) == ("ulmus", ELM)


def test_linking_asks_again_when_more_bookings_would_go_than_were_told_of(elm: Elm) -> None:
    elm.book(1)
    elm.book(3)
    with pytest.raises(links.NotConfirmed, match="2 future bookings made here, and not 1 as was agreed") as caught:
        elm.link(agreed=1)
    assert caught.value.count == 2
    assert elm.stored.calendar_id is None


def test_booking_that_comes_while_google_is_asked_is_not_deleted_unasked(elm: Elm) -> None:
    def tap(request: str) -> None:
        if request == "describe":
            elm.book()

    elm.google.before.append(tap)
    with pytest.raises(links.NotConfirmed):
        elm.link()
    assert elm.titles() == ["Ours"]


def test_import_gives_a_room_of_the_same_name_its_calendar_instead_of_adding_another(elm: Elm) -> None:
    elm.directory.listed = [Resource(ELM, " ELM", "Berlin", "2", 8)]
    with elm.store.read() as db:
        alike = importing.same_named(elm.directory.listed, rooms.every(db))
    assert {calendar: stored.id for calendar, stored in alike.items()} == {ELM: elm.id}
    namesakes = {ELM: Namesake(elm.id)}
    result = importing.import_rooms(elm.store, elm.google, elm.directory, namesakes=namesakes)
    assert (result.added, result.linked, result.failed) == ([], ["elm"], [])
    assert (elm.stored.calendar_id, elm.stored.room.capacity) == (ELM, 8)
    with elm.store.read() as db:
        assert listing.listed(db, elm.id)
        assert importing.same_named(elm.directory.listed, rooms.every(db)) == {}


def test_import_deletes_no_booking_of_a_namesake_unasked(elm: Elm, still: StillClock) -> None:
    start = clock.now() + HOUR
    elm.store.write(events.upsert, elm.id, [meeting(1, start)])
    elm.directory.listed = [Resource(ELM, "Elm")]
    result = importing.import_rooms(elm.store, elm.google, elm.directory, namesakes={ELM: Namesake(elm.id)})
    [(name, reason)] = result.failed
    assert (name, "deletes 1 future booking" in reason) == ("Elm", True)
    agreed = {ELM: Namesake(elm.id, 1)}
    assert importing.import_rooms(elm.store, elm.google, elm.directory, namesakes=agreed).linked == ["elm"]


def test_room_of_the_same_name_in_another_building_is_another_room(elm: Elm) -> None:
    elm.store.write(rooms.change, elm.id, replace(elm.stored.room, building="Rome"))
    with elm.store.read() as db:
        known = rooms.every(db)
    assert importing.same_named([Resource(ELM, "Elm", "Berlin")], known) == {}
    twice = [Resource(ELM, "Elm"), Resource(f"c_188b{linking.ROOM_ADDRESS}", "Elm")]
    assert list(importing.same_named(twice, known)) == [ELM]


def test_imported_texts_that_are_too_long_are_cut(elm: Elm) -> None:
    long = Resource(
        ELM, "Elm " * 100, "B" * 300, "F" * 300, 4, ("Screen" * 100, *(f"Thing {n:03}" for n in range(200)))
    )
    elm.directory.listed = [long]
    result = importing.import_rooms(elm.store, elm.google, elm.directory)
    assert result.failed == []
    with elm.store.read() as db:
        made = rooms.by_slug(db, result.added[0]).room
    assert {len(made.building), len(made.floor)} == {200}
    assert made.name.endswith("Elm…")
    assert 900 < len(", ".join(made.equipment)) <= 1000
    assert importing.import_rooms(elm.store, elm.google, elm.directory).followed.changed == []


def test_failure_in_the_background_is_told_in_its_own_words(elm: Elm) -> None:
    def work(_report: linking.Report) -> str:
        raise UsageError("The room is not linked.")

    with pytest.raises(UsageError):
        Background(elm.store, elm.clock).run("sync:elm", work)
    with elm.store.read() as db:
        task = tasks.latest(db, "sync:elm", elm.clock())
    assert task
    assert (task.state, task.says) == ("failed", "The room is not linked.")
