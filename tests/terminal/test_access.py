"""What the command line says and does about accounts of the administration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.store import accounts, acts, sessions, tries
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.fakes import MONDAY
from tests.running import Server

BOSS, GOOD = "boss@kiosk.example", "correct horse battery"


@pytest.fixture
def kiosk(tmp_path: Path) -> Server:
    """The command line on the database of the store."""
    return Server(tmp_path, {})


def test_password_makes_an_administrator_where_there_is_no_account(kiosk: Server, store: Store) -> None:
    made = kiosk.run("admin", "password", BOSS.title(), typed=f"{GOOD}\n")
    assert made.stdout == f"{BOSS} (admin) has a new password.\n"
    assert tries.check(store, BOSS, GOOD, "", MONDAY)
    assert GOOD not in made.stderr + made.stdout


def test_password_of_an_account_leaves_its_role_unless_another_is_said(
    kiosk: Server, store: Store, oak: StoredRoom
) -> None:
    assert kiosk.run("admin", "password", BOSS, typed=f"{GOOD}\n").returncode == 0
    scoped = ("--role", "manager", "--scope", "oak")
    assert kiosk.run("admin", "password", "may@x.example", *scoped, typed=f"{GOOD}\n").returncode == 0
    assert kiosk.run("admin", "password", "may@x.example", typed=f"{GOOD}!\n").returncode == 0
    [_, may] = json.loads(kiosk.run("admin", "list", "--json").stdout)
    assert (may["email"], may["role"], may["scope"], may["password"]) == ("may@x.example", "manager", ["oak"], "yes")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("password", BOSS), "A password has 12 to 200 characters"),
        (("password", "nobody"), "'nobody' is not a person's address"),
        (("remove", BOSS), "has no account"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(kiosk: Server, arguments: tuple[str, ...], sentence: str) -> None:
    typed = f"{GOOD}\n" if arguments[-1] == "nobody" else "short\n"
    answer = kiosk.run("admin", *arguments, typed=typed)
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert sentence in answer.stderr


def test_manager_of_a_room_that_is_not_there_is_refused(kiosk: Server) -> None:
    answer = kiosk.run("admin", "password", BOSS, "--role", "manager", "--scope", "ash", typed=f"{GOOD}\n")
    assert (answer.returncode, "no room 'ash'" in answer.stderr) == (1, True)


def test_last_administrator_is_not_removed(kiosk: Server, store: Store) -> None:
    store.write(accounts.add, BOSS, "", "admin", (), MONDAY)
    assert "only administrator" in kiosk.run("admin", "remove", BOSS).stderr
    store.write(accounts.add, "may@x.example", "", "admin", (), MONDAY)
    assert kiosk.run("admin", "remove", BOSS).returncode == 0
    with store.read() as db:
        last = acts.recent(db)[0]
    assert (last.actor, last.act, last.detail) == ("console", "remove_account", {"account": BOSS})


def test_list_without_accounts_says_how_to_make_one(kiosk: Server) -> None:
    assert "kiosk admin password EMAIL" in kiosk.run("admin", "list").stdout


def test_link_to_choose_a_password_is_printed_and_good(kiosk: Server, store: Store) -> None:
    assert "has no account" in kiosk.run("admin", "link", BOSS).stderr
    store.write(accounts.add, BOSS, "", "admin", (), MONDAY)
    printed = kiosk.run("admin", "link", BOSS).stdout
    root, _, word = printed.strip().rpartition("/admin/password/")
    with store.read() as db:
        found = accounts.reset_of(db, word, clock.now())
        last = acts.recent(db)[0]
    assert (root, found and found.email) == ("http://127.0.0.1:8080", BOSS)
    assert (last.actor, last.act, last.detail) == ("console", "reset_password", {"account": BOSS})


def test_anybody_is_logged_out_everywhere(kiosk: Server, store: Store) -> None:
    keys = [store.write(sessions.open_, BOSS, "Bo", "google", clock.now()) for _ in range(2)]
    assert "signed out of 2 browsers" in kiosk.run("admin", "log-out", BOSS.upper()).stdout
    with store.read() as db:
        assert [sessions.find(db, key, clock.now()) for key in keys] == [None, None]
        assert acts.recent(db)[0].act == "log_out_everywhere"
    assert "not a person's address" in kiosk.run("admin", "log-out", "bo").stderr


def test_every_act_of_the_command_line_is_in_the_log_with_what_it_changed(
    kiosk: Server, store: Store, oak: StoredRoom
) -> None:
    for arguments, typed in (
        (("admin", "token", "panel"), ""),
        (("admin", "token", "--revoke", "panel"), ""),
        (("people", "pin", BOSS), "4711\n"),
        (("people", "pin", BOSS, "--remove"), ""),
        (("policy", "oak", "longest=90"), ""),
        (("policy", "oak", "longest="), ""),
        (("rooms", "push", "oak", "off"), ""),
        (("rooms", "edit", "oak", "--capacity", "8"), ""),
    ):
        assert kiosk.run(*arguments, typed=typed).returncode == 0, arguments
    with store.read() as db:
        found = [(one.act, one.detail) for one in reversed(acts.recent(db))]
    assert found == [
        ("add_token", {"kind": "program", "token": "panel"}),
        ("revoke_token", {"token": "panel"}),
        ("set_pin", {"account": BOSS}),
        ("remove_pin", {"account": BOSS}),
        ("edit_policy", {"longest": "→ 90"}),
        ("edit_policy", {"longest": "90 →"}),
        ("push", {"wish": "off"}),
        ("edit_room", {"capacity": "0 → 8"}),
    ]
