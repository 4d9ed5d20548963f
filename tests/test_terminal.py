"""What the command line says and does about rooms, announced changes, policies and PINs."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import clock
from kiosk.booking.counter import Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.emulator.directory import everything
from kiosk.emulator.server import Emulator
from kiosk.schedule.model import Person
from kiosk.source import Resource
from kiosk.store import acts, channels, directory, events, facts, people, pins, rooms, spending
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.fakes import MONDAY, FakeCalendars, StillClock, meeting
from tests.running import ROOT, Server, clean_environment, wait_for


@pytest.fixture
def kiosk(tmp_path: Path) -> Server:
    """The command line on the database of the store."""
    return Server(tmp_path, {})


def listed(kiosk: Server) -> dict[str, Any]:
    rows: list[dict[str, Any]] = json.loads(kiosk.run("rooms", "list", "--json").stdout)
    return rows[0]


def test_list_says_since_when_a_room_is_not_in_the_directory(kiosk: Server, store: Store, oak: StoredRoom) -> None:
    store.write(directory.follow, [Resource(str(oak.calendar_id), "Oak")], MONDAY)
    assert listed(kiosk)["vanished"] == ""
    store.write(directory.follow, [], MONDAY + timedelta(hours=6))
    assert listed(kiosk)["vanished"] == "2026-08-10T14:00:00Z"
    assert "not in the Directory since 2026-08-10T14:00:00Z" in kiosk.run("rooms", "list").stdout


def test_push_is_switched_off_and_on_and_the_list_shows_it(kiosk: Server, store: Store, oak: StoredRoom) -> None:
    store.write(channels.refused, oak.id, "Google offers none.", MONDAY, MONDAY + timedelta(days=7))
    row = listed(kiosk)
    assert (row["push"], row["push_refusal"]) == ("refused", "Google offers none.")
    assert "is not to announce" in kiosk.run("rooms", "push", "oak", "off").stdout
    assert listed(kiosk)["push"] == "off"
    assert "once KIOSK_PUBLIC_URL is an https address" in kiosk.run("rooms", "push", "oak", "on").stdout
    row = listed(kiosk)
    assert (row["push"], row["push_refusal"]) == ("", "")


def test_push_of_an_unknown_room_is_one_sentence(kiosk: Server) -> None:
    answer = kiosk.run("rooms", "push", "elm", "on")
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert "no room with the address 'elm'" in answer.stderr


def policy(kiosk: Server, *words: str) -> dict[str, tuple[str, str]]:
    """Return what holds and who says so, by its name."""
    done = kiosk.run("policy", "--json", *words)
    assert done.returncode == 0, done.stderr
    return {row["name"]: (row["value"], row["from"]) for row in json.loads(done.stdout)}


def test_policy_is_shown_changed_and_given_back(kiosk: Server, store: Store, oak: StoredRoom) -> None:
    assert policy(kiosk)["check-in"] == ("off", "default")
    assert policy(kiosk, "check-in=all", "hours=Mon-Fri 07:00-19:00")["check-in"] == ("all", "organisation")
    mine = policy(kiosk, "oak", "check-in=off")
    assert (mine["check-in"], mine["hours"]) == (("off", "room"), ("Mon-Fri 07:00-19:00", "organisation"))
    with store.read() as db:
        assert rooms.by_slug(db, "oak").room.policy.check_in == "off"
    assert policy(kiosk, "oak", "check-in=")["check-in"] == ("all", "organisation")


def test_policy_prints_a_table_with_help(kiosk: Server) -> None:
    lines = kiosk.run("policy", "grace=5").stdout.splitlines()
    assert lines[0].split() == ["name", "value", "from", "help"]
    [grace] = [line for line in lines if line.startswith("grace ")]
    assert grace.split()[1:3] == ["5", "organisation"]
    assert "until which a check-in is awaited" in grace


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["elm"], "no room with the address 'elm'"),
        (["elm", "grace=5"], "no room with the address 'elm'"),
        (["grace=5", "oak"], "'oak' is no change"),
        (["grace=soon"], "grace cannot be 'soon'; allowed: whole minutes from 1 to 240"),
        (["colour=red"], "no policy 'colour'"),
    ],
)
def test_wrong_policy_is_one_sentence(kiosk: Server, words: list[str], said: str) -> None:
    answer = kiosk.run("policy", *words)
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert said in answer.stderr


def test_pin_is_given_listed_and_taken_away(kiosk: Server, store: Store) -> None:
    assert "Nobody has a PIN yet" in kiosk.run("people", "list").stdout
    assert "has a new PIN" in kiosk.run("people", "pin", "Anna@Kiosk.example", typed="2580\n").stdout
    assert pins.check(store, "anna@kiosk.example", "2580", MONDAY)
    [row] = json.loads(kiosk.run("people", "list", "--json").stdout)
    assert row == {"email": "anna@kiosk.example", "name": "", "resting": "", "problem": ""}
    assert "anna@kiosk.example" in kiosk.run("people", "list").stdout
    assert kiosk.run("people", "pin", "anna@kiosk.example", "--remove").returncode == 0
    assert json.loads(kiosk.run("people", "list", "--json").stdout) == []


def test_list_of_people_says_who_rests_and_who_has_left(kiosk: Server, store: Store) -> None:
    pins.set_pin(store, "anna@kiosk.example", "2580")
    for _ in range(pins.TRIES):
        store.write(pins.begin, "anna@kiosk.example", clock.now())
    store.write(people.replace_all, [], MONDAY)
    [row] = json.loads(kiosk.run("people", "list", "--json").stdout)
    assert clock.parse(row["resting"]) > clock.now()
    assert "not in the Directory any more" in row["problem"]


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["anna@kiosk.example"], "12\n", "4 to 8 digits"),
        (["anna@kiosk.example"], "", "4 to 8 digits"),
        (["anna"], "2580\n", "not a person's address"),
        (["anna@kiosk.example", "--remove"], "", "has no PIN"),
    ],
)
def test_wrong_pin_is_one_sentence(kiosk: Server, arguments: list[str], typed: str, said: str) -> None:
    answer = kiosk.run("people", "pin", *arguments, typed=typed)
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert said in answer.stderr


@pytest.mark.parametrize(("again", "status", "said"), [("2580", 0, "has a new PIN"), ("2581", 1, "not the same")])
def test_pin_is_typed_twice_at_a_terminal_and_never_shown(
    kiosk: Server, tmp_path: Path, again: str, status: int, said: str
) -> None:
    keyboard, terminal = pty.openpty()
    command = [sys.executable, "-m", "kiosk", "people", "pin", "anna@kiosk.example"]
    environment = clean_environment(KIOSK_DATABASE_URL=f"sqlite:///{tmp_path / 'kiosk.db'}")
    out = tmp_path / "out.txt"
    with out.open("wb") as file:
        # A session of its own has no controlling terminal, so that what is typed comes from this one.
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=terminal, stdout=file, stderr=file, start_new_session=True
        )
    for prompt, pin in (("PIN: ", "2580"), ("The same again: ", again)):
        wait_for(lambda words=prompt: out.read_text().endswith(words))
        os.write(keyboard, f"{pin}\n".encode())
    assert child.wait(30) == status
    assert said in out.read_text()
    assert not select.select([keyboard], [], [], 0)[0], "what is typed is echoed"
    os.close(keyboard)
    os.close(terminal)


@pytest.mark.parametrize(
    "command",
    [
        ["policy"],
        ["people"],
        ["people", "pin"],
        ["people", "list"],
        ["bookings", "reject"],
        ["bookings", "delete"],
        ["admin", "link"],
        ["admin", "log-out"],
        ["webhooks", "log"],
        ["webhooks", "retry"],
        ["mail", "test"],
    ],
)
def test_commands_explain_themselves(kiosk: Server, command: list[str]) -> None:
    answer = kiosk.run(*command, "--help")
    assert answer.returncode == 0
    assert f"usage: kiosk {' '.join(command)}" in answer.stdout


def test_command_line_loads_nothing_of_what_it_does_before_it_does_it() -> None:
    asked = "import sys; from kiosk.__main__ import _parser; _parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "kiosk.terminal.parsers.rooms" in loaded.stdout.split()
    heavy = {"peewee", "flask", "googleapiclient", "google.auth", "eventlet", "kiosk.store", "kiosk.assembly"}
    assert heavy & set(loaded.stdout.split()) == set()


def counted(store: Store) -> int:
    """Return how many requests all processes have claimed."""
    with store.read() as db:
        return sum(json.loads(facts.read(db, spending.NAME) or "{}").values())


def test_requests_of_the_command_line_count_with_the_servers(
    google: Emulator, google_settings: dict[str, str], tmp_path: Path, store: Store
) -> None:
    kiosk = Server(tmp_path, google_settings)
    assert kiosk.run("rooms", "add", "Oak", "--calendar", google.world.rooms()[0].id).returncode == 0
    assert counted(store) == 4  # two for the room and one for a token, claimed two by two
    assert kiosk.run("rooms", "import").returncode == 0
    assert counted(store) > 2 * len(google.world.rooms())


def test_command_line_asks_nothing_when_the_day_is_used_up(
    google: Emulator, google_settings: dict[str, str], tmp_path: Path, store: Store
) -> None:
    kiosk = Server(tmp_path, google_settings | {"KIOSK_REQUESTS_PER_DAY": "1000"})
    store.write(spending.claim, clock.now(), 950, 950, spending.Grant())
    linked = kiosk.run("rooms", "add", "Oak", "--calendar", google.world.rooms()[0].id)
    assert (linked.returncode, linked.stderr.count("\n")) == (1, 1)
    assert "used up" in linked.stderr
    assert google.service.traffic.requests() == []


def test_text_that_is_too_long_is_refused_in_one_sentence(kiosk: Server) -> None:
    long = kiosk.run("rooms", "add", "Oak", "--zone", "UTC", "--building", "B" * 201)
    assert (long.returncode, long.stderr) == (
        1,
        "kiosk: A room's building has at most 200 characters, and this has 201.\n",
    )


def test_room_is_edited_and_deleted(kiosk: Server, store: Store) -> None:
    assert kiosk.run("rooms", "add", "Oak", "--zone", "Europe/Berlin").returncode == 0
    edited = kiosk.run("rooms", "edit", "oak", "--name", "Hall", "--new-slug", "hall", "--equipment", "Screen, Stage")
    assert "its door is /door/hall" in edited.stdout, edited.stderr
    with store.read() as db:
        assert rooms.by_slug(db, "hall").room.equipment == ("Screen", "Stage")
    assert "is deleted" in kiosk.run("rooms", "remove", "hall").stdout
    assert "no room with the address 'hall'" in kiosk.run("rooms", "edit", "hall").stderr


def test_policy_of_a_building_and_its_floor(kiosk: Server) -> None:
    assert kiosk.run("rooms", "add", "Oak", "--zone", "UTC", "--building", "Berlin", "--floor", "2").returncode == 0
    assert policy(kiosk, "--building", "Berlin", "grace=20")["grace"] == ("20", "building")
    assert policy(kiosk, "--building", "Berlin", "--floor", "2", "grace=21")["grace"] == ("21", "floor")
    assert policy(kiosk, "oak")["grace"] == ("21", "floor")
    for wrong in (["--floor", "2"], ["oak", "--building", "Berlin"]):
        answer = kiosk.run("policy", *wrong)
        assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)


def test_room_is_linked_read_listed_and_unlinked(
    google: Emulator, google_settings: dict[str, str], tmp_path: Path
) -> None:
    kiosk, address = Server(tmp_path, google_settings), google.world.rooms()[0].id
    person, start = google.world.people()[0].id, clock.now() + timedelta(hours=1)
    google.world.create(person, "Budget", start, start + timedelta(hours=1), rooms=[address])
    assert kiosk.run("rooms", "add", "Oak", "--zone", "UTC").returncode == 0
    linked = kiosk.run("rooms", "link", "oak", address)
    assert "Read 1 events." in linked.stdout, linked.stderr
    assert "Read 1 events." in kiosk.run("rooms", "sync", "oak").stdout
    listed = kiosk.run("bookings", "list", "--json", "--days", "2")
    [row] = json.loads(listed.stdout)
    assert (row["title"], row["made"]) == ("Budget", "Google Calendar")
    assert "Budget" in kiosk.run("bookings", "list", "--room", "oak", "--days", "2").stdout
    unlinked = kiosk.run("rooms", "unlink", "oak")
    assert "1 event managed in Google is removed here" in unlinked.stdout, unlinked.stderr
    assert "There are no such bookings" in kiosk.run("bookings", "list", "--days", "2").stdout
    assert "is not linked" in kiosk.run("rooms", "unlink", "oak").stderr


def test_linking_on_the_command_line_asks_before_bookings_go(
    google: Emulator, google_settings: dict[str, str], tmp_path: Path, store: Store
) -> None:
    kiosk, address = Server(tmp_path, google_settings), google.world.rooms()[0].id
    assert kiosk.run("rooms", "add", "Oak", "--zone", "UTC").returncode == 0
    with store.read() as db:
        oak = rooms.by_slug(db, "oak")
    store.write(events.upsert, oak.id, [meeting(1, clock.now() + timedelta(hours=1))])
    asked = kiosk.run("rooms", "link", "oak", address)
    assert (asked.returncode, asked.stderr.count("\n")) == (1, 1)
    assert "deletes 1 future booking made here: add --yes 1" in asked.stderr
    store.write(events.upsert, oak.id, [meeting(2, clock.now() + timedelta(hours=3))])
    assert "add --yes 2" in kiosk.run("rooms", "link", "oak", address, "--yes", "1").stderr
    assert "Deleted: 2 future bookings" in kiosk.run("rooms", "link", "oak", address, "--yes", "2").stdout


def test_import_makes_no_second_room_of_a_name_unless_told(
    google: Emulator, google_settings: dict[str, str], tmp_path: Path
) -> None:
    kiosk = Server(tmp_path, google_settings)
    names = [one["resourceName"] for one in everything(google.service.store, "room")]
    assert kiosk.run("rooms", "add", names[0], "--zone", "UTC", "--slug", "mine").returncode == 0
    first = kiosk.run("rooms", "import")
    assert (first.returncode, "--namesakes link" in first.stderr) == (1, True)
    linked = kiosk.run("rooms", "import", "--namesakes", "link")
    assert (linked.returncode, "linked 1" in linked.stdout) == (0, True), linked.stderr
    rows = json.loads(kiosk.run("rooms", "list", "--json").stdout)
    assert len(rows) == len(google.world.rooms())
    assert next(row for row in rows if row["slug"] == "mine")["calendar"]


def test_booking_is_deleted_or_rejected_by_its_id(kiosk: Server, store: Store) -> None:
    assert kiosk.run("rooms", "add", "Oak", "--zone", "UTC").returncode == 0
    with store.read() as db:
        oak = rooms.by_slug(db, "oak")
    start = clock.now() + timedelta(hours=1)
    mine = Desk(Driver(store, FakeCalendars(StillClock()), clock.now)).book(Wish("oak", start, None, 30))
    store.write(events.upsert, oak.id, [meeting("theirs", start + timedelta(hours=5), organizer=Person("a@b.example"))])
    assert kiosk.run("bookings", "delete", mine.event_id).stdout == "The booking is deleted.\n"
    refused = kiosk.run("bookings", "reject", "mtheirs", "--room", "oak")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "its organizer can change it there" in refused.stderr
    assert kiosk.run("bookings", "delete", "nothing").returncode == 1
    with store.read() as db:
        told = [(one.actor, one.act, one.result) for one in acts.recent(db)]
    assert ("admin:console", "cancel", "confirmed") in told
    assert ("admin:console", "release", "declined") in told
