"""Policies as forms: every word with what holds, who says so, and a field for what is said here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiosk.schedule import policy
from kiosk.store.policies import Line

PREFIX = "policy:"
FROM = {
    "default": "the product", "organisation": "the organisation", "building": "the building", "floor": "the floor",
    "room": "this room",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One word: what is said here (empty: nothing), what holds without that, and where what holds comes from."""

    name: str
    help: str
    own: str
    value: str
    inherited: str
    origin: str
    choices: tuple[str, ...]

    @property
    def field(self) -> str:
        """Return what its field is called."""
        return PREFIX + self.name


def table(lines: list[Line], above: list[Line], own: Mapping[str, str]) -> list[Row]:
    """Return the rows of a form; `above`: what holds where nothing is said here."""
    inherited = {line.name: line.value for line in above}
    return [
        Row(
            line.name,
            line.help,
            own.get(line.name, ""),
            line.value,
            inherited.get(line.name, line.value),
            FROM[line.origin],
            policy.WORDS[line.name].choices,
        )
        for line in lines
    ]


def changes(form: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, str | None]:
    """Return what a form changes of the words that are said here; a field left empty takes a word away."""
    given = {name.removeprefix(PREFIX): str(value).strip() for name, value in form.items() if name.startswith(PREFIX)}
    return {name: value or None for name, value in given.items() if value != own.get(name, "")}


def defaults() -> list[Line]:
    """Return what holds where nobody says anything."""
    written = policy.write(policy.DEFAULT)
    return [Line(name, value, "default", policy.WORDS[name].help) for name, value in written.items()]
