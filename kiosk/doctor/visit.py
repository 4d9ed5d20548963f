"""A visit of the doctor: everything, or some rooms, one line after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

from kiosk.doctor import organisation, rooms
from kiosk.doctor.findings import Finding
from kiosk.doctor.practice import Patient, Practice, patients
from kiosk.errors import AccessDenied, UsageError

Progress = Callable[[int, int], None]
AT_ONCE = 4
# Where one of these fails, nothing can be said of any room.
NEEDED = {"connection", "reach", "token"}


def examine(
    practice: Practice, wanted: Collection[str] = (), progress: Progress = lambda _done, _all: None
) -> Iterator[Finding]:
    """Look at the organisation and at all linked rooms, or those wanted by their words; lines come as they are known.

    `progress` hears (rooms done, all rooms). Raises UsageError for a room that is not linked.
    """
    chosen = _chosen(patients(practice), wanted)
    hopeless = False
    for finding in organisation.examine(practice):
        yield finding
        hopeless = hopeless or (finding.verdict == "fail" and finding.check in NEEDED)
    if hopeless:
        return
    try:
        identity = practice.probe.identity()
    except AccessDenied:  # somebody disconnected meanwhile, which the next visit will say
        return
    progress(0, len(chosen))
    with ThreadPoolExecutor(AT_ONCE) as workers:
        visits = workers.map(lambda one: list(rooms.examine(practice, one, identity)), chosen)
        for done, findings in enumerate(visits, 1):
            yield from findings
            progress(done, len(chosen))


def _chosen(linked: list[Patient], wanted: Collection[str]) -> list[Patient]:
    known = {one.stored.room.slug: one for one in linked}
    for slug in wanted:
        if slug not in known:
            raise UsageError(f"There is no linked room with the address {slug!r}: `kiosk rooms list` shows them.")
    return [known[slug] for slug in wanted] if wanted else linked
