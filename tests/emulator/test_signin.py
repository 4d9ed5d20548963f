"""Signing in with Google: consent, code with PKCE, id token and its keys, refresh and revocation."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import google.auth.transport.requests
import jwt
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.oauth2 import id_token

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World
from tests.emulator.conftest import ADA, BOB, CALENDAR, Connect, Rooms
from tests.emulator.discovery import check

BACK = "http://127.0.0.1:5000/signed-in"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def question(emulator: Emulator, **more: str) -> str:
    asked = {
        "client_id": emulator.client.id, "redirect_uri": BACK, "response_type": "code",
        "scope": "openid email profile", "state": "s1", "nonce": "n1", "access_type": "offline",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | more  # fmt: skip
    return f"{emulator.url}/o/oauth2/v2/auth?{urlencode(asked)}"


def decide(emulator: Emulator, person: str = ADA, **more: str) -> dict[str, str]:
    """What the program is told when that person decides."""
    form = {"person": person}
    answer = requests.post(question(emulator, **more), data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(BACK)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def redeem(emulator: Emulator, code: str, **more: str | None) -> requests.Response:
    form: dict[str, str | None] = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER,
        "client_id": emulator.client.id, "client_secret": emulator.client.secret,
    } | more  # fmt: skip
    return requests.post(f"{emulator.url}/token", data=form, timeout=10)


def signed_in(emulator: Emulator, person: str = ADA, **more: str) -> dict[str, Any]:
    granted: dict[str, Any] = redeem(emulator, decide(emulator, person, **more)["code"]).json()
    return granted


def refresh(emulator: Emulator, token: str) -> requests.Response:
    return redeem(emulator, "", grant_type="refresh_token", refresh_token=token)


def claims(emulator: Emulator, token: str) -> dict[str, Any]:
    keys = jwt.PyJWKClient(f"{emulator.url}/oauth2/v3/certs")
    key = keys.get_signing_key_from_jwt(token)
    stated: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], audience=emulator.client.id)
    return stated


def test_the_page_shows_who_one_can_be_and_what_is_asked(emulator: Emulator) -> None:
    page = requests.get(question(emulator, login_hint=BOB), timeout=10)
    assert page.status_code == 200
    assert page.text.index(BOB) < page.text.index(ADA)
    assert "see your e-mail address" in page.text


def test_who_agrees_is_sent_back_with_a_code_and_the_state(emulator: Emulator) -> None:
    told = decide(emulator)
    assert told["state"] == "s1"
    assert told["code"].startswith("4/0A")
    assert told["hd"] == "kiosk.example"


def test_who_does_not_agree_is_sent_back_with_an_error(emulator: Emulator) -> None:
    assert decide(emulator, "") == {"state": "s1", "error": "access_denied"}


def test_a_silent_question_needs_a_page(emulator: Emulator) -> None:
    answer = requests.get(question(emulator, prompt="none"), allow_redirects=False, timeout=10)
    assert "error=login_required" in answer.headers["Location"]


def test_the_id_token_says_who_it_is_and_is_signed(emulator: Emulator) -> None:
    granted = signed_in(emulator)
    stated = claims(emulator, granted["id_token"])
    assert stated["iss"] == "https://accounts.google.com"
    assert (stated["email"], stated["email_verified"], stated["hd"]) == (ADA, True, "kiosk.example")
    assert (stated["name"], stated["given_name"], stated["family_name"]) == ("Ada Okafor", "Ada", "Okafor")
    assert stated["nonce"] == "n1"
    assert stated["exp"] - stated["iat"] == 3600
    half = hashlib.sha256(granted["access_token"].encode()).digest()[:16]
    assert stated["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")


def test_googles_library_accepts_the_id_token(emulator: Emulator) -> None:
    token = signed_in(emulator)["id_token"]
    with requests.Session() as session:
        stated = id_token.verify_token(
            token, google.auth.transport.requests.Request(session), emulator.client.id,
            certs_url=f"{emulator.url}/oauth2/v1/certs",
        )  # fmt: skip
    assert stated["email"] == ADA


def test_the_subject_stays_the_same_and_differs_between_people(emulator: Emulator) -> None:
    subjects = [claims(emulator, signed_in(emulator, who)["id_token"])["sub"] for who in (ADA, ADA, BOB)]
    assert subjects[0] == subjects[1] != subjects[2]


def test_somebody_elsewhere_signs_in_without_a_domain(emulator: Emulator) -> None:
    stated = claims(emulator, signed_in(emulator, "eve@elsewhere.example")["id_token"])
    assert (stated["email"], "hd" in stated) == ("eve@elsewhere.example", False)


def test_a_domain_narrows_who_can_sign_in(emulator: Emulator, world: World, rooms: Rooms) -> None:
    world.add_person("sue@kiosk.example", "Sue Walsh", suspended=True)
    for person in ("eve@elsewhere.example", "sue@kiosk.example", rooms.oak):
        answer = requests.post(question(emulator, hd="kiosk.example"), data={"person": person}, timeout=10)
        assert (answer.status_code, "access_denied" in answer.text) == (403, True)
    assert "elsewhere" not in requests.get(question(emulator, hd="kiosk.example"), timeout=10).text


def test_scopes_come_back_by_their_full_names(emulator: Emulator) -> None:
    assert signed_in(emulator)["scope"] == (
        "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile"
    )


def test_no_id_token_without_openid(emulator: Emulator) -> None:
    assert "id_token" not in signed_in(emulator, scope=" ".join(CALENDAR))


def test_a_refresh_token_comes_with_the_first_consent_only(emulator: Emulator) -> None:
    assert "refresh_token" in signed_in(emulator)
    assert "refresh_token" not in signed_in(emulator)
    assert "refresh_token" in signed_in(emulator, prompt="consent")
    assert "refresh_token" not in signed_in(emulator, BOB, access_type="online")


def test_earlier_scopes_are_added_when_asked_for(emulator: Emulator) -> None:
    signed_in(emulator, scope=CALENDAR[0])
    both = signed_in(emulator, scope="openid", include_granted_scopes="true")
    assert set(both["scope"].split()) == {"openid", CALENDAR[0]}


def test_a_refresh_token_gives_access_again_and_again(emulator: Emulator, rooms: Rooms) -> None:
    granted = signed_in(emulator, scope=f"openid email {CALENDAR[0]}")
    for _ in range(2):
        renewed = refresh(emulator, granted["refresh_token"]).json()
        headers = {"Authorization": f"Bearer {renewed['access_token']}"}
        url = f"{emulator.url}/calendar/v3/calendars/{rooms.oak}"
        assert requests.get(url, headers=headers, timeout=10).status_code == 200
        assert claims(emulator, renewed["id_token"])["email"] == ADA


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_consent_ends_both_tokens(emulator: Emulator, which: str) -> None:
    granted = signed_in(emulator)
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert requests.get(f"{emulator.url}/v1/userinfo", headers=headers, timeout=10).status_code == 200
    answer = requests.post(f"{emulator.url}/revoke", data={"token": granted[which]}, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {})
    assert requests.get(f"{emulator.url}/v1/userinfo", headers=headers, timeout=10).status_code == 401
    assert refresh(emulator, granted["refresh_token"]).json()["error"] == "invalid_grant"
    again = requests.post(f"{emulator.url}/revoke", data={"token": granted[which]}, timeout=10)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_a_suspended_person_is_refused_a_new_token(emulator: Emulator, world: World) -> None:
    granted = signed_in(emulator)
    world.add_person(ADA, "Ada Okafor", suspended=True)
    assert refresh(emulator, granted["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_is_good_once(emulator: Emulator) -> None:
    code = decide(emulator)["code"]
    assert redeem(emulator, code).status_code == 200
    assert redeem(emulator, code).json()["error"] == "invalid_grant"


def test_a_code_is_good_for_ten_minutes(emulator: Emulator) -> None:
    code = decide(emulator)["code"]
    requests.patch(f"{emulator.url}/control/settings", json={"clock_offset": 601}, timeout=10)
    assert redeem(emulator, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ({"code": "4/0Anothing"}, 400, "invalid_grant"),
        ({"code_verifier": "x" * 64}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:5000/other"}, 400, "redirect_uri_mismatch"),
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
    ],
)
def test_a_code_is_redeemed_by_who_asked_for_it(
    emulator: Emulator, wrong: dict[str, str | None], status: int, error: str
) -> None:
    code = decide(emulator)["code"]
    answer = redeem(emulator, **({"code": code} | wrong))  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert redeem(emulator, code).status_code == 200


def test_a_program_may_prove_itself_in_the_header(emulator: Emulator) -> None:
    form = {"grant_type": "authorization_code", "code": decide(emulator)["code"], "redirect_uri": BACK,
            "code_verifier": VERIFIER}  # fmt: skip
    auth = (emulator.client.id, emulator.client.secret)
    assert requests.post(f"{emulator.url}/token", data=form, auth=auth, timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "status", "word"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"redirect_uri": ""}, 400, "redirect_uri_mismatch"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"code_challenge_method": "S512"}, 400, "invalid_request"),
        ({"scope": ""}, 400, "invalid_request"),
    ],
)
def test_a_question_that_makes_no_sense_sends_nobody_back(
    emulator: Emulator, wrong: dict[str, str], status: int, word: str
) -> None:
    for answer in (
        requests.get(question(emulator, **wrong), allow_redirects=False, timeout=10),
        requests.post(question(emulator, **wrong), data={"person": ADA}, allow_redirects=False, timeout=10),
    ):
        assert (answer.status_code, word in answer.text) == (status, True)


def test_a_program_with_registered_addresses_returns_there_alone(emulator: Emulator, world: World) -> None:
    client = world.add_client("Panel", [BACK])
    assert requests.get(question(emulator, client_id=client.id), timeout=10).status_code == 200
    elsewhere = question(emulator, client_id=client.id, redirect_uri=BACK + "/more")
    assert "redirect_uri_mismatch" in requests.get(elsewhere, timeout=10).text


def test_everything_is_found_by_the_discovery_document(emulator: Emulator) -> None:
    found = requests.get(f"{emulator.url}/.well-known/openid-configuration", timeout=10).json()
    assert found["issuer"] == "https://accounts.google.com"
    assert found["code_challenge_methods_supported"] == ["plain", "S256"]
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"):
        assert requests.request("POST" if "token" in name else "GET", found[name], timeout=10).status_code != 404


def test_userinfo_tells_what_the_scopes_allow(emulator: Emulator) -> None:
    token = signed_in(emulator, scope="openid email")["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    new = requests.get(f"{emulator.url}/v1/userinfo", headers=headers, timeout=10).json()
    assert new.keys() == {"sub", "hd", "email", "email_verified"}
    old = requests.get(f"{emulator.url}/oauth2/v2/userinfo", headers=headers, timeout=10)
    check("GET", "/oauth2/v2/userinfo", old.status_code, old.content)
    assert old.json()["id"] == new["sub"]


def test_the_certificates_are_kept_and_never_the_private_key(emulator: Emulator) -> None:
    urls = [f"{emulator.url}/oauth2/{version}/certs" for version in ("v1", "v3")]
    first, second = ([requests.get(url, timeout=10).json() for url in urls] for _ in range(2))
    assert first == second
    assert all(text.startswith("-----BEGIN CERTIFICATE") for text in first[0].values())
    assert first[1]["keys"][0].keys() == {"kty", "n", "e", "kid", "alg", "use"}


def test_an_id_token_ends_by_the_clock_of_the_stand_in(emulator: Emulator) -> None:
    requests.patch(f"{emulator.url}/control/settings", json={"clock_offset": -7200}, timeout=10)
    token = signed_in(emulator)["id_token"]
    with pytest.raises(jwt.ExpiredSignatureError):
        claims(emulator, token)
    assert jwt.decode(token, options={"verify_signature": False})["exp"] < time.time()


def test_a_file_of_an_authorized_user_opens_what_the_person_may_see(
    emulator: Emulator, tmp_path: Path, connect: Connect, rooms: Rooms
) -> None:
    path = tmp_path / "user.json"
    emulator.write_authorized_user(path, emulator.world.service_user, CALENDAR)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = json.loads(path.read_text())
    assert content["type"] == "authorized_user"
    assert connect(content).events().list(calendarId=rooms.oak).execute()["accessRole"] == "writer"


def test_a_person_takes_its_consent_back(emulator: Emulator, connect: Connect, rooms: Rooms, world: World) -> None:
    listing = connect(emulator.authorized_user(ADA, CALENDAR)).events().list(calendarId=rooms.oak)
    assert listing.execute()["accessRole"] == "reader"
    world.revoke_consents(ADA)
    with pytest.raises(RefreshError, match="expired or revoked"):
        listing.execute()


def test_the_control_address_hands_out_programs_and_consents(emulator: Emulator) -> None:
    control = f"{emulator.url}/control"
    made = requests.post(f"{control}/clients", json={"name": "Panel", "redirects": [BACK]}, timeout=10).json()
    assert made["web"]["redirect_uris"] == [BACK]
    listed = requests.get(f"{control}/clients", timeout=10).json()["clients"]
    assert made in listed
    given = {"person": ADA, "scopes": list(CALENDAR)}
    user = requests.post(f"{control}/authorized-user", json=given, timeout=10).json()
    client = {"client_id": user["client_id"], "client_secret": user["client_secret"]}
    answer = redeem(emulator, "", grant_type="refresh_token", refresh_token=user["refresh_token"], **client)
    assert answer.status_code == 200
    requests.post(f"{control}/revoke-consents", json={"person": ADA}, timeout=10)
    answer = redeem(emulator, "", grant_type="refresh_token", refresh_token=user["refresh_token"], **client)
    assert answer.json()["error"] == "invalid_grant"
