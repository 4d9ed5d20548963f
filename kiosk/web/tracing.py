"""Every request has an id: the one it brings or a new one, in its answer's header and in the log of all it causes."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, request

from kiosk import trace

HEADER = "X-Request-Id"
FITTING = re.compile(r"[\w.:/+=-]{1,64}", re.ASCII)


def install(app: Flask) -> None:
    """Name every request before anything else is done with it."""

    def name() -> None:
        brought = request.headers.get(HEADER, "")
        trace.request_id.set(brought if FITTING.fullmatch(brought) else secrets.token_hex(8))

    def tell(answer: Response) -> Response:
        answer.headers[HEADER] = trace.request_id.get()
        return answer

    app.before_request(name)
    app.after_request(tell)
