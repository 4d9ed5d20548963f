"""Signing in with Google: the page a person is sent to, and who it was that came back."""

from __future__ import annotations

import hmac
import importlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kiosk import runtime
from kiosk.errors import AccessDenied, Unreachable
from kiosk.google.client import TIMEOUT
from kiosk.google.route import STRAIGHT, Route
from kiosk.schedule.model import Person

# https://accounts.google.com/.well-known/openid-configuration
PAGE = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN = "https://oauth2.googleapis.com/token"
# The keys as certificates: Google's library reads key sets by another package only.
KEYS = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")
SCOPES = "openid email profile"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Seconds by which our clock and Google's may differ.
SKEW = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """What ties an answer to the browser that asked; kept in its session until the answer is back, and used once.

    `state` comes back with the answer and must be compared there; the other two are for `GoogleSignIn.person`.
    """

    state: str
    nonce: str
    verifier: str


def begin() -> Attempt:
    """Return a new attempt; nobody can guess it."""
    return Attempt(secrets.token_urlsafe(48), secrets.token_urlsafe(48), secrets.token_urlsafe(48))


class GoogleSignIn:
    """Google's sign-in for people of some domains; `back` is always the address they return to, letter by letter."""

    def __init__(self, client_file: str, domains: Collection[str], endpoint: str, route: Route = STRAIGHT) -> None:
        """`client_file`: an OAuth client (web application) as Google's console hands it out.

        `domains`: whose people may sign in. `endpoint`: root of another server that does the same, empty for Google.
        """
        self._file, self._route = client_file, route
        self._domains = {domain.lower() for domain in domains}
        self._page = f"{endpoint}/o/oauth2/v2/auth" if endpoint else PAGE
        self._token = f"{endpoint}/token" if endpoint else TOKEN
        self._keys = f"{endpoint}/oauth2/v1/certs" if endpoint else KEYS

    def address(self, attempt: Attempt, back: str, hint: str = "") -> str:
        """Return the page to send a person to; `hint` is an address that it suggests.

        Raises AccessDenied where the client file cannot be used.
        """
        client_id, _ = self._client()
        digest = sha256(attempt.verifier.encode()).digest()
        asked = {
            "client_id": client_id,
            "redirect_uri": back,
            "response_type": "code",
            "scope": SCOPES,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            # A hint for the page only, where "*" means any organisation: the answer is checked.
            "hd": next(iter(self._domains)) if len(self._domains) == 1 else "*",
            "prompt": "select_account",
        }
        return f"{self._page}?{urlencode(asked | ({'login_hint': hint} if hint else {}))}"

    def person(self, code: str, attempt: Attempt, back: str) -> Person:
        """Return who came back with that code, by their address in small letters.

        Raises Unreachable, or AccessDenied with Google's reason ("invalid_grant": the code is used or too old) or
        ours: "id_token", "nonce", "email", "domain".
        """
        client_id, secret = self._client()
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
            claims = self._claims(http, self._redeemed(http, form), client_id)
        return self._welcomed(claims, attempt.nonce)

    def _client(self) -> tuple[str, str]:
        try:
            content = json.loads(Path(self._file).read_text(encoding="utf-8"))["web"]
            return str(content["client_id"]), str(content["client_secret"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AccessDenied(f"{self._file!r} is not the file of an OAuth client for web applications.") from error

    def _redeemed(self, http: Any, form: Mapping[str, str]) -> str:
        """Give the code for a signed statement of who it is."""
        answer, content = http.request(self._token, "POST", urlencode(form), FORM)
        if answer.status >= 500 or answer.status == 429:
            raise Unreachable(f"Google answered {answer.status} to a sign-in.", "token")
        told = json.loads(content)
        if answer.status != 200:
            said = told.get("error_description") or "no reason given"
            raise AccessDenied(f"Google does not accept the sign-in: {said}", str(told.get("error", "")))
        return str(told["id_token"])

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

    def _welcomed(self, claims: Mapping[str, Any], nonce: str) -> Person:
        email = str(claims.get("email", "")).lower()
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise AccessDenied("The sign-in was begun elsewhere.", "nonce")
        if not email or claims.get("email_verified") is not True:
            raise AccessDenied("Google does not vouch for the address of this account.", "email")
        # https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload: the address
        # alone does not tell who looks after an account; `hd` does.
        if str(claims.get("hd", "")).lower() not in self._domains:
            raise AccessDenied(f"{email} is not an account of this organisation.", "domain")
        return Person(email, str(claims.get("name", "")))


def _load_library() -> None:
    for name in ("google.oauth2.id_token", "kiosk.google.failures", "kiosk.google.transport", "google_auth_httplib2"):
        importlib.import_module(name)
