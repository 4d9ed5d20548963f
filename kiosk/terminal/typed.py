"""Reading secrets: from the keyboard without showing them, or from the input."""

from __future__ import annotations

import sys
from getpass import getpass

from kiosk.errors import UsageError


def typed_secret(what: str) -> str:
    """Read a secret: typed twice at a terminal, where it is not shown, else the first line of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    try:
        secret = getpass(f"{what}: ")
        again = getpass("The same again: ")
    except EOFError as error:
        raise UsageError(f"No {what} was typed.") from error
    if secret != again:
        raise UsageError("The two are not the same.")
    return secret
