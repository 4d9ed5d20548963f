"""How high floors lie, read from the names that buildings give them."""

from __future__ import annotations

import pytest

from displays.floors import height, way


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("2", 2), ("02", 2), ("Floor 12", 12), ("L3", 3), ("2nd floor", 2), ("3. OG", 3), ("Etage 4", 4), ("5階", 5),
        ("G", 0), ("EG", 0), ("Ground floor", 0), ("0", 0), ("rez-de-chaussée", 0),
        ("-1", -1), ("UG", -1), ("B2", -2), ("2. UG", -2), ("Basement 1", -1),
        ("", None), ("Garden", None), ("2a", None), ("North 3", None),
    ],
)  # fmt: skip
def test_a_floors_height_is_read_where_its_name_tells_it(name: str, wanted: int | None) -> None:
    assert height(name) == wanted


@pytest.mark.parametrize(
    ("here", "there", "wanted"),
    [
        (("A", "1"), ("A", "3"), 2),
        (("A", "2"), ("A", "EG"), -2),
        (("A", "Garden"), ("A", "Garden"), 0),
        (("A", "Garden"), ("A", "3"), None),
        (("A", "1"), ("B", "3"), None),
        (("", ""), ("", ""), None),
        (("A", ""), ("A", ""), None),
    ],
)
def test_the_way_is_known_within_a_building(here: tuple[str, str], there: tuple[str, str], wanted: int | None) -> None:
    assert way(here, there) == wanted
