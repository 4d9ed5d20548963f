"""What a campus is set up with is what nginx, systemd and Docker read, and keeps each browser at one process."""

from __future__ import annotations

import datetime
import ipaddress
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk import clock
from tests.crew import campus, site
from tests.crew.campus import Campus
from tests.crew.machinery import Nginx, free_port
from tests.deploy.test_files import WALLS, words
from tests.running import ROOT, Server, wait_for

HOME = ROOT / "deploy" / "campus"
UNITS = sorted((HOME / "units").glob("*.service"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    given = {"KIOSK_TRUSTED_PROXIES": "1", "KIOSK_OPEN_DISPLAYS": "1"}
    with campus.opened(tmp_path_factory.mktemp("campus"), **given) as found:
        found.start("work")
        yield found


@pytest.fixture(scope="module")
def webs(place: Campus) -> list[Server]:
    return [place.start("web"), place.start("web")]


@pytest.fixture(scope="module")
def front(place: Campus, webs: list[Server]) -> Iterator[str]:
    """The address of an nginx before both, with a certificate of its own."""
    folder = place.folder / "nginx"
    folder.mkdir()
    certificate(folder)
    ports, plain = [int(one.url.rpartition(":")[2]) for one in webs], free_port()
    server = Nginx(folder, written=lambda folder, port: site.written(folder, port, ports, plain))
    server.start()
    yield f"https://127.0.0.1:{server.port}"
    server.stop()


def certificate(folder: Path) -> None:
    """Write a certificate for 127.0.0.1, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(here, critical=False).sign(key, hashes.SHA256())
    (folder / "tls.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.key").write_bytes(key.private_bytes(*form))


@pytest.fixture
def browser(place: Campus) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # its certificates would win over those said here
        session.verify = str(place.folder / "nginx" / "tls.pem")
        yield session


def test_browser_stays_at_one_process(front: str, webs: list[Server], browser: requests.Session) -> None:
    page = browser.get(f"{front}/lobby/all", timeout=20)
    way = page.cookies["kiosk_way"]
    assert page.headers["Strict-Transport-Security"]
    before = [asked(one) for one in webs]
    for _ in range(6):
        assert "kiosk_way" not in browser.get(f"{front}/lobby/all", timeout=20).cookies
    assert browser.cookies["kiosk_way"] == way
    after = [asked(one) for one in webs]
    assert sorted(more - less for more, less in zip(after, before, strict=True)) == [0, 6]


def asked(server: Server) -> int:
    """Return how many pages a process has answered."""
    found = re.findall(r'kiosk_http_answers_total\{.*part="pages".*\} (\d+)', server.get("/metrics").text)
    return sum(map(int, found))


def test_screen_is_told_through_it(front: str, place: Campus, browser: requests.Session) -> None:
    client, told = socketio.Client(reconnection=False, http_session=browser), []
    client.on("tracks", told.append)
    slug = browser.get(f"{front}/api/v1/rooms", timeout=20).json()["rooms"][0]["slug"]
    client.connect(front, transports=["websocket"])
    client.call("show", {"display": "door", "slug": slug, "version": ""}, timeout=20)
    made = browser.post(f"{front}/api/v1/rooms/{slug}/bookings", json={"minutes": 15}, timeout=30)
    assert made.status_code == 201, made.text
    wait_for(lambda: told)
    client.disconnect()


def test_process_that_has_died_is_passed_by(
    front: str, place: Campus, webs: list[Server], browser: requests.Session
) -> None:
    third = place.start("web")
    third.process.kill()
    webs[1].process.kill()
    for _ in range(8):
        browser.cookies.clear()
        assert browser.get(f"{front}/healthz", timeout=20).status_code == 200
    again(webs[1])


def test_screens_come_to_a_process_that_had_died_when_the_other_one_dies(
    front: str, webs: list[Server], browser: requests.Session
) -> None:
    webs[0].process.kill()
    before = [comes(front, browser) for _ in range(8)]
    again(webs[0])
    webs[1].process.kill()
    after = [comes(front, browser) for _ in range(8)]
    assert [one.connected for one in after] == [True] * 8
    for one in (*before, *after):
        one.disconnect()
    again(webs[1])


def test_screen_that_starts_while_nobody_serves_is_told_and_asks_again(
    front: str, webs: list[Server], browser: requests.Session
) -> None:
    for one in webs:
        one.process.kill()
    away = browser.get(f"{front}/lobby/all", timeout=20)
    for one in webs:
        again(one)
    assert (away.status_code, away.headers["Content-Type"]) == (502, "text/html")
    assert '<meta http-equiv="refresh" content="15">' in away.text
    assert browser.get(f"{front}/lobby/all", timeout=20).status_code == 200


def again(server: Server) -> None:
    """Start a process again, at the port that nginx knows."""
    server.settings |= {"KIOSK_PORT": server.url.rpartition(":")[2]}
    server.start()


def comes(front: str, browser: requests.Session) -> socketio.Client:
    """Connect a screen that has not been here yet."""
    with requests.Session() as stranger:
        stranger.trust_env, stranger.verify = False, browser.verify
        client = socketio.Client(reconnection=False, http_session=stranger)
        client.connect(front, transports=["websocket"], wait_timeout=20)
    return client


def test_product_hears_the_real_address_and_nothing_that_is_claimed(
    front: str, place: Campus, browser: requests.Session
) -> None:
    slug = browser.get(f"{front}/api/v1/rooms", timeout=20).json()["rooms"][0]["slug"]
    claimed = {"X-Forwarded-For": "203.0.113.9"} | place.headers()
    body = {"start": clock.iso(clock.now() + datetime.timedelta(hours=30)), "minutes": 15}
    made = browser.post(f"{front}/api/v1/rooms/{slug}/bookings", json=body, headers=claimed, timeout=30)
    assert made.status_code == 201, made.text
    with place.store() as store, store.read() as db:
        [(address,)] = db.execute_sql("SELECT place FROM act ORDER BY id DESC LIMIT 1").fetchall()
    assert address == "127.0.0.1"
    assert browser.get(f"{front}/metrics", timeout=20).status_code == 404


def test_files_are_kept_by_nginx_unless_they_are_of_another_build(front: str, browser: requests.Session) -> None:
    page = browser.get(f"{front}/lobby/all", headers={"Accept": "text/html"}, timeout=20).text
    [(build, path)] = re.findall(r'href="/static/([0-9a-f]+)/([^"]+\.css)"', page)[:1]
    assert "immutable" in browser.get(f"{front}/static/{build}/{path}", timeout=20).headers["Cache-Control"]
    other = browser.get(f"{front}/static/0123456789abcdef/{path}", timeout=20)
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-store")
    kept = Path(str(browser.verify)).parent / "files"
    # nginx lays a file there after its last byte is on its way.
    files = wait_for(lambda: [one for one in kept.rglob("*") if one.is_file()])
    assert len(files) == 1


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_stand_behind_walls(unit: Path) -> None:
    said = words(unit)
    assert set(WALLS) <= said.keys()
    assert said["PartOf"] == ["kiosk.target"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_what_systemd_reads(unit: Path, tmp_path: Path) -> None:
    """Where there is no systemd to ask, the walls above have to do."""
    analyze = shutil.which("systemd-analyze")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/kiosk/bin/kiosk", "/bin/sh"))
    command = [analyze, "verify", str(copy), str(HOME / "units" / "kiosk.target")] if analyze else ["true"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((HOME / "compose.yaml").read_text()))


def test_containers_are_two_that_serve_two_that_work_and_what_they_need() -> None:
    services = compose()["services"]
    kinds = [one["command"][-1] for one in services.values() if one.get("command", [""])[0] == "serve"]
    assert sorted(kinds) == ["web", "web", "work", "work"]
    assert {"postgres", "redis", "nginx"} <= services.keys()
    for one in services.values():
        assert set(one.get("depends_on", ())) <= services.keys()


def test_containers_find_their_processes_in_the_configuration() -> None:
    entry = compose()["services"]["nginx"]["entrypoint"][-1]
    for written, name in re.findall(r"s/([\d.:]+)/(web-\d):8080/", entry):
        assert f"server {written} " in site.GIVEN.read_text()
        assert name in compose()["services"]


def test_nginx_has_room_for_the_screens_of_a_campus() -> None:
    """What it comes with is enough for some hundred."""
    nginx = compose()["services"]["nginx"]
    [given] = re.findall(r"/(worker_connections \d+;)/", nginx["entrypoint"][-1])
    assert int(given.split()[1].strip(";")) > 2 * 3000 < nginx["ulimits"]["nofile"]
    said = [(ROOT / "docs" / "campus.md").read_text(), site.GIVEN.read_text()]
    assert all(f"`{given}`" in text and "worker_rlimit_nofile" in text for text in said)


def test_image_is_made_of_what_is_here() -> None:
    lines = (HOME / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert all((ROOT / name).exists() for names in copied for name in names)
