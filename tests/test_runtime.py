"""The hub never waits: not for a dead resolver, not for the disk; and a signal ends everything."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from kiosk import clock, runtime
from tests.conftest import Tell
from tests.running import ROOT, Process, Server, clean_environment, wait_for

HANGING_RESOLVER = """
import socket, time
real, sleep = socket.getaddrinfo, time.sleep
def getaddrinfo(host, *rest, **more):
    if host == "google.invalid":
        sleep(10)
        raise socket.gaierror(-3, "Temporary failure in name resolution")
    return real(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
"""

BEGINNING = """
import os, sys
from kiosk import runtime
runtime.patch(sys.argv[1])
port = int(os.environ.get("PORT_BEFORE", "0"))
listener = runtime.listen("127.0.0.1", port)
print(os.getpid(), sys.argv[1:], "again" if port else "first")
if not port:
    os.environ["PORT_BEFORE"] = str(listener.getsockname()[1])
    runtime.begin_again()
"""


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_program_begins_again_in_its_own_process_with_its_port_free(mode: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", BEGINNING, mode, "a word"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, cwd=ROOT, check=False)
    first, again = done.stdout.splitlines()
    assert first.removesuffix("first") == again.removesuffix("again"), done.stderr
    assert f"['{mode}', 'a word']" in again


@pytest.fixture
def hanging(tmp_path: Path, google_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose Google has a name that the resolver thinks about for ten seconds."""
    server = Server(tmp_path, dict(google_settings))
    server.with_rooms().start()
    wait_for(lambda: server.get("/readyz").status_code == 200)
    server.stop()
    (tmp_path / "sitecustomize.py").write_text(HANGING_RESOLVER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server.settings |= {"KIOSK_GOOGLE_ENDPOINT": "http://google.invalid:9", "KIOSK_ASYNC_MODE": "eventlet"}
    return server


def test_hanging_resolver_stalls_no_screen(hanging: Server, tell: Tell) -> None:
    hanging.start()
    slug = hanging.get("/api/v1/rooms").json()["rooms"][0]["slug"]
    slowest, started = 0.0, clock.monotonic()
    while clock.monotonic() - started < 13:  # longer than one look-up hangs
        before = clock.monotonic()
        assert hanging.view("door", slug)["tracks"][slug]["scenes"]
        slowest = max(slowest, clock.monotonic() - before)
    stall = requests.get(f"{hanging.url}/readyz", timeout=20).json()["hub_stall_ms"]
    tell(f"slowest page {slowest * 1000:.0f} ms, longest hub stall {stall} ms")
    hanging.stop()
    assert slowest < 9, "a page waited for the resolver"


def test_tap_with_a_hanging_resolver_is_held_in_time(hanging: Server) -> None:
    hanging.start()
    slug = hanging.get("/api/v1/rooms").json()["rooms"][0]["slug"]
    answer = hanging.book(slug, minutes=15)
    assert (answer.status_code, hanging.room(slug)["status"]) == (202, "held")
    hanging.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_demo_serves_a_building_and_a_signal_ends_all_of_it(tmp_path: Path, mode: str, number: int) -> None:
    log = tmp_path / "demo.log"
    log.write_text("")
    environment = clean_environment(KIOSK_PORT="0", KIOSK_ASYNC_MODE=mode, PYTHONPATH=str(ROOT))
    demo = Process([sys.executable, "-m", "kiosk", "demo", "--rooms", "3"], environment, log, tmp_path)
    demo.start()
    demo.said("Ctrl-C")
    server, google = (_address(log, name) for name in ("All screens", '"Google Calendar"'))
    assert len(requests.get(f"{server}api/v1/rooms", timeout=20).json()["rooms"]) == 3
    assert "demo" in log.read_text()
    assert 'data-slug="ground-floor"' in requests.get(f"{server}floor/ground-floor", timeout=20).text
    assert requests.get(f"{server}floor/first-floor", timeout=20).status_code == 404
    assert requests.get(google, timeout=20).ok
    demo.child.send_signal(number)
    assert demo.child.wait(20) == 0
    for address in (server, google):
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)


def test_killed_demo_leaves_no_stand_in_behind(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    log.write_text("")
    environment = clean_environment(KIOSK_PORT="0", PYTHONPATH=str(ROOT))
    demo = Process([sys.executable, "-m", "kiosk", "demo", "--rooms", "2"], environment, log, tmp_path)
    demo.start()
    demo.said("Ctrl-C")
    google = _address(log, '"Google Calendar"')
    demo.kill()
    wait_for(lambda: not _answers(google))


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_step_that_fails_is_logged_once_and_its_recovery_too(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    def step() -> bool:
        tries.append(1)
        if len(tries) < 4:
            raise OSError("disk full")
        if len(tries) == 6:
            raise SystemExit
        return True

    log = logging.getLogger("a loop")
    with caplog.at_level(logging.INFO, "a loop"), pytest.raises(SystemExit):
        runtime.repeat(step, threading.Event(), 1, log, "The step")
    assert [record.getMessage() for record in caplog.records] == [
        "The step fails and is tried again",
        "The step works again",
    ]


def _address(log: Path, name: str) -> str:
    line = next(line for line in log.read_text().splitlines() if name in line)
    return next(word for word in line.split() if word.startswith("http"))


def test_taken_port_is_one_clear_sentence(tmp_path: Path, google_settings: dict[str, str]) -> None:
    first = Server(tmp_path, {}).start()
    port = first.url.rsplit(":", 1)[1]
    second = Server(tmp_path, {"KIOSK_PORT": port}).run("serve")
    first.stop()
    assert second.returncode == 1
    assert "KIOSK_PORT" in second.stderr
    assert "Traceback" not in second.stderr


def test_wrong_setting_stops_the_start_with_its_name_and_what_is_allowed(tmp_path: Path) -> None:
    for name, value in (
        ("KIOSK_PORT", "many"),
        ("KIOSK_ASYNC_MODE", "gevent"),
        ("KIOSK_PROT", "80"),
        ("KIOSK_TIMEZONE", "Mars"),
    ):
        done = Server(tmp_path, {name: value}).run("rooms", "list")
        assert done.returncode == 1
        assert name in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_credentials_that_google_refuses_are_named_at_the_start(
    google_settings: dict[str, str], tmp_path: Path
) -> None:
    server = Server(tmp_path, google_settings | {"KIOSK_GOOGLE_SUBJECT": "nobody@kiosk.example"}).start()
    wait_for(lambda: "Google refuses the credentials" in server.log())
    server.stop()


def test_every_command_explains_itself() -> None:
    for words in (["serve"], ["demo"], ["emulator"], ["rooms"], ["rooms", "add"], ["admin", "token"]):
        done = subprocess.run(
            [sys.executable, "-m", "kiosk", *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, "usage:" in done.stdout) == (0, True)


def test_server_is_ready_only_while_its_rooms_are_fresh(server: Server) -> None:
    wait_for(lambda: server.get("/readyz").status_code == 200)
    assert server.get("/healthz").json() == {"alive": True}


def test_nothing_that_holds_locks_is_imported_before_the_process_is_patched() -> None:
    looked = "import sys, kiosk.__main__, kiosk.demo; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[1] for name in found if name.startswith("kiosk.")}
    assert not rooms & {"assembly", "store", "sync", "booking", "live", "web", "notify", "app", "serving"}


STALLS = """
from kiosk import runtime
runtime.patch("eventlet")
import time
from eventlet import hubs
runtime.offload(int)  # as in every server, there is something to listen to
watch = runtime.StallWatch()
watch.start()
print(hubs.get_hub().next_timers)
time.sleep(0.01)
runtime.rest(0.2)
time.sleep(0.01)
print(watch.longest() >= 0.2)
"""


def test_watch_over_stalls_hears_of_them_without_waking_anybody() -> None:
    command = [sys.executable, "-W", "ignore", "-c", STALLS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True"]


POOLS = """
import ctypes, sys, threading, time
from kiosk import runtime

runtime.patch("threading")
held, barrier = [], threading.Barrier(9)

def hold():
    held.append(bytearray(5000))
    barrier.wait()

for _ in range(8):
    threading.Thread(target=hold).start()
barrier.wait()
libc = ctypes.CDLL(None)
stdout = ctypes.c_void_p.in_dll(libc, "stdout")
if hasattr(libc, "malloc_info"):
    libc.malloc_info(0, stdout)
    libc.fflush(stdout)
"""


def test_threads_take_memory_from_one_pool() -> None:
    done = subprocess.run([sys.executable, "-c", POOLS], capture_output=True, text=True, check=True)
    assert done.stdout.count("<heap nr=") <= 1
