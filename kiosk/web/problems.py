"""Refusals as problem documents (RFC 9457): a word for programs and a sentence for people."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Response


class Problem(Exception):
    """An answer that is not the one hoped for; `detail` is a sentence in the caller's language."""

    def __init__(self, status: int, reason: str, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.reason, self.title, self.detail, self.more = status, reason, title, detail, more
        self.headers: dict[str, str] = {}


def too_soon(reason: str, title: str, detail: str, until: datetime, now: datetime) -> Problem:
    """Return the problem of what was tried too often and may be tried again at `until`."""
    problem = Problem(429, reason, title, detail)
    problem.headers["Retry-After"] = retry_after(until, now)
    return problem


def retry_after(until: datetime, now: datetime) -> str:
    """Return the whole seconds until then as a header says them, at least one."""
    return str(max(1, int((until - now).total_seconds())))


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
