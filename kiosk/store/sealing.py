"""Sealing secrets with a passphrase: nobody reads or changes them unnoticed who does not know it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any

from kiosk.errors import UsageError

SHORTEST = 12
# RFC 7914; 32 MB of memory and a fraction of a second on a small machine, for every guess.
COST, BLOCK, PARALLEL = 2**15, 8, 1
MOST_COST = 2**20
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32


class WrongPassphrase(UsageError):
    """The passphrase is another one, or somebody has changed what was sealed."""


def seal(data: bytes, passphrase: str) -> tuple[dict[str, Any], bytes]:
    """Return how data is sealed, for all to read, and the sealed data. Raises UsageError for a short passphrase."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(passphrase) < SHORTEST:
        raise UsageError(f"The passphrase needs {SHORTEST} characters at least.")
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    how = {"kdf": "scrypt", "n": COST, "r": BLOCK, "p": PARALLEL, "salt": _text(salt), "nonce": _text(nonce)}
    key = _key(passphrase, salt, COST, BLOCK, PARALLEL)
    return how | {"cipher": "AES-256-GCM"}, AESGCM(key).encrypt(nonce, data, None)


def unseal(how: Mapping[str, Any], sealed: bytes, passphrase: str) -> bytes:
    """Return the data. Raises WrongPassphrase, and UsageError for what this version does not know."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        numbers = [int(how[name]) for name in ("n", "r", "p")]
        salt, nonce = base64.b64decode(how["salt"]), base64.b64decode(how["nonce"])
        known = (how["kdf"], how["cipher"]) == ("scrypt", "AES-256-GCM")
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError("The backup does not say how its secrets are sealed.") from error
    if not known or numbers[0] > MOST_COST or numbers[1:] != [BLOCK, PARALLEL]:
        raise UsageError("The backup's secrets are sealed in a way that this version does not know.")
    try:
        return AESGCM(_key(passphrase, salt, *numbers)).decrypt(nonce, sealed, None)
    except (InvalidTag, ValueError) as error:
        raise WrongPassphrase("This is not the passphrase of that backup, or its secrets were changed.") from error


def _key(passphrase: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt, KEY_BYTES, cost, block, parallel).derive(passphrase.encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
