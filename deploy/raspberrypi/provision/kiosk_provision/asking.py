"""Questions to the machine at hand; a question that fails is answered by nothing."""

from __future__ import annotations

from pyinfra import host
from pyinfra.facts.server import Command


def ask(script: str) -> str:
    """Return what a script prints on the machine, as root."""
    return str(host.get_fact(Command, command=f"({script}) || true") or "").strip()


def ask_list(script: str) -> list[str]:
    """Return the lines that a script prints."""
    return [line.strip() for line in ask(script).splitlines() if line.strip()]
