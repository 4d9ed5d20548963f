"""Chromium's DevTools protocol over a pair of pipes: JSON messages, each ended by a zero byte.

No port is opened: whoever is not this process cannot drive the browser.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from dataclasses import dataclass, field
from typing import Any, BinaryIO

Message = dict[str, Any]
CLOSED: Message = {"error": {"message": "the browser closed its pipe"}}


class PipeError(Exception):
    """The browser is gone, refused, or did not answer in time."""


@dataclass(frozen=True)
class Event:
    """Something that happened in the browser; `session` is "" for the browser itself."""

    name: str
    session: str = ""
    params: Message = field(default_factory=dict)


class Pipe:
    """Calls and events; any thread may call, one reader sorts the answers."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.closed = False
        self._reader, self._writer = reader, writer
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.Queue[Message]] = {}
        self._number = 0
        threading.Thread(target=self._read, name="devtools", daemon=True).start()

    def call(self, method: str, session: str = "", timeout: float = 10.0, **params: Any) -> Message:
        """Call a method and return its result. Raises PipeError when it fails or takes longer than `timeout`."""
        answer: queue.Queue[Message] = queue.Queue()
        number = self._send(method, session, params, answer)
        try:
            message = answer.get(timeout=timeout)
        except queue.Empty as error:
            raise PipeError(f"{method}: no answer within {timeout:g} s") from error
        finally:
            self._waiting.pop(number, None)
        if "error" in message:
            raise PipeError(f"{method}: {message['error'].get('message', 'refused')}")
        return dict(message.get("result", {}))

    def close(self) -> None:
        """Let go of the browser; calls fail from now on."""
        self.closed = True
        for end in (self._writer, self._reader):
            with contextlib.suppress(OSError):
                end.close()

    def _send(self, method: str, session: str, params: Message, answer: queue.Queue[Message]) -> int:
        with self._lock:
            self._number += 1
            message = {"id": self._number, "method": method, "params": params}
            message |= {"sessionId": session} if session else {}
            self._waiting[self._number] = answer
            if self.closed:
                answer.put(CLOSED)
                return self._number
            try:
                self._writer.write(json.dumps(message).encode() + b"\0")
                self._writer.flush()
            except (OSError, ValueError):
                answer.put(CLOSED)
            return self._number

    def _read(self) -> None:
        rest = b""
        while chunk := self._chunk():
            *whole, rest = (rest + chunk).split(b"\0")
            for text in whole:
                self._sort(json.loads(text))
        self.closed = True
        for answer in list(self._waiting.values()):
            answer.put(CLOSED)

    def _chunk(self) -> bytes:
        try:
            return self._reader.read1(65536)  # type: ignore[attr-defined, no-any-return]
        except (OSError, ValueError):
            return b""

    def _sort(self, message: Message) -> None:
        if "id" not in message:
            event = Event(message.get("method", ""), message.get("sessionId", ""), message.get("params", {}))
            self.events.put(event)
        elif waiting := self._waiting.get(message["id"]):
            waiting.put(message)
