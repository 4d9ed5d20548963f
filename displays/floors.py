"""Floors as buildings name them: how high each lies, where that can be read from its name."""

from __future__ import annotations

import re

GROUND = frozenset(
    {"g", "gf", "ground", "ground floor", "lobby", "e", "eg", "erdgeschoss", "parterre", "rc", "rdc", "rez-de-chaussée"}
    | {"bg", "begane grond", "planta baja", "pb", "pt", "piano terra", "bv", "parter", "الطابق الأرضي"}
)
CELLAR = frozenset({"b", "basement", "lower ground", "lg", "u", "ug", "untergeschoss", "keller", "sous-sol", "kelder"})
UP = r"floor|level|storey|og|obergeschoss|stock|etage|étage|planta|piano|våning|piętro|verdieping|andar|階|楼|层|l|f"
DOWN = r"b|basement|u|ug|untergeschoss|sous-sol|地下|-|−"
ABOVE = re.compile(rf"(?:(?:{UP})\s*)?(\d+)\s*(?:\.|st|nd|rd|th|e|er|ème)?\s*(?:{UP})?\.?")
BELOW = re.compile(rf"(?:{DOWN})\s*(\d+)|(\d+)\.?\s*(?:ug|untergeschoss)")


def height(floor: str) -> int | None:
    """Return how many floors above the ground's one lies, below it less than 0; None where its name does not tell."""
    name = " ".join(floor.casefold().split())
    if name in GROUND:
        return 0
    if name in CELLAR:
        return -1
    if below := BELOW.fullmatch(name):
        return -int(below[1] or below[2])
    above = ABOVE.fullmatch(name)
    return int(above[1]) if above else None


def way(here: tuple[str, str], there: tuple[str, str]) -> int | None:
    """Return how many floors up one goes from a (building, floor) to another; None where that is not known.

    It is known within one building only.
    """
    if not here[0] or here[0] != there[0] or not here[1] or not there[1]:
        return None
    if here[1] == there[1]:
        return 0
    start, end = height(here[1]), height(there[1])
    return None if start is None or end is None else end - start
