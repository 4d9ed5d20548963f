"""The access may change while the server runs: the adapters follow, and what worked before is let go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kiosk import clock, runtime
from kiosk.emulator.server import Emulator
from kiosk.errors import AccessDenied, Missing
from kiosk.google.access import Access, Google
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.client import CALENDAR_SCOPES
from kiosk.google.directory import GoogleDirectory
from kiosk.google.probe import GoogleProbe
from tests.running import ADMIN, SERVICE_USER

ADA, BOB = "ada@kiosk.example", "bob@kiosk.example"
WORLD = {
    "domain": "kiosk.example",
    "people": [{"email": ADA, "name": "Ada Okafor"}, {"email": BOB, "name": "Bob Silva"}],
    "rooms": [{"name": "Oak", "domainRole": "none"}],
}


@dataclass
class Changing:
    """An access that a test changes, and the calendars that follow it."""

    google: Emulator
    folder: Path
    access: Access
    calendars: GoogleCalendars

    def key(self, name: str = "key.json") -> str:
        (self.folder / name).write_text(json.dumps(self.google.credentials()))
        return str(self.folder / name)

    def consent(self, person: str) -> str:
        file = self.folder / f"{person}.json"
        file.write_text(json.dumps(self.google.authorized_user(person, CALENDAR_SCOPES)))
        return str(file)

    def room(self) -> str:
        return self.google.world.rooms()[0].id

    def role(self) -> str:
        return self.calendars.describe(self.room()).role


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Changing]:
    with Emulator(WORLD) as google:
        made = Changing(google, tmp_path, Access(), None)  # type: ignore[arg-type]
        made.calendars = GoogleCalendars(Google(lambda: made.access, google.url))
        with closing(made.calendars):
            yield made


def test_without_access_it_says_how_to_connect(changing: Changing) -> None:
    with pytest.raises(AccessDenied, match="kiosk connect FILE") as error:
        changing.calendars.check()
    assert error.value.reason == "notConnected"


def test_connecting_takes_effect_with_the_next_request(changing: Changing) -> None:
    with pytest.raises(AccessDenied):
        changing.role()
    changing.access = Access(changing.key(), SERVICE_USER)
    assert changing.role() == "writer"


def test_another_subject_sees_what_it_may_see(changing: Changing) -> None:
    changing.access = Access(changing.key(), SERVICE_USER)
    assert changing.role() == "writer"
    changing.access = Access(changing.key(), ADA)
    with pytest.raises(Missing):
        changing.role()


def test_disconnecting_ends_what_a_token_still_allows(changing: Changing) -> None:
    changing.access = Access(changing.key(), SERVICE_USER)
    changing.calendars.check()
    changing.access = Access()
    with pytest.raises(AccessDenied):
        changing.role()


def test_credentials_of_another_kind_take_over_for_people_too(changing: Changing) -> None:
    changing.access = Access(changing.key(), SERVICE_USER)
    with pytest.raises(Missing):  # Ada's calendar is read in her name, and holds no such event
        changing.calendars.get(changing.room(), "nothing0", ADA)
    changing.access = Access(changing.consent(ADMIN))
    with pytest.raises(AccessDenied, match="delegation"):
        changing.calendars.get(changing.room(), "nothing0", ADA)
    changing.access = Access(changing.key(), SERVICE_USER)
    with pytest.raises(Missing):
        changing.calendars.get(changing.room(), "nothing0", ADA)


def test_unchanged_access_is_loaded_once(changing: Changing) -> None:
    changing.access = Access(changing.key(), SERVICE_USER)
    changing.role()
    (changing.folder / "key.json").unlink()
    assert changing.role() == "writer"
    assert changing.google.service.traffic.counts()["token"] == 1


def test_directory_is_read_as_who_may_read_it(changing: Changing) -> None:
    key = changing.key()
    for access, rooms in ((Access(key, SERVICE_USER, ADMIN), ["Oak"]), (Access(key, ADMIN), ["Oak"])):
        directory = GoogleDirectory(Google(lambda access=access: access, changing.google.url))  # type: ignore[misc]
        with closing(directory):
            assert [one.name for one in directory.resources()] == rooms


def test_access_is_never_looked_up_in_a_real_thread(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a lock of the database, which a real thread must not: that would stop the server."""
    away: list[bool] = []
    access = Access(changing.key(), SERVICE_USER, ADMIN)

    def offload(act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        away.append(True)
        try:
            return act(*args, **kwargs)
        finally:
            away.pop()

    def looked_up() -> Access:
        assert not away
        return access

    monkeypatch.setattr(runtime, "offload", offload)
    google = Google(looked_up, changing.google.url)
    probe = GoogleProbe(google)
    probe.identity()
    probe.token(CALENDAR_SCOPES, ADA)
    probe.ahead(clock.now)
    with closing(GoogleCalendars(google)) as calendars:
        calendars.describe(changing.room())
        with pytest.raises(Missing):
            calendars.get(changing.room(), "nothing0", ADA)
