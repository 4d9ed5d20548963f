"""Signing in with Google, through the stand-in's own page and keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from kiosk.emulator import identity
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.errors import AccessDenied, Unreachable
from kiosk.google.signin import GoogleSignIn, begin
from kiosk.schedule.model import Person

ADA, EVE = "ada@kiosk.example", "eve@elsewhere.example"
WORLD = {"domain": "kiosk.example", "people": [{"email": ADA, "name": "Ada Okafor"}], "rooms": [{"name": "Oak"}]}
BACK = "http://127.0.0.1:5000/signed-in"
ATTEMPT = begin()


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD) as emulator:
        yield emulator


@pytest.fixture
def file(google: Emulator, tmp_path: Path) -> Path:
    """The client file as downloaded; where it says things are does not matter."""
    path = tmp_path / "client.json"
    path.write_text(json.dumps(google.client.as_file("https://elsewhere.example")))
    return path


@pytest.fixture
def signin(google: Emulator, file: Path) -> GoogleSignIn:
    return GoogleSignIn(str(file), ["Kiosk.example"], google.url)


def agree(address: str, person: str = ADA) -> dict[str, str]:
    """What comes back when that person agrees on the page."""
    answer = requests.post(address, data={"person": person}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def code(signin: GoogleSignIn) -> str:
    return agree(signin.address(ATTEMPT, BACK))["code"]


def refused(signin: GoogleSignIn, given: str, **more: str) -> str:
    """Return why that code lets nobody in."""
    attempt = replace(ATTEMPT, **{name: value for name, value in more.items() if name != "back"})
    with pytest.raises(AccessDenied) as error:
        signin.person(given, attempt, more.get("back", BACK))
    return error.value.reason


def test_person_who_agrees_is_known_by_address_and_name(signin: GoogleSignIn) -> None:
    told = agree(signin.address(ATTEMPT, BACK))
    assert told["state"] == ATTEMPT.state
    assert signin.person(told["code"], ATTEMPT, BACK) == Person(ADA, "Ada Okafor")


def test_page_suggests_an_address_and_a_choice_of_accounts(signin: GoogleSignIn) -> None:
    asked = dict(parse_qsl(urlsplit(signin.address(ATTEMPT, BACK, ADA)).query))
    assert (asked["login_hint"], asked["prompt"], asked["hd"]) == (ADA, "select_account", "kiosk.example")
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid email profile", "S256")
    assert ATTEMPT.verifier not in asked.values()


def test_no_two_attempts_are_alike() -> None:
    one, other = begin(), begin()
    secrets = {one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}
    assert len(secrets) == 6
    assert all(43 <= len(secret) <= 128 for secret in secrets)


def test_code_is_good_once(signin: GoogleSignIn) -> None:
    given = code(signin)
    signin.person(given, ATTEMPT, BACK)
    assert refused(signin, given) == "invalid_grant"


def test_code_of_another_attempt_lets_nobody_in(signin: GoogleSignIn) -> None:
    assert refused(signin, code(signin), verifier=begin().verifier) == "invalid_grant"
    assert refused(signin, code(signin), nonce=begin().nonce) == "nonce"
    assert refused(signin, code(signin), nonce="") == "nonce"
    assert refused(signin, code(signin), back=f"{BACK}/elsewhere") == "redirect_uri_mismatch"


def test_account_of_another_organisation_is_refused_whatever_the_page_was_asked(signin: GoogleSignIn) -> None:
    address = signin.address(ATTEMPT, BACK).replace("hd=kiosk.example", "hd=")
    assert refused(signin, agree(address, EVE)["code"]) == "domain"


def test_several_domains_are_let_in(google: Emulator, file: Path) -> None:
    signin = GoogleSignIn(str(file), ["other.example", "kiosk.example"], google.url)
    assert signin.person(code(signin), ATTEMPT, BACK).email == ADA
    assert refused(signin, agree(signin.address(ATTEMPT, BACK), EVE)["code"]) == "domain"
    assert refused(GoogleSignIn(str(file), [], google.url), code(signin)) == "domain"


def test_statement_with_a_key_that_is_not_googles_is_refused(
    signin: GoogleSignIn, google: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = identity.certificates(google.service.store)
    given = code(signin)
    identity.rotate(google.service.store)
    monkeypatch.setattr(identity, "certificates", lambda store: real)
    assert refused(signin, given) == "id_token"


@pytest.mark.parametrize(("hours", "reason"), [(-2, "id_token"), (2, "id_token")])
def test_statement_of_another_time_is_refused(signin: GoogleSignIn, google: Emulator, hours: int, reason: str) -> None:
    google.advance(timedelta(hours=hours))
    assert refused(signin, code(signin)) == reason


def test_statement_of_somebody_else_than_google_is_refused(
    signin: GoogleSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "ISSUER", "https://accounts.elsewhere.example")
    assert refused(signin, code(signin)) == "id_token"


def test_statement_made_for_another_program_is_refused(
    signin: GoogleSignIn, google: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = identity.id_token
    monkeypatch.setattr(identity, "id_token", lambda store, client, *rest: real(store, "another", *rest))
    assert refused(signin, code(signin)) == "id_token"


def test_address_that_google_does_not_vouch_for_is_refused(
    signin: GoogleSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = identity.profile
    monkeypatch.setattr(identity, "profile", lambda *given: real(*given) | {"email_verified": False})
    assert refused(signin, code(signin)) == "email"


def test_google_that_does_not_answer_is_no_refusal(signin: GoogleSignIn, google: Emulator) -> None:
    for fault in (Fault("status", operation="token", status=503), Fault("truncate", operation="token")):
        given = code(signin)
        google.service.faults.order(fault)
        with pytest.raises(Unreachable):
            signin.person(given, ATTEMPT, BACK)
    google.stop()
    with pytest.raises(Unreachable):
        signin.person("4/0A", ATTEMPT, BACK)


def test_wrong_secret_is_told_by_googles_word(signin: GoogleSignIn, file: Path) -> None:
    given = code(signin)
    content = json.loads(file.read_text())
    content["web"]["client_secret"] = "guess"
    file.write_text(json.dumps(content))
    assert refused(signin, given) == "invalid_client"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"installed": {}}', '{"web": {"client_id": "x"}}'])
def test_file_of_something_else_is_named(content: str, file: Path) -> None:
    file.write_text(content)
    with pytest.raises(AccessDenied, match=r"client.json' is not the file of an OAuth client"):
        GoogleSignIn(str(file), ["kiosk.example"], "").address(ATTEMPT, BACK)


def test_without_another_server_it_is_google(file: Path) -> None:
    signin = GoogleSignIn(str(file), ["kiosk.example"], "")
    assert signin.address(ATTEMPT, BACK).startswith("https://accounts.google.com/o/oauth2/v2/auth?")
