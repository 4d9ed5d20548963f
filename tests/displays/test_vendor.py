"""The libraries of others are the files their makers published."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from kiosk.resources import resource

FOLDER = Path(resource("static")) / "vendor"
PAPERWORK = ("README.md", "LICENSES")


def listed() -> dict[str, tuple[str, str]]:
    """Of each file its licence's file and checksum, as the list says."""
    rows = re.findall(
        r"^\| `([^`]+)` .*\((LICENSES/[^)]+)\) \| `(\w+)` \|$", (FOLDER / "README.md").read_text(), re.MULTILINE
    )
    return {name: (licence, checksum) for name, licence, checksum in rows}


def test_every_file_is_listed_with_its_checksum() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    held = {str(path.relative_to(FOLDER)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    vendored = {name: checksum for name, checksum in held.items() if name.split("/")[0] not in PAPERWORK}
    assert vendored == {name: checksum for name, (_, checksum) in listed().items()}


def test_every_file_comes_with_its_licence() -> None:
    licences = {licence for licence, _ in listed().values()}
    assert licences == {f"LICENSES/{path.name}" for path in (FOLDER / "LICENSES").iterdir()}
