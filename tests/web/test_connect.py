"""Connecting the organisation: tried before it is taken over, kept secret, noticed by everybody, ended for good."""

from __future__ import annotations

import io
import json
import re
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from werkzeug.test import TestResponse

from kiosk import app, assembly, clock, settings
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.errors import AccessDenied, UsageError
from kiosk.google.client import CALENDAR_SCOPES, DIRECTORY_SCOPES
from kiosk.google.consent import ALL_SCOPES
from kiosk.schedule.model import Event, Room
from kiosk.store import acts, directory, events, leases, rooms, tasks
from kiosk.sync.connecting import Actor, Offer
from tests.running import ADMIN, SERVICE_USER, wait_for
from tests.web.visitors import Reception, Visitor

WORLD = {"domain": "kiosk.example", "people": [], "rooms": [{"name": "Oak"}, {"name": "Elm"}]}
ACTOR = Actor("anna@kiosk.example", "here")
BACK = "http://localhost/admin/google/back"


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD) as emulator:
        yield emulator


@pytest.fixture
def office(google: Emulator, tmp_path: Path) -> Iterator[Reception]:
    """A server that could reach Google and is not connected, with one room of its own."""
    with closing(opened(google, tmp_path)) as parts:
        parts.store.write(rooms.add, Room("oak", "Oak", clock.zone("Europe/Berlin"), "Berlin"))
        yield Reception(parts, app.build(parts))


def opened(google: Emulator, folder: Path, **more: str) -> assembly.Parts:
    given = {
        "database_url": f"sqlite:///{folder / 'kiosk.db'}",
        "secrets": str(folder / "secrets"),
        "google_endpoint": google.url,
        "async_mode": "threading",
    }
    return assembly.open_parts(settings.load({}, **given | more))


def upload(visitor: Visitor, content: Any, path: str = "/admin/google/file", **fields: str) -> TestResponse:
    file = (io.BytesIO(json.dumps(content).encode()), "key.json")
    return visitor.post(path, file=file, **fields)


def connect(office: Reception, google: Emulator, **more: str) -> None:
    given = {"subject": SERVICE_USER, "admin_subject": ADMIN} | more
    office.parts.connecting.connect(Offer(json.dumps(google.credentials()), **given), ACTOR)


def secrets_of(office: Reception) -> list[Path]:
    return sorted(Path(office.parts.settings.secrets).glob("*"))


def test_uploaded_key_connects_and_says_what_to_do_next(office: Reception, google: Emulator) -> None:
    anna = office.account("admin")
    answer = upload(anna, google.credentials(), subject=SERVICE_USER, admin_subject=ADMIN)
    assert (answer.status_code, answer.location) == (303, "/admin/google")
    page = anna.get("/admin/google").text
    assert all(words in page for words in ("Connected", "kiosk.example", SERVICE_USER, "/admin/rooms/import"))
    assert len(office.parts.directory.resources()) == 2


def test_key_named_by_its_path_on_the_server_is_copied(office: Reception, google: Emulator, tmp_path: Path) -> None:
    google.write_credentials(tmp_path / "key.json")
    office.account("admin").post("/admin/google/file", on_server=str(tmp_path / "key.json"), subject=SERVICE_USER)
    (tmp_path / "key.json").unlink()
    office.parts.calendars.check()


def test_secret_is_readable_by_the_server_alone_and_never_shown(office: Reception, google: Emulator) -> None:
    connect(office, google)
    (file,) = secrets_of(office)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (file, file.parent)] == [0o600, 0o700]
    page = office.account("admin").get("/admin/google").text
    with office.parts.store.read() as db:
        logged = str(acts.recent(db))
    for secret in (google.credentials()["private_key"][40:80], google.credentials()["private_key_id"]):
        assert secret not in page + logged + file.name


def test_what_works_stays_when_the_new_one_does_not(office: Reception, google: Emulator) -> None:
    connect(office, google)
    before = secrets_of(office)
    answer = upload(office.account("admin"), google.world.key(google.url), subject="nobody@kiosk.example")
    assert answer.status_code == 422
    assert "Google knows no active user nobody@kiosk.example" in answer.text
    assert secrets_of(office) == before
    office.parts.calendars.check()
    with office.parts.store.read() as db:
        assert (acts.recent(db)[0].act, acts.recent(db)[0].result) == ("connect", "refused")


