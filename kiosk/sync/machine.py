"""The token by which a hub knows this machine: the one that provisioning left, or one that it was paired with since."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from kiosk.store.vault import Vault

TOKEN_BYTES = 32
KEPT, NEXT = "device-token", "device-token-next"


@dataclass
class MachineToken:
    """Chooses between the two tokens there may be: what the hub refuses is shown no more while there is another."""

    vault: Vault
    file: str
    _refused: str = ""

    def current(self) -> str:
        """Return the token to show, empty when there is none."""
        known = self._known()
        return next((one for one in known if one != self._refused), known[0] if known else "")

    def refused(self) -> bool:
        """Note that the hub refuses the present token; tell whether another one can be shown now."""
        before = self._refused = self.current()
        return self.current() != before

    def make(self) -> str:
        """Make another token, and return its SHA-256; `take` makes it the present one."""
        token = base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
        self.vault.keep(NEXT, token)
        return hashlib.sha256(token.encode()).hexdigest()

    def make_once(self) -> str:
        """Return the SHA-256 of the token made last and not taken yet, or of a new one."""
        made = self.vault.read(NEXT)
        return hashlib.sha256(made.encode()).hexdigest() if made else self.make()

    def take(self) -> None:
        """Show the token from now on that was made last: the hub knows it."""
        token = self.vault.read(NEXT)
        if token:
            self.vault.keep(KEPT, token)
            self.vault.drop(NEXT)

    def _known(self) -> list[str]:
        return [one for one in (self.vault.read(KEPT), self._in_file()) if one]

    def _in_file(self) -> str:
        try:
            return Path(self.file).read_text(encoding="utf-8").strip() if self.file else ""
        except (OSError, UnicodeDecodeError):
            return ""
