"""What is wrong with a room is told once, to who looks after it, and not before it can no longer be taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.errors import NotFound, UsageError
from kiosk.store import accounts, acts, deliveries, forgetting, policies, problems, rooms, webhooks
from kiosk.store.database import Store
from kiosk.store.deliveries import Delivery
from kiosk.store.problems import MOST, UNDO, WITHIN, Kind, Report, TooMany
from kiosk.store.rooms import StoredRoom
from tests.fakes import StillClock

HOOK = "https://hooks.example/rooms"


def report(store: Store, oak: StoredRoom, still: StillClock, kind: Kind = "screen", key: str | None = None) -> Report:
    return store.write(problems.report, oak, kind, key, "10.0.0.7", still())[0]


def shown(store: Store) -> tuple[str, ...]:
    """What the room's screens are told."""
    with store.read() as db:
        return rooms.by_slug(db, "oak").room.reported


def waiting(store: Store, still: StillClock, after: timedelta = UNDO) -> list[Delivery]:
    """What is to be sent after a while."""
    with store.read() as db:
        return deliveries.due(db, still() + after, 100)


def account(store: Store, still: StillClock, email: str, role: str, *scope: str) -> None:
    store.write(accounts.add, email, "", role, scope, still())


def test_report_is_shown_at_the_room_until_it_is_settled(store: Store, oak: StoredRoom, still: StillClock) -> None:
    one = report(store, oak, still)
    report(store, oak, still, "light")
    assert shown(store) == ("screen", "light")
    store.write(problems.answer, one.id, "seen", "", "boss@x.example", still())
    assert shown(store) == ("screen", "light")
    done = store.write(problems.answer, one.id, "done", "new lamp", "boss@x.example", still())
    assert (done.state, done.by, done.note, done.answers) == ("done", "boss@x.example", "new lamp", ())
    assert shown(store) == ("light",)
    with pytest.raises(UsageError):
        store.write(problems.answer, one.id, "seen", "", "boss@x.example", still())


def test_the_same_problem_is_reported_once(store: Store, oak: StoredRoom, still: StillClock) -> None:
    first = store.write(problems.report, oak, "screen", "key", "", still())
    again = store.write(problems.report, oak, "screen", "key", "", still())
    other = store.write(problems.report, oak, "screen", "another", "", still())
    assert [(one.id, known) for one, known in (first, again, other)] == [(1, False), (1, False), (1, True)]
    with pytest.raises(UsageError):
        store.write(problems.report, oak, "light", "key", "", still())


def test_nobody_is_told_of_what_is_taken_back_at_once(store: Store, oak: StoredRoom, still: StillClock) -> None:
    account(store, still, "boss@x.example", "admin")
    store.write(webhooks.add, HOOK, (), still())
    one = report(store, oak, still)
    assert waiting(store, still, UNDO - timedelta(seconds=1)) == []
    assert {found.way for found in waiting(store, still)} == {"mail", "webhook"}
    still.advance(seconds=10)
    withdrawn = store.write(problems.withdraw, oak, one.id, "", still())
    again = store.write(problems.withdraw, oak, one.id, "", still())
    assert (withdrawn.state, again.state) == ("withdrawn", "withdrawn")
    assert (waiting(store, still), shown(store)) == ([], ())


def test_report_cannot_be_taken_back_later_or_from_another_room(
    store: Store, oak: StoredRoom, still: StillClock
) -> None:
    one = report(store, oak, still)
    number = store.write(rooms.add, replace(oak.room, slug="elm", name="Elm"))
    with pytest.raises(NotFound):
        store.write(problems.withdraw, replace(oak, id=number), one.id, "", still())
    still.advance(seconds=16)
    with pytest.raises(UsageError):
        store.write(problems.withdraw, oak, one.id, "", still())
    assert shown(store) == ("screen",)


def test_room_takes_so_many_reports_and_no_more_for_a_while(store: Store, oak: StoredRoom, still: StillClock) -> None:
    for _ in range(MOST):
        one = report(store, oak, still)
        store.write(problems.withdraw, oak, one.id, "", still())
    with pytest.raises(TooMany) as refused:
        report(store, oak, still)
    assert refused.value.until == still() + WITHIN
    still.advance(seconds=WITHIN.total_seconds())
    assert report(store, oak, still).state == "open"


def test_mail_goes_to_whom_the_policy_names_else_to_managers_else_to_administrators(
    store: Store, oak: StoredRoom, still: StillClock
) -> None:
    def receivers() -> list[str]:
        with store.read() as db:
            return sorted(problems.receivers(db, rooms.by_slug(db, "oak")))

    account(store, still, "boss@x.example", "admin")
    account(store, still, "viewer@x.example", "viewer")
    assert receivers() == ["boss@x.example"]
    account(store, still, "may@x.example", "manager", "oak")
    assert receivers() == ["may@x.example"]
    store.write(policies.change, oak.id, {"problems-to": "help@x.example,desk@x.example"})
    assert receivers() == ["desk@x.example", "help@x.example"]


def test_webhooks_hear_of_a_problem_and_of_its_end(store: Store, oak: StoredRoom, still: StillClock) -> None:
    store.write(webhooks.add, HOOK, (), still())
    one = report(store, oak, still)
    store.write(problems.answer, one.id, "done", "", "boss@x.example", still())
    told = [(json.loads(found.body)["type"], json.loads(found.body)["data"]) for found in waiting(store, still)]
    by_event = dict(told)
    assert by_event["problem.reported"] == {"room": "oak", "problem": one.id, "kind": "screen"}
    assert by_event["problem.settled"].items() >= {"room": "oak", "problem": one.id, "by": "person"}.items()
    assert "booking" not in by_event["problem.settled"]


def test_log_of_acts_has_every_step(store: Store, oak: StoredRoom, still: StillClock) -> None:
    one = report(store, oak, still)
    store.write(problems.answer, one.id, "seen", "", "boss@x.example", still())
    store.write(problems.answer, one.id, "done", "", "boss@x.example", still())
    store.write(problems.withdraw, oak, report(store, oak, still, "light").id, "", still())
    with store.read() as db:
        found = [(act.act, act.actor) for act in reversed(acts.recent(db, "oak"))]
    boss = "boss@x.example"
    assert found == [
        ("report_problem", "panel"),
        ("see_problem", boss),
        ("settle_problem", boss),
        ("report_problem", "panel"),
        ("withdraw_problem", "panel"),
    ]


def test_who_settled_an_old_problem_is_forgotten(store: Store, oak: StoredRoom, still: StillClock) -> None:
    one = report(store, oak, still)
    store.write(problems.answer, one.id, "done", "call Ada", "boss@x.example", still())
    store.write(forgetting.forget_before, still() + timedelta(days=1))
    with store.read() as db:
        found = problems.find(db, one.id)
    assert (found.by, found.note, found.place) == ("", "", "")
