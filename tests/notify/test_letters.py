"""The words of a mail about a problem."""

from __future__ import annotations

import pytest

from kiosk.notify.letters import plain, write
from kiosk.store.problems import KINDS

DATA = {
    "kind": "screen",
    "room_name": "Oak",
    "floor": "2",
    "building": "Berlin",
    "zone": "Europe/Berlin",
    "start": "2026-08-10T08:00:00Z",
    "path": "/admin/problems",
}


def test_mail_about_a_problem_says_what_where_and_when_and_leads_to_the_list() -> None:
    letter = write("problem.reported", DATA, "https://rooms.example", plain)
    assert letter.subject == "Reported: Screen or projector, Oak"
    assert letter.text.splitlines() == [
        "Screen or projector",
        "Oak · 2 · Berlin",
        "2026-08-10 10:00 (Europe/Berlin)",
        "",
        "https://rooms.example/admin/problems",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_of_its_own(kind: str) -> None:
    others = [write("problem.reported", DATA | {"kind": other}, "", plain).subject for other in KINDS if other != kind]
    assert write("problem.reported", DATA | {"kind": kind}, "", plain).subject not in others
