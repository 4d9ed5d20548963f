"""Refusals as problem documents (RFC 9457): a word for programs and a sentence for people."""

from __future__ import annotations

import json
from typing import Any

from flask import Response


class Problem(Exception):
    """An answer that is not the one hoped for; `detail` is a sentence in the caller's language."""

    def __init__(self, status: int, reason: str, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.reason, self.title, self.detail, self.more = status, reason, title, detail, more
        self.headers: dict[str, str] = {}


def response(problem: Problem) -> Response:
    """Return the problem as an HTTP answer."""
    body = {
        "type": f"urn:kiosk:problem:{problem.reason}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "reason": problem.reason,
        **problem.more,
    }
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, problem.status, problem.headers, mimetype="application/problem+json")