def test_missing_delegation_shows_what_to_paste(office: Reception, google: Emulator) -> None:
    google.world.delegate()
    answer = upload(office.account("admin"), google.credentials(), subject=SERVICE_USER)
    assert (answer.status_code, secrets_of(office)) == (422, [])
    assert google.credentials()["client_id"] in answer.text
    assert ",".join(ALL_SCOPES) in answer.text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "neither a service account"),
        ({"type": "service_account"}, "neither a service account"),
        ({"web": {"client_id": "x", "client_secret": "y"}}, "OAuth client"),
        (
            {"type": "service_account", "client_email": "a", "private_key": "b", "token_uri": "http://10.0.0.1/"},
            "10.0.0.1",
        ),
    ],
)
def test_file_of_something_else_is_refused(office: Reception, content: Any, says: str) -> None:
    answer = upload(office.account("admin"), content)
    assert (answer.status_code, says in answer.text, secrets_of(office)) == (422, True, [])


def test_file_on_the_server_that_is_no_key_is_not_shown(office: Reception, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the weather in Lisbon")
    answer = office.account("admin").post("/admin/google/file", on_server=str(tmp_path / "secret.txt"))
    assert (answer.status_code, "Lisbon" in answer.text) == (422, False)


def test_google_that_is_away_changes_nothing(office: Reception, google: Emulator) -> None:
    connect(office, google)
    google.service.faults.order(Fault("drop_before", "token", times=0))
    answer = upload(office.account("admin"), google.world.key(google.url), subject=ADMIN)
    google.service.faults.clear()
    assert (answer.status_code, "network" in answer.text, len(secrets_of(office))) == (422, True, 1)


def test_new_credentials_take_the_place_of_the_old(office: Reception, google: Emulator) -> None:
    connect(office, google)
    (old,) = secrets_of(office)
    upload(office.account("admin"), google.world.key(google.url), subject=ADMIN)
    (new,) = secrets_of(office)
    assert new != old
    current = office.parts.connecting.current()
    assert current
    assert (current.subject, current.who) == (ADMIN, "admin@kiosk.example")


def test_connecting_in_another_process_is_noticed(office: Reception, google: Emulator, tmp_path: Path) -> None:
    with closing(opened(google, tmp_path)) as other:
        Reception(other, office.server)
        other.connecting.connect(Offer(json.dumps(google.credentials()), SERVICE_USER, ADMIN), ACTOR)
    office.parts.calendars.check()
    assert office.server.following.step(clock.now())


def test_directory_is_not_read_before_anything_is_connected(office: Reception, google: Emulator) -> None:
    assert not office.server.following.step(clock.now())
    connect(office, google)
    with office.parts.store.read() as db:
        assert (directory.due_at(db) or clock.now()) <= clock.now()
    assert office.server.following.step(clock.now())


def test_named_credentials_win_and_the_page_says_so(google: Emulator, tmp_path: Path) -> None:
    google.write_credentials(tmp_path / "key.json")
    with closing(opened(google, tmp_path, google_credentials=str(tmp_path / "key.json"))) as parts:
        named = Reception(parts, app.build(parts))
        anna = named.account("admin")
        assert "set by KIOSK_GOOGLE_CREDENTIALS" in anna.get("/admin/google").text
        answer = upload(anna, google.credentials(), subject=SERVICE_USER)
        assert (answer.status_code, "unset it" in answer.text) == (422, True)


def keep_client(office: Reception, google: Emulator, anna: Visitor) -> None:
    client = google.world.add_client("Rooms", [BACK])
    assert upload(anna, client.as_file(google.url), "/admin/google/client").status_code == 303


def ask(anna: Visitor) -> str:
    answer = anna.post("/admin/google/consent")
    assert answer.status_code == 303
    return str(answer.location)


def agree(address: str, person: str = ADMIN, scopes: list[str] | None = None) -> dict[str, str]:
    """Agree on Google's page, perhaps to some rights only."""
    if scopes is not None:
        asked = dict(parse_qsl(urlsplit(address).query))
        address = (
            requests.Request("GET", address.split("?", maxsplit=1)[0], params=asked | {"scope": " ".join(scopes)})
            .prepare()
            .url
            or ""
        )
    answer = requests.post(address, data={"person": person}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def test_consent_asks_for_the_least_with_all_that_makes_it_safe(office: Reception, google: Emulator) -> None:
    anna = office.account("admin")
    keep_client(office, google, anna)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(ask(anna)).query).items()}
    assert set(asked["scope"].split()) == {"openid", "email", *ALL_SCOPES}
    assert (asked["access_type"], asked["prompt"], asked["code_challenge_method"]) == ("offline", "consent", "S256")
    assert (asked["redirect_uri"], len(asked["state"]) > 40) == (BACK, True)


