"""The line to a hub: one HTTP request at a time and connection, in good time, with an error that says what is wrong."""

from __future__ import annotations

import json
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NameResolutionError, NewConnectionError, SSLError

from kiosk import __version__, runtime
from kiosk.errors import AccessDenied, Missing, RateLimited, Refused, SourceError, Unreachable

log = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
# Requests at a time; a lobby reads a few rooms at once.
CONNECTIONS = 8
# Why a hub itself lets nobody in. A gateway says 401 as well, and is no reason to forget anything.
STRANGE = "strange"
REFUSALS = ("revoked", "unknown")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hub answered; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return what it says. Raises Unreachable for half an answer, or somebody else's."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise strange() from error


@dataclass
class Line:
    """How a hub is reached; `token` returns what this machine shows. `ca_file`: whom to trust instead of the usual.

    Redirections are not followed: the token is for this hub and nobody else.
    """

    url: str
    token: Callable[[], str]
    ca_file: str = ""
    _pool: urllib3.PoolManager | None = field(default=None, init=False)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Send a request and return the whole answer, whatever it is. Raises Unreachable with a sentence."""
        sent = {"User-Agent": f"room-kiosk/{__version__}", "Accept": "application/json", **(headers or {})}
        token = self.token()
        if token:
            sent["Authorization"] = f"Bearer {token}"
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds)
        try:
            found = self._connections().request(
                method, self.url + path, body=body, headers=sent, timeout=timeout, retries=False, redirect=False
            )
        except (HTTPError, OSError, ValueError) as error:
            raise Unreachable(self._sentence(error), "hub") from error
        return Answer(found.status, {name.lower(): value for name, value in found.headers.items()}, found.data)

    def say(self, method: str, path: str, said: Any = None, seconds: float = ANSWER_SECONDS) -> Any:
        """Send JSON and return the JSON answered. Raises the errors of `kiosk.errors`."""
        body = None if said is None else json.dumps(said).encode()
        answer = self.ask(method, path, body, {"Content-Type": "application/json"} if body else {}, seconds)
        check(answer)
        return answer.json()

    def close(self) -> None:
        """Close all connections."""
        if self._pool:
            self._pool.clear()

    def _connections(self) -> urllib3.PoolManager:
        """Read the certificates once, in a real thread: it takes long on a small machine."""
        if self._pool is None:
            trust = runtime.offload(_trust, self.ca_file) if self.url.startswith("https:") else None
            self._pool = urllib3.PoolManager(maxsize=CONNECTIONS, ssl_context=trust)
        return self._pool

    def _sentence(self, error: Exception) -> str:
        """Say what is wrong with the line."""
        host = urlsplit(self.url).hostname or self.url
        cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
        if isinstance(cause, SSLError | ssl.SSLError):
            return _untrusted(host, cause)
        if isinstance(cause, NameResolutionError) or isinstance(cause.__cause__, socket.gaierror):
            return f"The hub's name {host} is not known here: see KIOSK_HUB_URL, and this machine's DNS."
        if isinstance(cause, NewConnectionError):
            return f"Nothing answers at {self.url}: the hub is off, or KIOSK_HUB_URL is another's address."
        return f"The hub {host} does not answer ({type(cause).__name__})."


def check(answer: Answer) -> None:
    """Raise the error of `kiosk.errors` that an answer stands for; one that is good, or 304, raises nothing."""
    if answer.status < 300 or answer.status == 304:
        return
    said = _said(answer)
    detail, reason = str(said.get("detail") or f"The hub answered {answer.status}."), str(said.get("reason") or "")
    raise _error(answer.status, detail, reason)


def _error(status: int, detail: str, reason: str) -> SourceError:
    if status == 401 and reason in REFUSALS:
        return AccessDenied("The hub does not know this machine (any more): pair it anew.", reason)
    if status == 401:
        return Unreachable("What stands before the hub asks who this machine is: let /api/v1 through there.", STRANGE)
    if status == 429:
        return RateLimited(detail, reason)
    if 300 <= status < 400:
        return Unreachable("The hub sends elsewhere: write its own address into KIOSK_HUB_URL.", "redirect")
    if status == 404:
        return Missing(detail, reason or "gone")
    return Refused(detail, reason or "refused") if status < 500 else Unreachable(detail, reason)


def strange() -> Unreachable:
    """Return the error that stands for an answer which no hub of this version gives."""
    sentence = "What answers at KIOSK_HUB_URL does not answer as a hub does: is it another program, or another version?"
    return Unreachable(sentence, STRANGE)


def _said(answer: Answer) -> Mapping[str, Any]:
    try:
        said = json.loads(answer.content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _trust(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)


def _untrusted(host: str, error: Exception) -> str:
    text = str(error)
    if "Hostname mismatch" in text or "IP address mismatch" in text:
        return f"The hub's certificate is not for {host}: write the name that it is for into KIOSK_HUB_URL."
    if "has expired" in text:
        return f"The certificate of the hub {host} has expired, or this machine's clock is wrong."
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return f"The certificate of the hub {host} is not trusted here: name your own authority in SSL_CERT_FILE."
    return f"The hub {host} does not speak TLS as it should: is it http:// in KIOSK_HUB_URL?"
