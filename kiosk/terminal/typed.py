"""Reading secrets: from the keyboard without showing them, or from the input."""

from __future__ import annotations

import sys
from getpass import getpass

from kiosk.errors import UsageError


def typed_secret(what: str, twice: bool = True) -> str:
    """Read a secret: at a terminal, where it is not shown, else the first line of the input.

    `twice`: it is typed again, where nobody would notice a mistake.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    try:
        secret = getpass(f"{what}: ")
        again = getpass("The same again: ") if twice else secret
    except EOFError as error:
        raise UsageError(f"No {what} was typed.") from error
    if secret != again:
        raise UsageError("The two are not the same.")
    return secret
