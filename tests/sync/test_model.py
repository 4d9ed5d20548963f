"""Whatever people, rooms, screens and faults do in whatever order: once it settles, the mirror is Google's truth."""

from __future__ import annotations

import os
import random
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.emulator.server import Emulator
from kiosk.schedule.availability import runs
from kiosk.schedule.model import Booking, Slot
from kiosk.sync.gate import SPAN
from tests.conftest import Tell
from tests.sync.office import WORLD, Office, Picture, connected, moment, opened
from tests.sync.walk import Walk

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
MOST_BETWEEN = 6
BY_QUESTIONS = 0.5


@pytest.mark.parametrize("seed", [1, 2])
def test_mirror_is_true_after_a_few_hundred_acts(seed: int, tmp_path: Path, tell: Tell) -> None:
    walk_about(seed, 160, tmp_path, tell)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_mirror_is_true_after_thousands_of_acts(seed: int, tmp_path: Path, tell: Tell) -> None:
    walk_about(seed, int(1500 * SCALE), tmp_path, tell)


def walk_about(seed: int, acts: int, folder: Path, tell: Tell) -> None:
    """Do so many acts, and compare every room with Google after every few of them."""
    compared = settled = watched = 0
    with Emulator(WORLD, seed=seed) as google, connected(folder, google) as source:
        with opened(folder, google, source) as office:
            walk = Walk(office, random.Random(seed))
            try:
                while walk.acts < acts:
                    for _ in range(walk.chance.randint(1, MOST_BETWEEN)):
                        walk.act()
                    if walk.chance.random() < BY_QUESTIONS:
                        walk.settle_by_questions()
                        watched += occupancy_agrees(office)
                    walk.settle()
                    settled += 1
                    compared += office.check()
                    rows_agree(office)
                    bookings_agree(walk)
            except AssertionError as error:
                error.add_note("The last acts: " + ", ".join(walk.trail))
                raise
            finally:
                tell(report(seed, walk, settled, compared, watched))


def report(seed: int, walk: Walk, settled: int, compared: int, watched: int) -> str:
    counts = walk.counts
    return (
        f"seed {seed}: {walk.acts} acts of {len(counts)} kinds, {counts['break_something']} faults ordered, "
        f"{counts['failed passes']} passes failed, {counts['refused']} acts refused, {len(walk.booked)} taps, "
        f"{settled} comparisons of all rooms, {compared} events compared, {watched} rooms by questions"
    )


def occupancy_agrees(office: Office) -> int:
    """Compare when the rooms are taken with when they are by Google's lists; return how many were compared."""
    start = office.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    window = (start, start + SPAN)
    for slug in office.rooms:
        assert taken(office.mirror(slug), window) == taken(office.truth(slug), window), slug
    return len(office.rooms)


def taken(picture: Picture, window: tuple[datetime, datetime]) -> list[Slot]:
    uses = [one for one in picture.values() if one.answer != "declined" and not one.transparent]
    spans = [(max(one.start, window[0]), min(one.end, window[1])) for one in uses]
    return list(runs(Booking("", start, end) for start, end in spans))


def rows_agree(office: Office) -> None:
    """Compare with what lies on the calendars, which no list has expanded: everything that does not recur."""
    for slug, stored in office.rooms.items():
        (start, end), ours = office.stretch(slug), office.mirror(slug)
        for row in office.google.world.events(office.address(slug)):
            span = (moment(row["start"], stored.room.zone), moment(row["end"], stored.room.zone))
            if "recurrence" not in row and overlap(span, (start, end)):
                assert (ours[row["id"]].start, ours[row["id"]].end) == span


def overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def bookings_agree(walk: Walk) -> None:
    """What a screen was told in the end is so in Google: refused bookings are not there."""
    there = {event for slug in walk.office.rooms for event in walk.office.mirror(slug)}
    for command_id in walk.booked:
        command = walk.desk.find(command_id)
        assert command.state in ("confirmed", "refused")
        assert command.state == "confirmed" or command.event_id not in there
