"""Every request that leaves for Google is counted, those too that libraries make by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.errors import SourceError
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.channels import GoogleChannels
from kiosk.google.directory import GoogleDirectory
from kiosk.source import Window
from tests.running import ADMIN, SERVICE_USER, wait_for

START = datetime(2026, 8, 10, tzinfo=UTC)
FAULTS = {
    "none": None,
    "connection that had died": Fault("drop_before"),
    "answer lost": Fault("drop_after"),
    "never an answer": Fault("drop_before", times=0),
    "token ended": Fault("revoke"),
    "token never good": Fault("status", "Events", status=401, times=0),
    "token at the second try": Fault("status", "token", status=503, times=1),
}


@dataclass
class Counter:
    """Requests as our side counts them: a call's own, and those it says were made beyond it."""

    google: Emulator
    key: str
    hidden: list[None] = field(default_factory=list)

    def spent(self) -> None:
        self.hidden.append(None)

    def seen(self) -> int:
        return sum(self.google.service.traffic.counts().values())


@pytest.fixture
def counter(google: Emulator, tmp_path: Path) -> Iterator[Counter]:
    google.write_credentials(tmp_path / "key.json")
    google.service.traffic.reset()
    yield Counter(google, str(tmp_path / "key.json"))
    google.service.faults.clear()


@pytest.mark.parametrize("name", FAULTS)
def test_every_request_for_a_page_is_counted(counter: Counter, name: str) -> None:
    room, window = counter.google.world.rooms()[0].id, Window(START, START + timedelta(days=1))
    with closing(
        GoogleCalendars(by_file(counter.key, SERVICE_USER, counter.google.url, spent=counter.spent))
    ) as source:
        source.page(room, window)
        if fault := FAULTS[name]:
            counter.google.service.faults.order(replace(fault))
        if name.startswith("token at"):
            counter.google.world.revoke_tokens()
        with suppress(SourceError):
            source.page(room, window)
    wait_for(lambda: counter.seen() == 2 + len(counter.hidden))
    assert fault is None or len(counter.hidden) > 1  # the first is the token


def test_a_persons_requests_are_counted(counter: Counter) -> None:
    room, person = counter.google.world.rooms()[0].id, counter.google.world.people()[0].id
    with closing(
        GoogleCalendars(by_file(counter.key, SERVICE_USER, counter.google.url, spent=counter.spent))
    ) as source:
        counter.google.service.faults.order(Fault("drop_before", "Events"))
        with suppress(SourceError):
            source.get(room, "nothing", person)
    wait_for(lambda: counter.seen() == 3)
    assert len(counter.hidden) == 2


def test_requests_for_channels_and_of_the_directory_are_counted(counter: Counter) -> None:
    counter.google.service.faults.order(Fault("drop_before", "Channels"))
    channels = GoogleChannels(by_file(counter.key, SERVICE_USER, counter.google.url, spent=counter.spent))
    directory = GoogleDirectory(by_file(counter.key, ADMIN, counter.google.url, spent=counter.spent))
    with closing(channels), closing(directory):
        channels.stop("none", "none")
        wait_for(lambda: counter.seen() == 3)
        assert len(counter.hidden) == 2
        counter.google.service.faults.order(Fault("drop_before", "irectory"))
        directory.people()
    wait_for(lambda: counter.seen() == 6)
    assert len(counter.hidden) == 4
