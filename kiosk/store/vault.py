"""Secrets in files that only the server's user can read."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kiosk.errors import KioskError


@dataclass(frozen=True, slots=True)
class Vault:
    """A folder of secrets; each file is written whole or not at all, and once."""

    folder: Path

    def path(self, name: str) -> Path:
        """Return where a secret lies, whether or not it is there."""
        return self.folder / name

    def read(self, name: str) -> str | None:
        """Return a secret, None where there is none."""
        try:
            return self.path(name).read_text(encoding="utf-8")
        except OSError:
            return None

    def keep(self, name: str, text: str) -> Path:
        """Write a secret; it is on the disk when this returns. Raises KioskError with the folder's name."""
        part = self.folder / f".{name}.{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path(name))
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise KioskError(
                f"The folder {self.folder} cannot be written ({error.strerror}): see KIOSK_SECRETS."
            ) from error
        return self.path(name)

    def drop(self, name: str) -> None:
        """Remove a secret."""
        self.path(name).unlink(missing_ok=True)

    def names(self, start: str) -> list[str]:
        """Return the names of secrets that begin so."""
        return sorted(one.name for one in self.folder.glob(f"{start}*") if one.is_file())
