"""An OAuth client of ours at Google: the page people are sent to, and what is given for the code they bring back."""

from __future__ import annotations

import hmac
import importlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kiosk import memory, runtime
from kiosk.errors import AccessDenied, Unreachable
from kiosk.google.client import TIMEOUT
from kiosk.google.route import STRAIGHT, Route

# https://accounts.google.com/.well-known/openid-configuration
PAGE = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN = "https://oauth2.googleapis.com/token"
REVOKE = "https://oauth2.googleapis.com/revoke"
# The keys as certificates: Google's library reads key sets by another package only.
KEYS = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Seconds by which our clock and Google's may differ.
SKEW = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """What ties an answer to the browser that asked; kept in its session until the answer is back, and used once.

    `state` comes back with the answer and must be compared there; the other two are for whoever redeems the code.
    """

    state: str
    nonce: str
    verifier: str


def begin() -> Attempt:
    """Return a new attempt; nobody can guess it."""
    return Attempt(secrets.token_urlsafe(48), secrets.token_urlsafe(48), secrets.token_urlsafe(48))


class OAuthClient:
    """A client (web application) as Google's console hands it out in `file`.

    `endpoint`: root of another server that does the same, empty for Google.
    """

    def __init__(self, file: str, endpoint: str, route: Route = STRAIGHT) -> None:
        self._file, self._route = file, route
        self._page = f"{endpoint}/o/oauth2/v2/auth" if endpoint else PAGE
        self._keys = f"{endpoint}/oauth2/v1/certs" if endpoint else KEYS
        self._revoke = f"{endpoint}/revoke" if endpoint else REVOKE
        self.token_uri = f"{endpoint}/token" if endpoint else TOKEN

    def address(self, attempt: Attempt, back: str, scope: str, **more: str) -> str:
        """Return the page to send a person to; they come `back`, an address that Google knows letter by letter.

        Raises AccessDenied where the client file cannot be used.
        """
        digest = sha256(attempt.verifier.encode()).digest()
        asked = {
            "client_id": self.ids()[0],
            "redirect_uri": back,
            "response_type": "code",
            "scope": scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self._page}?{urlencode(asked | more)}"

    def redeem(self, code: str, attempt: Attempt, back: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Give a code for Google's answer, and what it states of who agreed, which is checked to be Google's word.

        Raises Unreachable, or AccessDenied with Google's reason ("invalid_grant": the code is used or too old) or
        ours: "id_token", "nonce", "email".
        """
        client_id, secret = self.ids()
        runtime.offload(_load_library)
        from kiosk.google.failures import translated
        from kiosk.google.transport import Http

        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
            "client_id": client_id,
            "client_secret": secret,
        }
        with translated(), closing(Http(self._route, TIMEOUT)) as http:
            told = _posted(http, self.token_uri, form)
            claims = self._claims(http, str(told["id_token"]), client_id)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
            raise AccessDenied("The sign-in was begun elsewhere.", "nonce")
        if not claims.get("email") or claims.get("email_verified") is not True:
            raise AccessDenied("Google does not vouch for the address of this account.", "email")
        return told, claims

    def revoke(self, token: str) -> None:
        """End a consent by its refresh token; one that has ended already counts as ended. Raises Unreachable."""
        runtime.offload(_load_library)
        from kiosk.google.failures import translated
        from kiosk.google.transport import Http

        with translated(), closing(Http(self._route, TIMEOUT)) as http:
            answer, _content = http.request(self._revoke, "POST", urlencode({"token": token}), FORM)
            if answer.status >= 500 or answer.status == 429:
                raise Unreachable(f"Google answered {answer.status} to the end of a consent.", "revoke")

    def ids(self) -> tuple[str, str]:
        """Return the client's id and its secret. Raises AccessDenied where the file is none of a client."""
        try:
            return read_client(Path(self._file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise AccessDenied(f"{self._file!r} is not the file of an OAuth client for web applications.") from error

    def _claims(self, http: Any, token: str, client_id: str) -> Mapping[str, Any]:
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.oauth2 import id_token
        from google_auth_httplib2 import Request

        try:
            claims: Mapping[str, Any] = id_token.verify_token(token, Request(http), client_id, self._keys, SKEW)
        except TransportError:
            raise
        except (GoogleAuthError, ValueError) as error:
            raise AccessDenied(f"It is not certain that Google said who signed in: {error}", "id_token") from error
        if claims.get("iss") not in ISSUERS:
            raise AccessDenied("It was not Google who said who signed in.", "id_token")
        return claims


def read_client(text: str) -> tuple[str, str]:
    """Return id and secret of a web client's file. Raises ValueError where it is another file."""
    try:
        content = json.loads(text)["web"]
        return str(content["client_id"]), str(content["client_secret"])
    except (KeyError, TypeError) as error:
        raise ValueError("it is not the file of an OAuth client for web applications") from error


def _posted(http: Any, address: str, form: Mapping[str, str]) -> Mapping[str, Any]:
    answer, content = http.request(address, "POST", urlencode(form), FORM)
    if answer.status >= 500 or answer.status == 429:
        raise Unreachable(f"Google answered {answer.status} to a sign-in.", "token")
    told: Mapping[str, Any] = json.loads(content)
    if answer.status != 200:
        said = told.get("error_description") or "no reason given"
        raise AccessDenied(f"Google does not accept the sign-in: {said}", str(told.get("error", "")))
    return told


def _load_library() -> None:
    for name in ("google.oauth2.id_token", "kiosk.google.failures", "kiosk.google.transport", "google_auth_httplib2"):
        importlib.import_module(name)
    memory.load("cryptography.x509")  # which reads the keys that sign an identity
