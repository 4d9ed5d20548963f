"""The wheel carries everything a room's own machine needs, and serves a door from an empty environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]
BESIDE_THE_CODE = ("templates", "static", "deploy/raspberrypi")
FIRST_ANSWER_WITHIN = 30.0

pytestmark = pytest.mark.timeout(900)  # the first installation downloads some thirty packages


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout."""
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def bin_dir(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel, and what it asks for, into an empty environment; return where its programs lie."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=True)
    run(home / "bin" / "python", "-m", "pip", "install", "-q", wheel, "-c", ROOT / "requirements.txt", cwd=home)
    return home / "bin"


def test_the_wheel_carries_every_file_beside_the_code(wheel: Path) -> None:
    carried = set(ZipFile(wheel).namelist())
    wanted = {f"kiosk/_data/{name}" for folder in BESIDE_THE_CODE for name in files_in(folder)}
    assert wanted
    assert wanted - carried == set()


def test_the_wheel_carries_both_packages_whole_and_nothing_else(wheel: Path) -> None:
    carried = set(ZipFile(wheel).namelist())
    assert {*files_in("kiosk"), *files_in("displays")} - carried == set()
    assert {name.split("/")[0] for name in carried if ".dist-info/" not in name} == {"kiosk", "displays"}


@pytest.mark.parametrize("name", [*BESIDE_THE_CODE, "translations"])
def test_an_installed_resource_is_found_inside_the_package(bin_dir: Path, tmp_path: Path, name: str) -> None:
    question = f"from kiosk.resources import resource; print(resource({name!r}))"
    found = Path(run(bin_dir / "python", "-c", question, cwd=tmp_path).strip())
    assert found.is_relative_to(bin_dir.parent)
    assert any(found.iterdir())


def test_a_missing_resource_is_named(bin_dir: Path, tmp_path: Path) -> None:
    question = "from kiosk.resources import resource; resource('wallpaper')"
    done = subprocess.run(
        [bin_dir / "python", "-c", question], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "There is no 'wallpaper' in" in done.stderr


def test_the_installed_command_tells_its_version_and_its_help(bin_dir: Path, tmp_path: Path, wheel: Path) -> None:
    version = run(bin_dir / "kiosk", "--version", cwd=tmp_path)
    assert wheel.name.split("-")[1] in version
    assert "serve" in run(bin_dir / "kiosk", "--help", cwd=tmp_path)


def test_the_installed_server_shows_a_door_with_all_its_files(bin_dir: Path, tmp_path: Path) -> None:
    run(bin_dir / "kiosk", "rooms", "add", "Oak", "--zone", "Europe/Berlin", cwd=tmp_path)
    with serving(bin_dir, tmp_path) as address:
        page = fetch(f"{address}/door/oak").decode()
        files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
        assert {Path(name.partition("?")[0]).suffix for name in files} >= {".css", ".js"}
        assert all(fetch(address + name) for name in files)


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program to its end and return what it printed; its own words are the failure."""
    done = subprocess.run(command, cwd=cwd, env=environment(cwd), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a machine that knows nothing of this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KIOSK_", "PYTHON"))}
    ours = {"KIOSK_DATABASE_URL": f"sqlite:///{home}/kiosk.db", "KIOSK_OPEN_DISPLAYS": "1", "KIOSK_PORT": "0"}
    return {**kept, **ours}


def files_in(folder: str) -> list[str]:
    """Return the files of a folder of this checkout as the wheel should carry them, caches left out."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(ROOT).as_posix() for path in found]


@contextmanager
def serving(bin_dir: Path, home: Path) -> Iterator[str]:
    """Start the installed server on a free port and give its address, as it prints it; stop it at the end."""
    log = home / "server.log"
    with log.open("w", encoding="utf-8") as out:
        command = [str(bin_dir / "kiosk"), "serve"]
        server = subprocess.Popen(command, cwd=home, env=environment(home), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield address_in(log, server)
    finally:
        server.terminate()
        server.wait(10)


def address_in(log: Path, server: subprocess.Popen[bytes]) -> str:
    """Wait for the address that the server prints, and for its first answer there."""
    limit = time.monotonic() + FIRST_ANSWER_WITHIN
    while server.poll() is None and time.monotonic() < limit:
        printed = re.search(r"http://[\w.]+:\d+", log.read_text(encoding="utf-8"))
        if printed and answers(printed[0]):
            return printed[0]
        time.sleep(0.05)
    raise AssertionError(f"no answer from the server; it said: {log.read_text(encoding='utf-8')}")


def answers(address: str) -> bool:
    try:
        return bool(fetch(f"{address}/healthz"))
    except URLError:
        return False


def fetch(url: str) -> bytes:
    """Return the body found at an address; an answer that is an error raises."""
    with urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
    return body
