"""A browser of few words at the other end of a pipe: it answers calls, and does what a test tells it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from kiosk_shell.pipe import Pipe

PAGE = {"url": "http://localhost/door/oak", "link": "live", "status": "free", "display": "door", "ready": "complete"}


@dataclass
class FakeBrowser:
    """Answers every call with {} unless it knows better; `silent` names calls that it never answers."""

    pipe: Pipe = field(init=False)
    calls: list[dict[str, Any]] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    answers: dict[str, Callable[[dict[str, Any]], Any]] = field(default_factory=dict)
    page: dict[str, str] = field(default_factory=lambda: dict(PAGE))
    _out: BinaryIO = field(init=False)

    def __post_init__(self) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        self._in, self._out = os.fdopen(theirs_in, "rb"), os.fdopen(theirs_out, "wb")
        self.answers |= {
            "Target.getTargets": lambda _: {"targetInfos": [{"type": "page", "targetId": "T"}]},
            "Target.attachToTarget": lambda _: {"sessionId": "S"},
            "Runtime.evaluate": lambda _: {"result": {"value": json.dumps(self.page)}},
        }
        self.pipe = Pipe(os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb"))
        threading.Thread(target=self._serve, daemon=True).start()

    def named(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of every call of a method so far."""
        return [call["params"] for call in self.calls if call["method"] == method]

    def tell(self, name: str, /, **params: Any) -> None:
        """Let something happen; it is heard when this returns."""
        self._send({"method": name, "sessionId": "S", "params": params})
        self.pipe.call("Browser.getVersion")

    def close(self) -> None:
        """End, as a browser that was killed does."""
        self._out.close()

    def _serve(self) -> None:
        rest = b""
        while chunk := self._in.read1(65536):  # type: ignore[attr-defined]
            *whole, rest = (rest + chunk).split(b"\0")
            for text in whole:
                self._answer(json.loads(text))

    def _answer(self, call: dict[str, Any]) -> None:
        self.calls.append(call)
        if call["method"] in self.silent:
            return
        result = self.answers.get(call["method"], lambda _: {})(call["params"])
        failed = {"error": {"message": str(result)}} if isinstance(result, Exception) else {"result": result}
        self._send({"id": call["id"], **failed})

    def _send(self, message: dict[str, Any]) -> None:
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
