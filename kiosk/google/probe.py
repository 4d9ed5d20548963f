"""Trying credentials piece by piece: each right by itself, for anybody, and how our clock stands to Google's."""

from __future__ import annotations

import importlib
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from kiosk import clock, runtime
from kiosk.errors import AccessDenied, Unreachable
from kiosk.google.access import Access, Google
from kiosk.google.client import NOT_CONNECTED, TIMEOUT, Session
from kiosk.google.oauth import FORM, TOKEN

SERVICE_ACCOUNT = "service_account"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the credentials are: the kind of their file, a service account's or a person's address, a client id."""

    kind: str
    account: str
    client_id: str


class GoogleProbe:
    """Asks Google for tokens and for the time, and for nothing else."""

    def __init__(self, google: Google) -> None:
        self._google = google

    def access(self) -> Access:
        """Return with what Google is asked at the moment."""
        return self._google.access()

    def identity(self) -> Identity:
        """Return whose credentials they are. Raises AccessDenied when there are none, or their file is none."""
        file = self.access().file
        if not file:
            raise AccessDenied(NOT_CONNECTED, "notConnected")
        try:
            content = json.loads(runtime.offload(Path(file).read_text, encoding="utf-8"))
            kind = str(content["type"])
            account = content["client_email"] if kind == SERVICE_ACCOUNT else content.get("account", "")
            return Identity(kind, str(account), str(content.get("client_id", "")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise AccessDenied(f"The credentials {file!r} cannot be used: {error}", "unreadable") from error

    def user(self) -> str:
        """Return as whom calendars are read and booked: with whom they are to be shared; empty when nobody knows."""
        try:
            return self.access().subject or self.identity().account
        except AccessDenied:
            return ""

    def token(self, scopes: tuple[str, ...], subject: str) -> None:
        """Get a token with those rights, a service account's in that person's name. Raises SourceError."""
        session = runtime.offload(self._session, self.access().file, scopes, subject)
        from kiosk.google.failures import translated

        with closing(session), translated(), session.connection():
            granted = getattr(session.credentials, "granted_scopes", None)
        # Google's library only warns of rights that somebody has left out of their consent.
        if granted is not None and not set(scopes) <= set(granted):
            raise AccessDenied("Not all requested scopes were granted.", "token")

    def ahead(self, now: clock.Clock) -> timedelta:
        """Return how far our clock is ahead of Google's, to the second. Raises Unreachable."""
        runtime.offload(_load_library)
        from kiosk.google.failures import translated
        from kiosk.google.transport import Http

        google = self._google
        address = f"{google.endpoint}/token" if google.endpoint else TOKEN
        with translated(), closing(Http(google.route, TIMEOUT, google.spent)) as http:
            before = now()
            # An empty request: refused, but never answered from a cache, so that its date is of this moment.
            answer, _content = http.request(address, "POST", "", FORM)
            ours = before + (now() - before) / 2
        return timedelta(seconds=round((ours - _dated(answer)).total_seconds()))

    def _session(self, file: str, scopes: tuple[str, ...], subject: str) -> Session:
        _load_library()
        credentials = importlib.import_module("kiosk.google.credentials")
        try:
            loaded = credentials.load(file, scopes, subject)
        except (credentials.GoogleAuthError, ValueError, OSError) as error:
            raise AccessDenied(f"The credentials {file!r} cannot be used: {error}", "unreadable") from error
        return Session(None, loaded, self._google)


def _dated(answer: Any) -> datetime:
    try:
        return parsedate_to_datetime(answer["date"])
    except (KeyError, ValueError, TypeError) as error:
        raise Unreachable("Google's answer does not say when it was sent.") from error


def _load_library() -> None:
    for name in ("kiosk.google.failures", "kiosk.google.transport", "google_auth_httplib2"):
        importlib.import_module(name)
