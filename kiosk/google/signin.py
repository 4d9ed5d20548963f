"""Signing in with Google: the page a person is sent to, and who it was that came back."""

from __future__ import annotations

from collections.abc import Collection

from kiosk.errors import AccessDenied
from kiosk.google.oauth import Attempt, OAuthClient, begin
from kiosk.google.route import STRAIGHT, Route
from kiosk.schedule.model import Person

__all__ = ["Attempt", "GoogleSignIn", "begin"]
SCOPES = "openid email profile"


class GoogleSignIn:
    """Google's sign-in for people of some domains; `back` is always the address they return to, letter by letter."""

    def __init__(self, client_file: str, domains: Collection[str], endpoint: str, route: Route = STRAIGHT) -> None:
        """`client_file`: an OAuth client (web application) as Google's console hands it out.

        `domains`: whose people may sign in. `endpoint`: root of another server that does the same, empty for Google.
        """
        self._client = OAuthClient(client_file, endpoint, route)
        self._domains = {domain.lower() for domain in domains}

    def address(self, attempt: Attempt, back: str, hint: str = "") -> str:
        """Return the page to send a person to; `hint` is an address that it suggests.

        Raises AccessDenied where the client file cannot be used.
        """
        # A hint for the page only, where "*" means any organisation: the answer is checked.
        domain = next(iter(self._domains)) if len(self._domains) == 1 else "*"
        suggested = {"login_hint": hint} if hint else {}
        return self._client.address(attempt, back, SCOPES, hd=domain, prompt="select_account", **suggested)

    def person(self, code: str, attempt: Attempt, back: str) -> Person:
        """Return who came back with that code, by their address in small letters.

        Raises Unreachable, or AccessDenied with Google's reason ("invalid_grant": the code is used or too old) or
        ours: "id_token", "nonce", "email", "domain".
        """
        _, claims = self._client.redeem(code, attempt, back)
        email = str(claims["email"]).lower()
        # https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload: the address
        # alone does not tell who looks after an account; `hd` does.
        if str(claims.get("hd", "")).lower() not in self._domains:
            raise AccessDenied(f"{email} is not an account of this organisation.", "domain")
        return Person(email, str(claims.get("name", "")))
