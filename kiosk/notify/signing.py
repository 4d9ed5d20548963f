"""Signing messages as https://www.standardwebhooks.com says, so that receivers can use its ready-made libraries."""

from __future__ import annotations

import base64
import hashlib
import hmac

SECRET_PREFIX = "whsec_"


def headers(secret: str, number: str, seconds: int, body: str) -> dict[str, str]:
    """Return the headers of a message with that id, sent at `seconds` since 1970."""
    return {
        "webhook-id": number,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{signature(secret, number, seconds, body)}",
    }


def signature(secret: str, number: str, seconds: int, body: str) -> str:
    """Return the HMAC-SHA256 of `id.timestamp.body` in base64; the key is what stands in base64 after the prefix."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{number}.{seconds}.{body}".encode()
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
