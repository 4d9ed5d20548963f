"""Who signed in, in Google's terms: signed identity tokens, the keys to check them with, and userinfo."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from kiosk.emulator.store import Store
from kiosk.emulator.values import Json

ISSUER = "https://accounts.google.com"
_LIFETIME = 3600
_EMAIL = "https://www.googleapis.com/auth/userinfo.email"
_PROFILE = "https://www.googleapis.com/auth/userinfo.profile"
_LONG_NAMES = {"email": _EMAIL, "profile": _PROFILE}


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    private: str
    certificate: str


def full_scopes(wanted: list[str]) -> list[str]:
    """Scopes by the names under which Google reports them, each once."""
    return list(dict.fromkeys(_LONG_NAMES.get(scope, scope) for scope in wanted))


def profile(store: Store, email: str, scopes: list[str]) -> Json:
    """What those scopes tell of a person; members of the organisation have `hd`, others have not."""
    found = store.row("SELECT data FROM directory WHERE kind = 'user' AND id = ?", email)
    user: Json = json.loads(found[0]) if found else {}
    number = user.get("id") or str(int(hashlib.sha256(email.encode()).hexdigest()[:15], 16))
    told: Json = {"sub": str(number).zfill(21)}
    if user:
        told["hd"] = store.meta("domain")
    if _EMAIL in scopes:
        told |= {"email": email, "email_verified": True}
    if _PROFILE in scopes:
        name = user.get("name") or {"fullName": email.partition("@")[0], "givenName": email.partition("@")[0]}
        told |= {"name": name["fullName"], "given_name": name["givenName"]}
        told |= {"family_name": name["familyName"]} if name.get("familyName") else {}
    return told


def id_token(store: Store, client: str, email: str, scopes: list[str], nonce: str, access_token: str) -> str:
    """A signed statement for that client that this person has signed in just now."""
    now = int(store.clock.now().timestamp())
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    claims: Json = {"iss": ISSUER, "azp": client, "aud": client} | profile(store, email, scopes)
    claims |= {"at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="), "iat": now, "exp": now + _LIFETIME}
    claims |= {"nonce": nonce} if nonce else {}
    key = _key(store)
    return jwt.encode(claims, key.private, "RS256", {"kid": key.id})


def certificates(store: Store) -> Json:
    """The keys of id tokens as PEM certificates by key id."""
    key = _key(store)
    return {key.id: key.certificate}


def key_set(store: Store) -> Json:
    """The same keys as a JSON Web Key Set."""
    key = _key(store)
    public = x509.load_pem_x509_certificate(key.certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    described = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
    kept = {name: described[name] for name in ("kty", "n", "e")}
    return {"keys": [kept | {"kid": key.id, "alg": "RS256", "use": "sig"}]}


def configuration(root: str) -> Json:
    """The OpenID discovery document; the issuer is Google's, the addresses are the stand-in's."""
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{root}/o/oauth2/v2/auth",
        "token_endpoint": f"{root}/token",
        "userinfo_endpoint": f"{root}/v1/userinfo",
        "revocation_endpoint": f"{root}/revoke",
        "jwks_uri": f"{root}/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": [
            "aud", "email", "email_verified", "exp", "family_name", "given_name", "hd", "iat", "iss", "name", "sub",
        ],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
    }  # fmt: skip


def rotate(store: Store) -> None:
    """Sign with a new key from here on."""
    store.write("DELETE FROM signing")


def _key(store: Store) -> _Key:
    """The present key; made when it is first needed."""
    found = store.row("SELECT id, private, certificate FROM signing")
    if found is None:
        found = _made(store)
        store.write("INSERT INTO signing VALUES (?, ?, ?)", *found)
    return _Key(str(found[0]), str(found[1]), str(found[2]))


def _made(store: Store) -> tuple[str, str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")])
    now = store.clock.now()
    built = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=365)).not_valid_after(now + timedelta(days=3650))
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = built.public_bytes(serialization.Encoding.PEM)
    return built.fingerprint(hashes.SHA1()).hex(), pem.decode(), certificate.decode()
