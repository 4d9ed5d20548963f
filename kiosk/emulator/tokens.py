"""Service accounts: their keys, the grant that turns a signed assertion into a token, and tokens' holders."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.emulator.acl import Caller
from kiosk.emulator.errors import TokenError, invalid_credentials
from kiosk.emulator.store import Store
from kiosk.emulator.values import Json

LIFETIME = 3599
# google-auth signs for this audience whatever the key file's token_uri says.
_AUDIENCES = ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token")
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE_PREFIX = "https://www.googleapis.com/auth/"
DELEGATED = tuple(
    _SCOPE_PREFIX + name
    for name in (
        "calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly",
        "calendar.calendars", "calendar.calendars.readonly", "calendar.freebusy", "calendar.events.freebusy",
        "calendar.calendarlist.readonly", "calendar.acls", "calendar.acls.readonly",
        "admin.directory.resource.calendar",
        "admin.directory.resource.calendar.readonly", "admin.directory.user.readonly",
    )
)  # fmt: skip


def add_account(store: Store, email: str, client_id: str, scopes: tuple[str, ...] = DELEGATED) -> None:
    """Register a service account and the scopes its domain-wide delegation covers (none: no delegation)."""
    store.write("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)", email, client_id, json.dumps(scopes))


def set_scopes(store: Store, email: str, scopes: tuple[str, ...]) -> None:
    """Change what the domain-wide delegation covers."""
    store.write("UPDATE accounts SET scopes = ? WHERE email = ?", json.dumps(scopes), email)


def new_key(store: Store, email: str, root: str) -> Json:
    """A new key of that account, in the form of the JSON file that Google's console hands out."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key_id = secrets.token_hex(20)
    store.write("INSERT INTO keys VALUES (?, ?, ?)", key_id, email, public.decode())
    found = store.row("SELECT client_id FROM accounts WHERE email = ?", email)
    return {
        "type": "service_account",
        "project_id": email.partition("@")[2].partition(".")[0],
        "private_key_id": key_id,
        "private_key": _pem(private),
        "client_email": email,
        "client_id": found[0] if found else "",
        "auth_uri": f"{root}/o/oauth2/auth",
        "token_uri": f"{root}/token",
        "universe_domain": "googleapis.com",
    }


def write_key_file(path: Path, key: Json) -> None:
    """Write a key file that only its owner can read, whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(key, file, indent=2)
    part.replace(path)


def _pem(private: rsa.RSAPrivateKey) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def grant(store: Store, form: dict[str, str], root: str) -> Json:
    """Answer the token endpoint: check the assertion as Google does and issue an access token."""
    if form.get("grant_type") != _GRANT:
        raise TokenError("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    claims = _verified(store, form.get("assertion", ""), root)
    account, scopes = str(claims["iss"]), str(claims.get("scope", "")).split()
    if not scopes:
        raise TokenError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    subject = str(claims.get("sub") or account)
    if subject != account:
        _check_delegation(store, account, subject, scopes)
    return issue(store, account, subject, scopes)


def issue(store: Store, account: str, subject: str, scopes: list[str]) -> Json:
    """A fresh access token for that subject, in the shape of Google's answer."""
    token = "ya29.c." + secrets.token_urlsafe(48)
    expires = int(store.clock.now().timestamp()) + LIFETIME
    store.write("INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", token, account, subject, " ".join(scopes), expires)
    return {"access_token": token, "expires_in": LIFETIME, "token_type": "Bearer"}


def holder(store: Store, token: str) -> Caller:
    """Who may use that access token; 401 when nobody may (any more)."""
    found = store.row("SELECT account, subject, scopes, expires FROM tokens WHERE token = ?", token)
    if found is None or found[3] <= store.clock.now().timestamp():
        raise invalid_credentials()
    account, subject, scopes, _ = found
    return Caller(subject, frozenset(scopes.split()), account, delegated=subject != account)


def revoke_all(store: Store) -> None:
    """End every access token that was issued so far."""
    store.write("DELETE FROM tokens")


def _verified(store: Store, assertion: str, root: str) -> Json:
    try:
        header = jwt.get_unverified_header(assertion)
        stated: Json = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise TokenError("invalid_grant", "Invalid JWT: Failed to parse the assertion.") from None
    if not store.row("SELECT 1 FROM accounts WHERE email = ?", stated.get("iss")):
        raise TokenError("invalid_grant", "Invalid grant: account not found")
    _check_signature(store, assertion, str(header.get("kid", "")), str(stated["iss"]))
    if stated.get("aud") not in (*_AUDIENCES, f"{root}/token"):
        raise TokenError("invalid_grant", "Invalid JWT: Failed audience check.")
    _check_times(store, stated)
    return stated


def _check_signature(store: Store, assertion: str, key_id: str, account: str) -> None:
    found = store.row("SELECT public FROM keys WHERE id = ? AND account = ?", key_id, account)
    options = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_sub": False}
    try:
        jwt.decode(assertion, found[0] if found else "", algorithms=["RS256"], options=options)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError):
        raise TokenError("invalid_grant", "Invalid JWT Signature.") from None


def _check_times(store: Store, claims: Json) -> None:
    now = store.clock.now().timestamp()
    issued, expires = claims.get("iat"), claims.get("exp")
    timely = (
        isinstance(issued, int | float)
        and isinstance(expires, int | float)
        and issued <= now + 300
        and now < expires <= issued + 3600
    )
    if not timely:
        raise TokenError(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim.",
        )


def _check_delegation(store: Store, account: str, subject: str, scopes: list[str]) -> None:
    found = store.row("SELECT scopes FROM accounts WHERE email = ?", account)
    granted = json.loads(found[0]) if found else []
    if not granted:
        raise TokenError("unauthorized_client", "Unauthorized client or scope in request.", 401)
    if not set(scopes) <= set(granted):
        raise TokenError(
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for "
            "any of the scopes requested.",
            401,
        )
    person = store.row("SELECT data FROM directory WHERE kind = 'user' AND id = ?", subject)
    if person is None or json.loads(person[0]).get("suspended"):
        raise TokenError("invalid_grant", "Invalid email or User ID")
