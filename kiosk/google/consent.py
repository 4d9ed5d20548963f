"""An administrator's consent: what is asked for, in words, and the credentials that come of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kiosk.errors import AccessDenied
from kiosk.google.client import CALENDAR_SCOPES, DIRECTORY_SCOPES, PEOPLE_SCOPES
from kiosk.google.oauth import Attempt, OAuthClient
from kiosk.google.route import STRAIGHT, Route

WHO = "openid email"


@dataclass(frozen=True, slots=True)
class Purpose:
    """A right that is asked for, and what for; without those that are not `needed` the rest goes on."""

    scope: str
    words: str
    needed: bool


PURPOSES = (
    Purpose(CALENDAR_SCOPES[0], "Read the calendars that you can see: only those of linked rooms are read", True),
    Purpose(CALENDAR_SCOPES[1], "Make, move and cancel events: only bookings in linked rooms' calendars", True),
    Purpose(DIRECTORY_SCOPES[0], "Read the list of rooms and buildings, to import and follow them", False),
    Purpose(PEOPLE_SCOPES[0], "Read your people's names and addresses, to name the owner of a booking", False),
)
ALL_SCOPES = tuple(one.scope for one in PURPOSES)


@dataclass(frozen=True, slots=True)
class Granted:
    """A consent: whose, of which domain, to which scopes; `content` is a credentials file that must stay secret."""

    email: str
    domain: str
    scopes: tuple[str, ...]
    content: str


class GoogleConsent:
    """Asks an administrator to let this server act in their absence."""

    def __init__(self, client_file: str, endpoint: str, route: Route = STRAIGHT) -> None:
        """`client_file`: an OAuth client (web application). `endpoint`: another server's root, empty for Google."""
        self._client = OAuthClient(client_file, endpoint, route)

    def client_id(self) -> str:
        """Return the OAuth client's id. Raises AccessDenied where the client file cannot be used."""
        return self._client.ids()[0]

    def address(self, attempt: Attempt, back: str) -> str:
        """Return the page to send an administrator to. Raises AccessDenied where the client file cannot be used."""
        scope = " ".join((WHO, *ALL_SCOPES))
        # Without asking anew Google gives no refresh token to somebody who has agreed before.
        return self._client.address(attempt, back, scope, access_type="offline", prompt="consent")

    def granted(self, code: str, attempt: Attempt, back: str) -> Granted:
        """Return what was agreed to. Raises as `OAuthClient.redeem`, and AccessDenied ("scopes", "refresh_token")."""
        told, claims = self._client.redeem(code, attempt, back)
        # People may untick each right on Google's page.
        scopes = tuple(str(told.get("scope", "")).split())
        missing = [one.words for one in PURPOSES if one.needed and one.scope not in scopes]
        if missing:
            raise AccessDenied(f"Not everything needed was agreed to. Missing: {'; '.join(missing)}.", "scopes")
        if not told.get("refresh_token"):
            raise AccessDenied("Google gave no lasting access. Please try again.", "refresh_token")
        client_id, secret = self._client.ids()
        content = {
            "type": "authorized_user",
            "client_id": client_id,
            "client_secret": secret,
            "refresh_token": str(told["refresh_token"]),
            "token_uri": self._client.token_uri,
            "account": str(claims["email"]).lower(),
        }
        return Granted(content["account"], str(claims.get("hd", "")).lower(), scopes, json.dumps(content, indent=2))


def revoke(content: str, endpoint: str, route: Route = STRAIGHT) -> None:
    """End the consent behind the content of a credentials file; of other kinds there is nothing to end.

    Raises Unreachable.
    """
    token = json.loads(content).get("refresh_token")
    if token:
        OAuthClient("", endpoint, route).revoke(str(token))
