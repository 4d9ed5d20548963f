"""What stands in the hub's place may be a gateway, or a hub of another version: doors go on, and say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kiosk.sync.shadow import Shadow
from kiosk.upstream.line import Answer
from tests.upstream.pair import Pair


def shadow(pair: Pair) -> Shadow:
    assert pair.follower.shadow
    return pair.follower.shadow


def saying(change: Callable[[dict[str, Any]], object]) -> Callable[[Answer], Answer]:
    """Return what changes the news of a hub."""

    def spoil(answer: Answer) -> Answer:
        said = json.loads(answer.content) if answer.content else {}
        if "sheet" not in said:
            return answer
        change(said)
        return replace(answer, content=json.dumps(said | {"version": "another"}).encode())

    return spoil


def follow_anew(pair: Pair) -> dict[str, Any]:
    """Have the follower read the whole sheet, and return what its own screen is told of its readiness."""
    shadow(pair)._version = ""
    shadow(pair).step()
    said: dict[str, Any] = pair.follower.web.test_client().get("/readyz").get_json()
    return said


@pytest.mark.parametrize(
    ("said", "times"),
    [({"language": "de"}, 1), ({"language": "en"}, 0), ({"language": "xx"}, 0), ({"clock_hours": 12}, 0)],
    ids=["another language", "the same", "one that is not known here", "no text at all"],
)
def test_a_follower_begins_again_only_for_what_it_can_speak(said: dict[str, Any], times: int, pair: Pair) -> None:
    begun: list[str] = []
    shadow(pair).respoken = lambda: begun.append("again")
    pair.wire.spoil = saying(lambda news: news["device"].update(said))
    follow_anew(pair)
    assert len(begun) == times


def test_a_hub_that_does_not_say_what_it_speaks_is_followed(pair: Pair) -> None:
    begun: list[str] = []
    shadow(pair).respoken = lambda: begun.append("again")
    pair.wire.spoil = saying(lambda news: news["device"].pop("clock_hours"))
    assert follow_anew(pair)["hub"] == ""
    assert begun == []


def test_a_sheet_of_another_version_leaves_what_is_known_and_is_named(pair: Pair) -> None:
    made = pair.book(pair.follower)
    pair.wire.spoil = saying(lambda news: news["sheet"].pop("notices"))
    assert "another version" in follow_anew(pair)["hub"]
    assert [one.id for one in pair.bookings(pair.follower)] == [made.event_id]
    pair.wire.spoil = lambda answer: answer
    assert follow_anew(pair)["hub"] == ""


def test_a_gateway_that_asks_for_a_password_makes_no_door_forget(pair: Pair) -> None:
    made = pair.book(pair.follower)
    pair.wire.spoil = lambda _answer: Answer(401, {}, b"<html>Who are you?</html>")
    assert "What stands before the hub" in follow_anew(pair)["hub"]
    assert shadow(pair).is_let_in()
    assert [one.id for one in pair.bookings(pair.follower)] == [made.event_id]


def test_a_machine_that_is_not_let_in_is_not_ready_and_says_why(pair: Pair) -> None:
    pair.wire.spoil = lambda _answer: Answer(401, {}, b'{"reason": "revoked"}')
    said = follow_anew(pair)
    assert said["ready"] is False
    assert "pair it anew" in said["hub"]


def test_a_server_without_the_followers_address_is_no_hub(pair: Pair) -> None:
    pair.wire.spoil = lambda _answer: Answer(404, {}, b"{}")
    assert "does not answer as a hub does" in follow_anew(pair)["hub"]
