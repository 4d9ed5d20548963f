"""Programs that people sign in to: codes, refresh tokens, and what they are exchanged for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from kiosk.emulator import identity, tokens
from kiosk.emulator.errors import TokenError
from kiosk.emulator.store import Store
from kiosk.emulator.values import Json

_CODE_LIFETIME = 600


@dataclass(frozen=True, slots=True)
class Client:
    """A program; with no `redirects` any address may be returned to, else those alone, letter by letter."""

    id: str
    secret: str
    name: str
    redirects: tuple[str, ...] = ()

    def returns_to(self, address: str) -> bool:
        """Whether people may be sent back there."""
        return bool(address) and (not self.redirects or address in self.redirects)

    def as_file(self, root: str) -> Json:
        """The client file that Google's console hands out."""
        return {
            "web": {
                "client_id": self.id, "client_secret": self.secret, "redirect_uris": list(self.redirects),
                "auth_uri": f"{root}/o/oauth2/v2/auth", "token_uri": f"{root}/token",
                "auth_provider_x509_cert_url": f"{root}/oauth2/v1/certs",
            }
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What a program asks a person for."""

    scopes: tuple[str, ...]
    redirect: str
    nonce: str = ""
    challenge: str = ""
    method: str = ""
    offline: bool = False
    asked_again: bool = False


def add_client(store: Store, name: str, redirects: tuple[str, ...] = ()) -> Client:
    """Register a program; the same name in the same domain has the same id and secret."""
    digest = hashlib.sha256(f"{store.meta('domain')}/{name}".encode()).digest()
    letters = base64.b32hexencode(digest).decode().lower()
    number = str(int.from_bytes(digest[:5], "big")).zfill(12)[:12]
    secret = "GOCSPX-" + base64.urlsafe_b64encode(digest[8:29]).decode()
    client = Client(f"{number}-{letters[:32]}.apps.googleusercontent.com", secret, name, redirects)
    values = client.id, client.secret, client.name, json.dumps(client.redirects)
    store.write("INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?)", *values)
    return client


def clients(store: Store) -> list[Client]:
    """All programs, by name."""
    rows = store.rows("SELECT id, secret, name, redirects FROM clients ORDER BY name")
    return [Client(row[0], row[1], row[2], tuple(json.loads(row[3]))) for row in rows]


def find_client(store: Store, client_id: str) -> Client | None:
    """The program of that id."""
    return next((each for each in clients(store) if each.id == client_id), None)


def allow(store: Store, client: Client, email: str, wish: Wish) -> str:
    """The person agrees; returns the code with which the program is sent back."""
    scopes = " ".join(identity.full_scopes(list(wish.scopes)))
    earlier = store.rows("SELECT scopes FROM consents WHERE client = ? AND subject = ?", client.id, email)
    known = any(set(scopes.split()) <= set(row[0].split()) for row in earlier)
    code = "4/0A" + secrets.token_urlsafe(48)
    expires = int(store.clock.now().timestamp()) + _CODE_LIFETIME
    refresh = wish.offline and (wish.asked_again or not known)
    store.write(
        "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", code, client.id, email, scopes, wish.redirect,
        wish.challenge, wish.method, wish.nonce, refresh, expires,
    )  # fmt: skip
    return code


def consent(store: Store, client: Client, email: str, scopes: list[str]) -> str:
    """Record that a person lets the program act in its absence; returns the refresh token."""
    refresh = "1//0" + secrets.token_urlsafe(64)
    values = refresh, client.id, email, " ".join(identity.full_scopes(scopes))
    store.write("INSERT INTO consents VALUES (?, ?, ?, ?)", *values)
    return refresh


def exchange(store: Store, form: dict[str, str]) -> Json:
    """Answer the token endpoint's grants authorization_code and refresh_token."""
    client = _proven(store, form)
    if form["grant_type"] == "refresh_token":
        return _refreshed(store, client, form.get("refresh_token", ""))
    return _redeemed(store, client, form)


def revoke(store: Store, token: str) -> None:
    """End an access or refresh token and everything that came from the same consent."""
    found = store.row("SELECT client, subject FROM consents WHERE refresh = ?", token) or store.row(
        "SELECT account, subject FROM tokens WHERE token = ?", token
    )
    if found is None:
        raise TokenError("invalid_token", "Token expired or revoked")
    store.write("DELETE FROM consents WHERE client = ? AND subject = ?", *found)
    store.write("DELETE FROM tokens WHERE account = ? AND subject = ?", *found)


def revoke_person(store: Store, email: str) -> None:
    """A person takes back all it allowed; an empty address means everybody."""
    where, values = ("", ()) if not email else (" AND subject = ?", (email,))
    store.write(f"DELETE FROM tokens WHERE account IN (SELECT id FROM clients){where}", *values)
    store.write(f"DELETE FROM consents WHERE 1{where}", *values)


def _proven(store: Store, form: dict[str, str]) -> Client:
    client = find_client(store, form.get("client_id", ""))
    if client is None:
        raise TokenError("invalid_client", "The OAuth client was not found.", 401)
    if not hmac.compare_digest(client.secret, form.get("client_secret", "")):
        raise TokenError("invalid_client", "Unauthorized", 401)
    return client


def _redeemed(store: Store, client: Client, form: dict[str, str]) -> Json:
    sql = "SELECT subject, scopes, redirect, challenge, method, nonce, refresh, expires FROM codes"
    found = store.row(f"{sql} WHERE code = ? AND client = ?", form.get("code", ""), client.id)
    if found is None:
        raise TokenError("invalid_grant", "Malformed auth code.")
    subject, scopes, redirect, challenge, method, nonce, refresh, expires = found
    if redirect != form.get("redirect_uri", ""):
        raise TokenError("redirect_uri_mismatch", "Bad Request")
    _check_verifier(challenge, method, form.get("code_verifier", ""))
    store.write("DELETE FROM codes WHERE code = ?", form["code"])
    if expires <= store.clock.now().timestamp():
        raise TokenError("invalid_grant", "Bad Request")
    answer = _issued(store, client, subject, scopes.split(), nonce)
    return answer | ({"refresh_token": consent(store, client, subject, scopes.split())} if refresh else {})


def _refreshed(store: Store, client: Client, refresh: str) -> Json:
    found = store.row("SELECT subject, scopes FROM consents WHERE refresh = ? AND client = ?", refresh, client.id)
    if found is None or _suspended(store, found[0]):
        raise TokenError("invalid_grant", "Token has been expired or revoked.")
    return _issued(store, client, found[0], found[1].split(), "")


def _issued(store: Store, client: Client, subject: str, scopes: list[str], nonce: str) -> Json:
    answer = tokens.issue(store, client.id, subject, scopes) | {"scope": " ".join(scopes)}
    if "openid" in scopes:
        access = answer["access_token"]
        answer["id_token"] = identity.id_token(store, client.id, subject, scopes, nonce, access)
    return answer


def _check_verifier(challenge: str, method: str, verifier: str) -> None:
    """PKCE: the program that redeems the code is the one that asked for it."""
    if not challenge:
        return
    if not verifier:
        raise TokenError("invalid_grant", "Missing code verifier.")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    if not hmac.compare_digest(challenge, digest if method == "S256" else verifier):
        raise TokenError("invalid_grant", "Invalid code verifier.")


def _suspended(store: Store, email: str) -> bool:
    found = store.row("SELECT data FROM directory WHERE kind = 'user' AND id = ?", email)
    return bool(found and json.loads(found[0]).get("suspended"))
