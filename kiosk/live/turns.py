"""Turns: when hundreds ask at once, few are worked on at a time, and whoever asks anew keeps their place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")

AT_ONCE = 4


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
    _free: threading.Semaphore = field(init=False)
    _queue: dict[str, _Turn] = field(default_factory=dict)
    _queueing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._free = threading.Semaphore(self.at_once)

    def take(self, asker: str, question: Any, work: Callable[[Any], Answer]) -> Answer | None:
        """Return what `work` makes of the asker's last question; None to those that waited where it raised.

        Raises what `work` raises, to whoever was first in the asker's turn.
        """
        turn, is_first = self._enter(asker, question)
        if not is_first:
            turn.over.wait()
            return turn.answer  # type: ignore[no-any-return]
        with self._free:
            try:
                return self._work(asker, turn, work)
            finally:
                turn.over.set()

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
