"""Credentials read from a file of any kind that Google's library knows."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.oauth2.service_account import Credentials as ServiceAccount

__all__ = ["GoogleAuthError", "load"]


def load(file: str, scopes: tuple[str, ...], subject: str) -> Any:
    """Return credentials with those scopes; a service account acts as `subject` when one is given.

    Raises GoogleAuthError, ValueError or OSError with Google's or the system's own words.
    """
    content = json.loads(Path(file).read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not content.get("type"):
        raise ValueError("it is not a credentials file, such as Google's console hands out")
    kind = content["type"]
    if kind == "service_account":
        return ServiceAccount.from_service_account_info(content, scopes=list(scopes), subject=subject or None)
    if kind == "authorized_user":
        return _authorized_user(content, scopes)
    return _of_another_kind(file, scopes)


def _authorized_user(content: dict[str, Any], scopes: tuple[str, ...]) -> Any:
    # Its library has much to do with security keys, and most servers use a service account.
    from google.oauth2.credentials import Credentials as AuthorizedUser

    found = AuthorizedUser.from_authorized_user_info(content, scopes=list(scopes))
    # Google's helper asks Google's own address for tokens, whatever the file says.
    return found.with_token_uri(content["token_uri"]) if content.get("token_uri") else found


def _of_another_kind(file: str, scopes: tuple[str, ...]) -> Any:
    with warnings.catch_warnings():
        # The warning is about files from strangers; this one was named by the administrator.
        warnings.simplefilter("ignore", DeprecationWarning)
        found, _project = google.auth.load_credentials_from_file(file, scopes=list(scopes))
    return found