def test_administrator_who_agrees_connects_the_organisation(office: Reception, google: Emulator) -> None:
    anna = office.account("admin")
    keep_client(office, google, anna)
    told = agree(ask(anna))
    assert anna.get("/admin/google/back", query_string=told).status_code == 303
    current = office.parts.connecting.current()
    assert current
    assert (current.kind, current.account, current.domain) == ("authorized_user", ADMIN, "kiosk.example")
    assert len(office.parts.directory.resources()) == 2
    google.world.revoke_tokens()
    office.parts.calendars.check()


def test_consent_without_a_needed_right_changes_nothing(office: Reception, google: Emulator) -> None:
    anna = office.account("admin")
    keep_client(office, google, anna)
    told = agree(ask(anna), scopes=["openid", "email", CALENDAR_SCOPES[0]])
    answer = anna.get("/admin/google/back", query_string=told)
    assert (answer.status_code, "Make, move and cancel events" in answer.text) == (422, True)
    assert office.parts.connecting.current() is None


def test_consent_without_a_right_that_may_be_left_out_connects_and_says_so(office: Reception, google: Emulator) -> None:
    anna = office.account("admin")
    keep_client(office, google, anna)
    told = agree(ask(anna), scopes=["openid", "email", *CALENDAR_SCOPES, *DIRECTORY_SCOPES])
    anna.get("/admin/google/back", query_string=told)
    assert "Without: Read your people" in anna.get("/admin/google").text


def test_consent_that_is_not_given_changes_nothing(office: Reception, google: Emulator) -> None:
    anna = office.account("admin")
    keep_client(office, google, anna)
    told = agree(ask(anna), person="")
    anna.get("/admin/google/back", query_string=told)
    assert "was not given" in anna.get("/admin/google").text
    assert office.parts.connecting.current() is None


def test_answer_to_another_browsers_question_is_refused(office: Reception, google: Emulator) -> None:
    anna, eve = office.account("admin"), office.account("admin", email="eve@kiosk.example")
    keep_client(office, google, anna)
    told = agree(ask(anna))
    assert eve.get("/admin/google/back", query_string=told).status_code == 400
    assert anna.get("/admin/google/back", query_string=told | {"state": "guess"}).status_code == 400
    assert anna.get("/admin/google/back", query_string=told).status_code == 400  # an attempt is good for one answer
    assert office.parts.connecting.current() is None


def test_disconnecting_ends_the_consent_at_google(office: Reception, google: Emulator) -> None:
    anna = office.account("admin")
    keep_client(office, google, anna)
    anna.get("/admin/google/back", query_string=agree(ask(anna)))
    current = office.parts.connecting.current()
    assert current
    content = office.parts.connecting.accesses.vault.read(current.file)
    anna.post("/admin/google/disconnect", rooms="keep")
    form = json.loads(content or "") | {"grant_type": "refresh_token"}
    assert requests.post(f"{google.url}/token", data=form, timeout=10).json()["error"] == "invalid_grant"
    assert [one.name for one in secrets_of(office)] == ["oauth-client.json"]
    with pytest.raises(AccessDenied):
        office.parts.calendars.check()


def test_disconnecting_takes_every_room_with_it(office: Reception, google: Emulator) -> None:
    connect(office, google)
    elm = next(one for one in office.parts.directory.resources() if one.name == "Elm")
    room = Room("elm", "Elm", clock.zone("Europe/Berlin"))
    office.parts.store.write(rooms.add_linked, room, elm.calendar_id, clock.now())
    anna = office.account("admin")
    anna.post("/admin/google/disconnect", rooms="leave")
    wait_for(lambda: "Disconnected, with 1 rooms" in anna.get("/admin/google.part").text)
    assert office.parts.connecting.current() is None
    with office.parts.store.read() as db:
        assert rooms.by_slug(db, "elm").calendar_id is None


def test_bookings_that_linking_would_delete_are_counted(office: Reception, google: Emulator) -> None:
    with office.parts.store.read() as db:
        oak = rooms.by_slug(db, "oak")
    start = clock.now() + timedelta(hours=2)
    event = Event("kioskone", start, start + timedelta(hours=1), "Tea", organized_by_room=True)
    office.parts.store.write(events.upsert, oak.id, [event])
    connect(office, google)
    assert "1 future booking made here" in office.account("admin").get("/admin/google").text


