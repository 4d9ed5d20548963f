"""Turns: few at a time, and nobody who asks again and again makes the queue longer."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kiosk.live.turns import Turns
from tests.running import wait_for


def asked(turns: Turns[str], asker: str, question: str, work: Callable[[str], str]) -> list[str | None]:
    """Ask in a thread of its own; what comes back stands in the list when it has come."""
    answers: list[str | None] = []
    threading.Thread(target=lambda: answers.append(turns.take(asker, question, work)), daemon=True).start()
    return answers


def test_few_are_worked_on_at_a_time_and_all_are_answered() -> None:
    turns, going, may_go = Turns[str](2), [0, 0], threading.Event()

    def work(question: str) -> str:
        going[0] += 1
        going[1] = max(going)
        may_go.wait(20)
        going[0] -= 1
        return question.upper()

    answers = [asked(turns, f"screen {number}", "oak", work) for number in range(9)]
    wait_for(lambda: going[0] == 2)
    may_go.set()
    wait_for(lambda: all(answers))
    assert (answers, going) == ([["OAK"]] * 9, [0, 2])


def test_whoever_asks_again_keeps_the_place_and_is_worked_for_once() -> None:
    turns, worked, may_go = Turns[str](1), list[str](), threading.Event()

    def work(question: str) -> str:
        may_go.wait(20)
        worked.append(question)
        return f"{question}!"

    first = asked(turns, "a", "of a", work)
    wait_for(lambda: turns._working == 1 and not turns._queue)
    second = asked(turns, "b", "of b", work)
    wait_for(lambda: "b" in turns._queue)
    third = asked(turns, "c", "of c", work)
    wait_for(lambda: "c" in turns._queue)
    again = asked(turns, "b", "of b, again", work)
    wait_for(lambda: turns._queue["b"].question == "of b, again")
    may_go.set()
    wait_for(lambda: all([first, second, third, again]))
    assert worked == ["of a", "of b, again", "of c"]
    assert second == again == ["of b, again!"]


def test_a_question_that_fails_leaves_the_place_to_the_next() -> None:
    turns = Turns[str](1)

    def fail(_question: str) -> str:
        raise ValueError("of a")

    for _ in range(3):
        with pytest.raises(ValueError, match="of a"):
            turns.take("a", "of a", fail)
    assert turns.take("a", "of a", str.upper) == "OF A"


def test_who_is_in_is_answered_before_others_are_let_in() -> None:
    turns, happened, may_go = Turns[str](1), list[str](), threading.Event()

    def come(who: str) -> None:
        threading.Thread(target=lambda: turns.come(lambda: happened.append(f"{who} is in")), daemon=True).start()

    def work(question: str) -> str:
        may_go.wait(20)
        happened.append(question)
        return question

    first = asked(turns, "a", "of a", work)
    wait_for(lambda: turns._working == 1 and not turns._queue)
    for number, who in enumerate("xy", 1):
        come(who)
        wait_for(lambda number=number: len(turns._coming) == number)  # type: ignore[misc]
    second = asked(turns, "b", "of b", work)
    wait_for(lambda: len(turns._asking) == 1)
    may_go.set()
    wait_for(lambda: len(happened) == 4)
    assert happened == ["of a", "of b", "x is in", "y is in"]
    wait_for(lambda: first and second and turns._working == 0)
    assert (first, second) == (["of a"], ["of b"])


def test_who_gives_up_waiting_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns[str](1)

    class Interrupted(threading.Event):
        def wait(self, _timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    def meanwhile() -> str:
        with monkeypatch.context() as interrupted:
            interrupted.setattr(threading, "Event", Interrupted)
            with pytest.raises(KeyboardInterrupt):
                turns.come(lambda: "never")
        return "in"

    assert turns.come(meanwhile) == "in"
    assert (turns._working, [*turns._coming]) == (0, [])
    assert turns.come(lambda: "in too") == "in too"


def test_who_comes_is_let_in_without_a_place_before_they_are_taken_for_gone() -> None:
    turns = Turns[str](1, patience=0.01)
    assert turns.come(lambda: turns.come(lambda: "in all the same")) == "in all the same"
    assert (turns._working, [*turns._coming]) == (0, [])
