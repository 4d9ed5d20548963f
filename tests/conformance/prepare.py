"""Prepare the virtual environment of the independent clients: `python tests/conformance/prepare.py`.

It lies in .venv-conformance beside the checkout's own; CONFORMANCE_FOLDER names another folder. Nothing happens
when it holds what requirements.txt asks for.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
FOLDER = Path(os.environ.get("CONFORMANCE_FOLDER") or HERE.parents[1] / ".venv-conformance")


def prepare(folder: Path = FOLDER) -> Path:
    """Install the clients unless they are there; returns their interpreter."""
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text("utf-8") != wanted:
        venv.create(folder, with_pip=True, clear=True)
        quietly = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
        subprocess.run([python, *quietly, REQUIREMENTS], check=True)
        stamp.write_text(wanted, "utf-8")
    return python


if __name__ == "__main__":
    print(prepare())
