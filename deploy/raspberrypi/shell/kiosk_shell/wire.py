"""Talking with the local server as this device."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any


class WireError(Exception):
    """The server gave no answer, or none that can be used."""


class Revoked(WireError):
    """The server does not know this machine's token, or no longer."""


@dataclass(frozen=True)
class Answer:
    """What the server said; `body` is empty for anything but a JSON object."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Wire:
    """One machine's own way to its server."""

    host: str
    port: int
    token: str = ""

    def alive(self) -> bool:
        """Say whether the server answers."""
        try:
            return self._ask("GET", "/healthz", timeout=3.0).status == 200
        except WireError:
            return False

    def get(self, path: str, timeout: float = 10.0) -> dict[str, Any]:
        """Read something. Raises WireError; Revoked when the token is no longer good."""
        return self._expect(self._ask("GET", path, timeout=timeout), path)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Say something and return the answer. Raises as `get` does."""
        return self._expect(self._ask("POST", path, json.dumps(body).encode(), "application/json"), path)

    def put(self, path: str, content: bytes, kind: str) -> None:
        """Hand over a picture or a text. Raises as `get` does."""
        self._expect(self._ask("PUT", path, content, kind), path)

    def _expect(self, answer: Answer, path: str) -> dict[str, Any]:
        if answer.status == 401:
            raise Revoked(f"{path}: the server does not know this device")
        if answer.status >= 300:
            raise WireError(f"{path}: the server answers {answer.status}")
        return answer.body

    def _ask(self, method: str, path: str, content: bytes = b"", kind: str = "", timeout: float = 10.0) -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        headers = {"Accept": "application/json"} | ({"Content-Type": kind} if kind else {})
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, path, content or None, headers)
            response = connection.getresponse()
            return Answer(response.status, _object(response.read()))
        except (OSError, http.client.HTTPException) as error:
            raise WireError(f"{path}: {error or type(error).__name__}") from error
        finally:
            connection.close()


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
