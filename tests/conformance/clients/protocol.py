"""How a client under test is driven: one JSON request a line on standard input, one JSON answer a line back.

This and its neighbours run in the clients' own environment and import nothing of this project.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def serve(acts: dict[str, Callable[..., Any]]) -> None:
    """Answer requests `{"act": …, "given": {…}}` until the input ends; errors are answers too."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer: dict[str, Any] = {"result": acts[request["act"]](**request["given"])}
        except Exception as error:  # noqa: BLE001 (what a client raises is what the test is about)
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer), file=answers, flush=True)
