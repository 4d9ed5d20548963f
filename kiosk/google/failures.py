"""Google's refusals and the network's failures, translated once into our errors."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from googleapiclient.errors import Error as ClientError
from googleapiclient.errors import HttpError
from httplib2 import HttpLib2Error

from kiosk.errors import (
    AccessDenied,
    Changed,
    CursorExpired,
    Duplicate,
    Gone,
    Missing,
    RateLimited,
    Refused,
    SourceError,
    Unreachable,
)

# https://developers.google.com/workspace/calendar/api/guides/errors
SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
BY_STATUS: dict[int, type[SourceError]] = {
    401: AccessDenied,
    403: AccessDenied,
    404: Missing,
    408: Unreachable,
    409: Duplicate,
    410: Gone,
    412: Changed,
    429: RateLimited,
}
# Longer than any sentence of Google's libraries about an error.
MOST_WORDS = 300


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors for whatever goes wrong inside."""
    try:
        yield
    except HttpError as error:
        raise _refusal(error) from error
    except RefreshError as error:
        raise _token_failure(error) from error
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"Google's certificate is not trusted ({error.verify_message}). Where a proxy opens connections, name a "
            "file with your organisation's certificates in SSL_CERT_FILE."
        ) from error
    except (TransportError, HttpLib2Error, OSError, http.client.HTTPException) as error:
        raise Unreachable(f"Google cannot be reached ({_short(error)}).") from error
    except (ClientError, ValueError, KeyError) as error:
        raise Unreachable(f"Google's answer cannot be read ({_short(error)}).") from error
    except GoogleAuthError as error:
        raise AccessDenied(f"The Google credentials cannot be used: {_short(error)}.") from error


def _refusal(error: HttpError) -> SourceError:
    status, reason = int(error.resp.status), _reason(error)
    text = f"Google answered {status}: {error.reason or 'no reason given'}"
    if status >= 500:
        return Unreachable(text, reason)
    if reason in SLOW_DOWN:
        return RateLimited(text, reason)
    if reason in {"fullSyncRequired", "updatedMinTooLongAgo"}:
        return CursorExpired(text, reason)
    return BY_STATUS.get(status, Refused)(text, reason)


def _token_failure(error: RefreshError) -> SourceError:
    if error.retryable:
        return Unreachable(f"Google gives no access at the moment ({_short(error)}).", "token")
    return AccessDenied(f"Google refuses the credentials: {_short(error)}.", "token")


def _reason(error: HttpError) -> str:
    details: Any = error.error_details
    if isinstance(details, list) and details and isinstance(details[0], dict):
        return str(details[0].get("reason", ""))
    return ""


def _short(error: Exception) -> str:
    """Return the error's own words; its name where they are none for people: bytes, a web page, a whole answer."""
    named = error.strerror if isinstance(error, OSError) else None
    said = named or (error.args[0] if error.args else "")
    if isinstance(said, Exception):
        return _short(said)
    text = said.strip().rstrip(".") if isinstance(said, str) else ""
    readable = text.isprintable() and len(text) <= MOST_WORDS and not text.startswith("<")
    return text if text and readable else type(error).__name__
