"""Turns: when hundreds ask at once, few are worked on at a time, and whoever asks anew keeps their place.

Who has come in is answered before the next ones are let in: else all would come in first, and wait together.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
Result = TypeVar("Result")

AT_ONCE = 4
# Whoever comes is not heard while they wait: after 45 seconds they would be taken for gone, and come anew.
PATIENCE_SECONDS = 20.0


@dataclass(eq=False, slots=True)
class _Turn:
    question: Any
    over: threading.Event = field(default_factory=threading.Event)
    answer: Any = None


@dataclass
class Turns(Generic[Answer]):
    """Answers questions in their order; of those that one asker has in the queue only the last is worked on.

    Somebody who waits in vain asks again. Were that one more question, each would make the queue longer, and all would
    wait in vain.
    """

    at_once: int = AT_ONCE
    patience: float = PATIENCE_SECONDS
    _working: int = 0
    _asking: deque[threading.Event] = field(default_factory=deque)
    _coming: deque[threading.Event] = field(default_factory=deque)
    _queue: dict[str, _Turn] = field(default_factory=dict)
    _queueing: threading.Lock = field(default_factory=threading.Lock)

    def come(self, work: Callable[[], Result]) -> Result:
        """Return what letting somebody in returns: that has its turn when nobody who is in waits for an answer.

        Who has waited for so long as `patience`, in seconds, is let in without a place.
        """
        with self._place(self._coming, self.patience):
            return work()

    def take(self, asker: str, question: Any, work: Callable[[Any], Answer]) -> Answer | None:
        """Return what `work` makes of the asker's last question; None to those that waited where it raised.

        Raises what `work` raises, to whoever was first in the asker's turn.
        """
        turn, is_first = self._enter(asker, question)
        if not is_first:
            turn.over.wait()
            return turn.answer  # type: ignore[no-any-return]
        with self._place(self._asking):
            try:
                return self._work(asker, turn, work)
            finally:
                turn.over.set()

    @contextmanager
    def _place(self, waiting: deque[threading.Event], longest: float | None = None) -> Iterator[None]:
        """Wait in that line until there is a place, at most for `longest` seconds; leave it to the next in the end."""
        with self._queueing:
            may_go = threading.Event()
            if self._working < self.at_once:
                self._working += 1
                may_go.set()
            else:
                waiting.append(may_go)
        try:
            may_go.wait(longest)
            yield
        finally:
            self._leave(waiting, may_go)

    def _leave(self, waiting: deque[threading.Event], may_go: threading.Event) -> None:
        with self._queueing:
            if may_go in waiting:  # who gives up waiting has no place to leave
                waiting.remove(may_go)
                return
            following = self._asking or self._coming
            if following:
                following.popleft().set()
            else:
                self._working -= 1

    def _enter(self, asker: str, question: Any) -> tuple[_Turn, bool]:
        with self._queueing:
            waiting = self._queue.get(asker)
            if waiting:
                waiting.question = question
                return waiting, False
            turn = self._queue[asker] = _Turn(question)
            return turn, True

    def _work(self, asker: str, turn: _Turn, work: Callable[[Any], Answer]) -> Answer:
        with self._queueing:
            del self._queue[asker]
        turn.answer = answer = work(turn.question)
        return answer
