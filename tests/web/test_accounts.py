"""Accounts: how they come to be, what their roles allow, and how their passwords are chosen and guarded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import session

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.rights import Who
from kiosk.store import accounts, acts, rooms, sessions, tries
from kiosk.store.database import Store
from kiosk.store.tries import Resting
from kiosk.web.asking import Asking
from kiosk.web.identity import Identities
from tests.fakes import StillClock
from tests.web.visitors import Reception, Visitor

GOOD, OTHER = "correct horse battery", "staple correct horse"
BOSS = "boss@kiosk.example"


def with_password(store: Store, email: str = BOSS, role: str = "admin") -> None:
    store.write(accounts.add, email, "", role, (), clock.now())
    accounts.set_password(store, email, GOOD)


def logged_in(visitor: Visitor, email: str = BOSS, password: str = GOOD, **more: str) -> int:
    return visitor.post("/admin/log-in", email=email, password=password, **more).status_code


def told(store: Store) -> list[tuple[str, str, str]]:
    with store.read() as db:
        return [(one.actor, one.act, one.result) for one in acts.recent(db)]


# The first administrator


def test_first_link_makes_an_administrator_once(reception: Reception) -> None:
    word = reception.parts.store.write(accounts.first_link, clock.now())
    assert word
    visitor, late = reception.stranger(), reception.stranger()
    answer = visitor.post(f"/admin/first/{word}", email=BOSS, name="Bo", password=GOOD)
    assert answer.status_code == 303
    assert visitor.get("/admin/people").status_code == 200
    assert late.post(f"/admin/first/{word}", email="eve@kiosk.example", password=GOOD).status_code == 404
    assert reception.parts.store.write(accounts.first_link, clock.now()) is None


def test_first_link_is_good_for_a_day_and_only_the_newest(store: Store, still: StillClock) -> None:
    old, new = (store.write(accounts.first_link, still()) for _ in range(2))
    with store.read() as db:
        assert not accounts.is_first(db, str(old), still())
        assert accounts.is_first(db, str(new), still())
        assert not accounts.is_first(db, str(new), still() + timedelta(hours=25))


def test_first_link_is_worthless_once_the_command_line_made_an_administrator(store: Store, still: StillClock) -> None:
    word = str(store.write(accounts.first_link, still()))
    store.write(accounts.add, BOSS, "", "admin", (), still())
    with pytest.raises(NotFound):
        accounts.become_first(store, word, "eve@kiosk.example", "", GOOD, still())


def test_first_link_with_a_short_password_can_be_tried_again(reception: Reception) -> None:
    word = reception.parts.store.write(accounts.first_link, clock.now())
    visitor = reception.stranger()
    refused = visitor.post(f"/admin/first/{word}", email=BOSS, password="short")
    assert refused.status_code == 422
    assert "12 to 200 characters" in refused.text
    assert visitor.post(f"/admin/first/{word}", email=BOSS, password=GOOD).status_code == 303


class PulledPlug(BaseException):
    """The server dies the moment after something was committed."""


def pull_plug() -> None:
    raise PulledPlug


def test_server_that_dies_leaves_no_administrator_without_a_password(store: Store, still: StillClock) -> None:
    word = str(store.write(accounts.first_link, still()))
    store.on_commit(pull_plug)
    with pytest.raises(PulledPlug):
        accounts.become_first(store, word, BOSS, "Bo", GOOD, still())
    with store.read() as db:
        assert accounts.get(db, BOSS).has_password


def test_server_that_dies_uses_no_link_up_without_keeping_the_password(store: Store, still: StillClock) -> None:
    store.write(accounts.add, BOSS, "", "admin", (), still())
    word = store.write(accounts.reset_link, BOSS, still())
    store.on_commit(pull_plug)
    with pytest.raises(PulledPlug):
        accounts.choose_password(store, word, GOOD, still())
    with store.read() as db:
        assert (accounts.get(db, BOSS).has_password, accounts.reset_of(db, word, still())) == (True, None)


# Signing in


def test_right_password_leads_where_somebody_wanted_to_go(reception: Reception) -> None:
    with_password(reception.parts.store)
    answer = reception.stranger().post("/admin/log-in", email=BOSS.upper(), password=GOOD, next="/admin/people/pins")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/people/pins")


@pytest.mark.parametrize("outside", ["https://evil.example", "//evil.example", "/\\evil.example", "\t//evil.example"])
def test_way_in_leads_nowhere_outside(reception: Reception, outside: str) -> None:
    with_password(reception.parts.store)
    answer = reception.stranger().post("/admin/log-in", email=BOSS, password=GOOD, next=outside)
    assert answer.headers["Location"].startswith("/admin/")


def test_wrong_password_and_unknown_account_are_told_alike(reception: Reception) -> None:
    with_password(reception.parts.store)
    pages = [
        reception.stranger().post("/admin/log-in", email=email, password="wrong horse battery")
        for email in (BOSS, "nobody@kiosk.example")
    ]
    texts = {re.sub(r'value="[^"]*"|content="[^"]*"', "", page.text) for page in pages}
    assert ([page.status_code for page in pages], len(texts)) == ([403, 403], 1)
    assert told(reception.parts.store)[0] == ("stranger", "log_in", "refused")


def test_password_typed_as_an_address_is_not_written_down(reception: Reception) -> None:
    assert logged_in(reception.stranger(), GOOD, BOSS) == 403
    with reception.parts.store.read() as db:
        assert acts.recent(db)[0].detail == {"account": ""}


def test_unknown_account_takes_as_long_as_a_known_one(store: Store, still: StillClock) -> None:
    with_password(store)
    hashes = [store.write(tries.begin, email, "10.0.0.1", still()) for email in (BOSS, "nobody@kiosk.example")]
    assert len({hashed.rpartition("$")[0].rpartition("$")[0] for hashed in hashes}) == 1
    assert len(set(hashes)) == 2


def test_account_without_a_password_is_not_entered_with_an_empty_one(reception: Reception) -> None:
    reception.parts.store.write(accounts.add, BOSS, "", "admin", (), clock.now())
    assert logged_in(reception.stranger(), password="") == 403


def test_five_wrong_tries_rest_an_account_whether_it_exists_or_not(store: Store, still: StillClock) -> None:
    with_password(store)
    for email in (BOSS, "nobody@kiosk.example"):
        for number in range(tries.ACCOUNT):
            assert not tries.check(store, email, "wrong", f"10.0.0.{number}", still())
        with pytest.raises(Resting):
            tries.check(store, email, GOOD, "10.0.9.9", still())
    still.advance(seconds=61)
    assert tries.check(store, BOSS, GOOD, "10.0.9.9", still())


def test_twenty_wrong_tries_rest_a_network_address_for_every_account(store: Store, still: StillClock) -> None:
    with_password(store)
    for number in range(tries.PLACE):
        store.write(tries.begin, f"somebody{number}@kiosk.example", f"2001:db8::{number:x}", still())
    with pytest.raises(Resting):
        tries.check(store, BOSS, GOOD, "2001:db8::ffff", still())
    assert tries.check(store, BOSS, GOOD, "2001:db8:1::1", still())


def test_right_password_forgives_the_account_and_not_the_other_tries_of_the_place(
    store: Store, still: StillClock
) -> None:
    with_password(store)
    for number in range(tries.PLACE - 1):
        store.write(tries.begin, f"somebody{number}@kiosk.example", "10.0.0.1", still())
    assert tries.check(store, BOSS, GOOD, "10.0.0.1", still())
    assert not tries.check(store, BOSS, "wrong", "10.0.0.1", still())
    with pytest.raises(Resting):
        tries.check(store, BOSS, GOOD, "10.0.0.1", still())


def test_resting_account_is_answered_when_to_come_again(reception: Reception) -> None:
    visitor = reception.stranger()
    codes = [logged_in(visitor, "nobody@kiosk.example", "wrong") for _ in range(tries.ACCOUNT)]
    answer = visitor.post("/admin/log-in", email="nobody@kiosk.example", password="wrong")
    assert (codes, answer.status_code) == ([403] * tries.ACCOUNT, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_tries_of_long_ago_are_forgotten(store: Store, still: StillClock) -> None:
    for _ in range(tries.ACCOUNT - 1):
        assert not tries.check(store, BOSS, "wrong", "10.0.0.1", still())
    still.advance(days=1, seconds=1)
    for _ in range(tries.ACCOUNT):
        assert not tries.check(store, BOSS, "wrong", "10.0.0.1", still())


# Sessions


def test_browser_gets_another_session_when_somebody_signs_in(reception: Reception) -> None:
    with_password(reception.parts.store)
    visitor = reception.person()
    with visitor.client.session_transaction() as kept:
        before = kept["id"]
    assert logged_in(visitor) == 303
    with visitor.client.session_transaction() as kept:
        assert kept["id"] != before
    with reception.parts.store.read() as db:
        assert sessions.find(db, before, clock.now()) is None


def test_account_is_signed_out_after_half_a_day_without_use(store: Store, still: StillClock) -> None:
    with_password(store)
    key = store.write(sessions.open_, BOSS, "", "password", still())
    still.advance(hours=11)
    store.write(sessions.touch, key, still())
    still.advance(hours=11)
    with store.read() as db:
        assert sessions.find(db, key, still())
        assert sessions.find(db, key, still() + timedelta(hours=1, seconds=1)) is None


def test_account_is_signed_out_after_a_week_however_busy(store: Store, still: StillClock) -> None:
    with_password(store)
    key = store.write(sessions.open_, BOSS, "", "password", still())
    for _ in range(7 * 4 + 1):
        still.advance(hours=6)
        store.write(sessions.touch, key, still())
    with store.read() as db:
        assert sessions.find(db, key, still()) is None


def test_person_without_an_account_stays_signed_in_for_thirty_days(store: Store, still: StillClock) -> None:
    key = store.write(sessions.open_, "paul@kiosk.example", "Paul", "google", still())
    with store.read() as db:
        assert sessions.find(db, key, still() + timedelta(days=29))
        assert sessions.find(db, key, still() + timedelta(days=30)) is None


def test_new_password_signs_every_other_browser_out(reception: Reception) -> None:
    with_password(reception.parts.store)
    one, other = reception.person(BOSS), reception.person(BOSS)
    assert one.post("/admin/me/password", before=GOOD, password=OTHER).status_code == 303
    assert one.get("/admin/people").status_code == 200
    assert other.get("/admin/people").status_code == 303


def test_new_password_needs_the_present_one(reception: Reception) -> None:
    with_password(reception.parts.store)
    boss = reception.person(BOSS)
    assert boss.post("/admin/me/password", before=OTHER, password=OTHER).status_code == 403
    assert boss.post("/admin/me/password", before=GOOD, password="short").status_code == 422
    assert logged_in(reception.stranger(), password=GOOD) == 303


def test_signing_out_everywhere_ends_all_sessions(reception: Reception) -> None:
    one, other = reception.account("admin"), reception.account("admin")
    assert one.post("/admin/me/sign-out-everywhere").status_code == 303
    assert [each.get("/admin/people").status_code for each in (one, other)] == [303, 303]


# Roles


def test_change_of_role_takes_hold_at_once_and_signs_out(reception: Reception) -> None:
    admin, viewer = reception.account("admin"), reception.account("viewer")
    assert viewer.get("/admin/people").status_code == 403
    admin.post("/admin/people/viewer@kiosk.example", name="Vi", role="viewer")
    assert viewer.get("/admin/people").status_code == 403
    admin.post("/admin/people/viewer@kiosk.example", name="Vi", role="admin")
    assert viewer.get("/admin/people").status_code == 303
    viewer = reception.account("viewer")
    assert viewer.get("/admin/people").status_code == 200
    viewer.post("/admin/people/admin@kiosk.example/remove")
    assert admin.get("/admin/people").status_code == 303


def test_session_from_before_an_account_was_given_does_not_keep_its_long_life(store: Store, still: StillClock) -> None:
    key = store.write(sessions.open_, BOSS, "Bo", "google", still())
    store.write(accounts.add, BOSS, "", "admin", (), still())
    with store.read() as db:
        assert sessions.find(db, key, still()) is None


def test_last_administrator_stays(reception: Reception) -> None:
    admin = reception.account("admin")
    refused = admin.post("/admin/people/admin@kiosk.example", role="viewer")
    assert (refused.status_code, "only administrator" in refused.text) == (422, True)
    admin.post("/admin/people/admin@kiosk.example/remove")
    assert admin.get("/admin/people").status_code == 200
    with pytest.raises(UsageError, match="only administrator"):
        reception.parts.store.write(accounts.remove, "admin@kiosk.example")


def test_manager_is_an_administrator_in_the_rooms_of_their_scope_only(reception: Reception) -> None:
    everything = [("admin", ["admin", "admin"]), ("manager", ["admin", "person"]), ("viewer", ["person", "person"])]
    for role, expected in everything:
        visitor = reception.account(role)
        assert [asker(reception, visitor, slug).kind for slug in ("oak", "elm")] == expected


def asker(reception: Reception, visitor: Visitor, slug: str) -> Who:
    with visitor.client.session_transaction() as kept:
        key = kept["id"]
    with reception.server.web.test_request_context():
        session["id"] = key
        store = reception.parts.store
        return Asking(store, Identities(store, clock.now), clock.now).who(None, slug)


def test_scope_follows_a_room_that_gets_another_word_or_goes(reception: Reception) -> None:
    store = reception.parts.store
    reception.account("manager", "oak", "elm")
    for renamed, expected in (("quercus", ("elm", "quercus")), ("", ("elm",))):
        with store.read() as db:
            before = next(stored for stored in rooms.every(db) if stored.room.slug != "elm")
        if renamed:
            store.write(rooms.change, before.id, replace(before.room, slug=renamed))
        else:
            store.write(rooms.remove, before.id)
        with store.read() as db:
            assert set(accounts.get(db, "manager@kiosk.example").scope) == set(expected)


def test_scope_names_rooms_that_exist(reception: Reception) -> None:
    with pytest.raises(UsageError, match="no room 'ash'"):
        reception.parts.store.write(accounts.add, BOSS, "", "manager", ["ash"], clock.now())
    with pytest.raises(UsageError, match="no building 'Rome'"):
        reception.parts.store.write(accounts.add, BOSS, "", "caterer", ["Rome"], clock.now())


# The section People


def test_administrator_adds_an_account_and_hands_out_a_link(reception: Reception) -> None:
    admin, email = reception.account("admin"), "may@kiosk.example"
    added = admin.post("/admin/people", email=email, name="May", role="manager", rooms=["oak", "elm"])
    assert (added.status_code, added.headers["Location"]) == (303, f"/admin/people/{email}")
    page = admin.post(f"/admin/people/{email}/link").text
    [path] = re.findall(r"http://localhost(/admin/password/[\w-]+)", page)
    may = reception.stranger()
    assert may.post(path, password="short").status_code == 422
    assert may.post(path, password=GOOD).status_code == 303
    assert may.get("/admin/me").status_code == 200
    assert reception.stranger().post(path, password=OTHER).status_code == 404


def test_newer_link_makes_the_older_one_worthless(store: Store, still: StillClock) -> None:
    store.write(accounts.add, BOSS, "", "admin", (), still())
    old, new = (store.write(accounts.reset_link, BOSS, still()) for _ in range(2))
    with pytest.raises(NotFound):
        accounts.choose_password(store, old, GOOD, still())
    with store.read() as db:
        assert accounts.reset_of(db, new, still() + timedelta(hours=25)) is None
    assert accounts.choose_password(store, new, GOOD, still()).email == BOSS
    with pytest.raises(NotFound):
        accounts.choose_password(store, new, OTHER, still())


def test_nobody_is_found_by_no_link(store: Store, still: StillClock) -> None:
    store.write(accounts.add, BOSS, "", "admin", (), still())
    with store.read() as db:
        assert accounts.reset_of(db, "", still()) is None


def test_second_account_of_an_address_is_refused(reception: Reception) -> None:
    admin = reception.account("admin")
    refused = admin.post("/admin/people", email="ADMIN@kiosk.example", role="viewer")
    assert (refused.status_code, "has an account already" in refused.text) == (422, True)


def test_pin_is_made_up_and_shown_once(reception: Reception) -> None:
    admin = reception.account("admin")
    page = admin.post("/admin/people/pins", email="anna@kiosk.example").text
    assert re.search(r"<code>\d{6}</code>", page)
    assert "anna@kiosk.example" in admin.get("/admin/people/pins").text
    assert admin.post("/admin/people/pins/remove", email="anna@kiosk.example").status_code == 303
    assert "Nobody has a PIN yet" in admin.get("/admin/people/pins").text


def test_everything_about_accounts_is_written_down(reception: Reception) -> None:
    admin = reception.account("admin")
    admin.post("/admin/people", email="may@kiosk.example", role="viewer")
    admin.post("/admin/people/may@kiosk.example", role="manager", rooms="oak")
    admin.post("/admin/people/may@kiosk.example/link")
    admin.post("/admin/people/may@kiosk.example/sign-out-everywhere")
    admin.post("/admin/people/may@kiosk.example/remove")
    names = ["remove_account", "log_out_everywhere", "reset_password", "edit_account", "add_account"]
    assert told(reception.parts.store)[:5] == [("admin@kiosk.example", name, "done") for name in names]