@pytest.mark.parametrize("role", ["manager", "viewer", "caterer"])
def test_only_administrators_connect(office: Reception, google: Emulator, role: str) -> None:
    visitor = office.account(role)
    assert visitor.get("/admin/google").status_code == 403
    assert upload(visitor, google.credentials(), subject=SERVICE_USER).status_code == 403
    assert office.parts.connecting.current() is None


def test_nobody_connects_while_somebody_else_does(office: Reception, google: Emulator) -> None:
    store = office.parts.store
    lease = store.write(leases.take, "connect", "the command line", clock.now(), leases.LONGEST)
    assert lease
    with pytest.raises(UsageError, match="right now"):
        connect(office, google)
    assert secrets_of(office) == []
    store.write(leases.give_back, lease)
    connect(office, google)
    assert len(secrets_of(office)) == 1


def test_import_offers_to_link_the_room_that_is_here_and_says_what_goes(office: Reception, google: Emulator) -> None:
    connect(office, google)
    anna, store = office.account("admin"), office.parts.store
    with store.read() as db:
        oak = rooms.by_slug(db, "oak")
    start = clock.now() + timedelta(hours=1)
    store.write(events.upsert, oak.id, [Event("mine", start, start + timedelta(hours=1), "Mine")])
    page = anna.get("/admin/rooms/import").text
    assert "Link Oak (oak), which is here" in page
    assert "Linking it deletes its 1 booking to come." in page
    [address] = re.findall(r'name="as:([^"]+)"', page)
    assert f'<option value="{oak.id} 1">' in page
    assert f'value="{address}">' in page, "what deletes bookings is not chosen beforehand"
    anna.post("/admin/rooms/import", room=address, **{f"as:{address}": f"{oak.id} 1"})
    wait_for(lambda: "Linked the room that was here: oak" in anna.get("/admin/rooms/import.part").text)
    with store.read() as db:
        assert [(one.room.slug, one.calendar_id) for one in rooms.every(db)] == [("oak", address)]


def test_import_adds_a_second_room_of_a_name_where_that_is_wanted(office: Reception, google: Emulator) -> None:
    connect(office, google)
    anna = office.account("admin")
    [address] = re.findall(r'name="as:([^"]+)"', anna.get("/admin/rooms/import").text)
    begun = anna.post("/admin/rooms/import", room=address, **{f"as:{address}": ""})
    wait_for(lambda: "Imported 1 rooms" in anna.get("/admin/rooms/import.part").text)
    told = anna.get(begun.headers["Location"]).text
    assert "Imported 1 rooms" in told, "whoever comes when all is done reads what was done"
    with office.parts.store.read() as db:
        assert {one.room.slug for one in rooms.every(db)} == {"oak", "oak-2"}


def test_manager_links_no_calendar_of_a_person(office: Reception, google: Emulator) -> None:
    connect(office, google)
    refused = office.account("manager").post("/admin/rooms/oak/link", calendar=SERVICE_USER)
    assert refused.headers["Location"] == "/admin/rooms/oak?calendar=rooms-service%40kiosk.example"
    with office.parts.store.read() as db:
        assert tasks.latest_of(db, [f"link:{rooms.by_slug(db, 'oak').id}"], clock.now()) == {}


def test_proxy_that_is_trusted_says_who_asks_and_others_do_not(google: Emulator, tmp_path: Path) -> None:
    for number, places in (("0", {"127.0.0.1"}), ("1", {"203.0.113.9"})):
        folder = tmp_path / number
        with closing(opened(google, folder, trusted_proxies=number)) as parts:
            office = Reception(parts, app.build(parts))
            form = {"csrf": "", "email": "boss@kiosk.example", "password": "x"}
            stranger = office.stranger()
            stranger.headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
            stranger.post("/admin/log-in", **form | {"csrf": stranger.csrf})
            with parts.store.read() as db:
                assert {act.place for act in acts.recent(db)} == places


@pytest.mark.parametrize(
    "text",
    ['{"type": []}', "[" * 60_000, '{"type": "service_account", "client_email": "a@b", "private_key": [1]}', "null"],
)
def test_file_that_makes_no_sense_is_refused_in_words(office: Reception, text: str) -> None:
    anna = office.account("admin")
    sent = anna.post("/admin/google/file", file=(io.BytesIO(text.encode()), "key.json"), subject="", admin_subject="")
    assert (sent.status_code, "This is " in sent.text) == (422, True)
