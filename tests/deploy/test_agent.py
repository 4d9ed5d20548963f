"""A machine tells a real server how it is, and does what an administrator asks it for."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from kiosk_shell.agent import INTERVAL, JITTER, REST_SECONDS, Agent, Deeds, forever
from kiosk_shell.helper import Helper
from kiosk_shell.pipe import PipeError
from kiosk_shell.wire import Revoked, Wire, WireError

from tests.running import Server

TOKEN = "t" * 43
PICTURE = b"\xff\xd8\xff\xe0 a small picture"


@dataclass
class Hands:
    """What was done, instead of a screen."""

    done: list[str] = field(default_factory=list)
    fails: bool = False

    def picture(self) -> bytes:
        if self.fails:
            raise PipeError("the page is gone")
        return PICTURE

    def deeds(self, helper: Helper) -> Deeds:
        return Deeds(
            identify=lambda: self.done.append("identify"),
            reload=lambda: self.done.append("reload"),
            picture=self.picture,
            switch=lambda on: self.done.append("on" if on else "off"),
            brightness=lambda percent: self.done.append(f"{percent} %"),
            restart=lambda: self.done.append("restart"),
            helper=helper,
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the tests share."""
    server = started(tmp_path_factory.mktemp("house"))
    yield server
    server.stop()


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[Server]:
    """A server for one test, which does it harm."""
    server = started(tmp_path)
    yield server
    server.stop()


def started(folder: Path) -> Server:
    """Start a server with one room and one device, that of our token."""
    server = Server(folder, {"KIOSK_OPEN_DISPLAYS": "0"})
    hashed = hashlib.sha256(TOKEN.encode()).hexdigest()
    for words in (["rooms", "add", "Oak"], ["devices", "enrol", "door-oak", "door", "oak", hashed]):
        done = server.run(*words)
        assert done.returncode == 0, done.stderr
    return server.start()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def agent(house: Server, hands: Hands, tmp_path: Path) -> Agent:
    return agent_of(house, hands, tmp_path)


def agent_of(house: Server, hands: Hands, tmp_path: Path) -> Agent:
    host, port = house.url.removeprefix("http://").split(":")
    helper = Helper(tmp_path / "asks", tmp_path / "told")
    return Agent(Wire(host, int(port), TOKEN), hands.deeds(helper), lambda: {"version": "1.2", "temp_c": 50.5})


@dataclass
class Admin:
    """Somebody with an access token."""

    server: Server

    def __post_init__(self) -> None:
        self.token = self.server.run("admin", "token", "tests").stdout.split()[-1]

    def ask(self, act: str, **more: str) -> int:
        answer = requests.post(
            f"{self.server.url}/api/v1/devices/1/acts", json={"act": act} | more, headers=self._headers(), timeout=20
        )
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def device(self) -> dict[str, Any]:
        return dict(self.server.get("/api/v1/devices/1", headers=self._headers()).json())

    def act(self, number: int) -> dict[str, Any]:
        return next(one for one in self.device()["acts"] if one["id"] == number)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def admin(house: Server) -> Admin:
    return Admin(house)


def test_a_heartbeat_arrives_and_the_machine_learns_what_it_shows(agent: Agent, admin: Admin) -> None:
    rest = agent.beat()
    assert INTERVAL * (1 - JITTER) <= rest <= INTERVAL * (1 + JITTER)
    assert admin.device()["report"] == {"version": "1.2", "temp_c": 50.5}
    assert (agent.facts["path"], agent.facts["rooms"]) == ("/door/oak", ["oak"])


def test_acts_are_done_in_their_order_and_answered(agent: Agent, admin: Admin, hands: Hands) -> None:
    wanted = [admin.ask("identify"), admin.ask("screen_off"), admin.ask("brightness", value="40")]
    while len(hands.done) < 3:
        agent.take()
    assert hands.done == ["identify", "off", "40 %"]
    assert [admin.act(number)["state"] for number in wanted] == ["done"] * 3


def test_a_picture_is_handed_over_with_its_act(agent: Agent, admin: Admin) -> None:
    number = admin.ask("screenshot")
    agent.take()
    assert admin.act(number)["state"] == "done"


def test_an_act_that_fails_says_why(agent: Agent, admin: Admin, hands: Hands) -> None:
    hands.fails = True
    number = admin.ask("screenshot")
    agent.take()
    assert (admin.act(number)["state"], admin.act(number)["said"]) == ("failed", "the page is gone")


def test_what_ends_this_program_is_answered_before_it_is_done(agent: Agent, admin: Admin, hands: Hands) -> None:
    number = admin.ask("restart_display")
    agent.take()
    assert (admin.act(number)["state"], hands.done) == ("done", ["restart"])


def test_a_reboot_is_asked_of_root(agent: Agent, admin: Admin, tmp_path: Path) -> None:
    number = admin.ask("reboot")
    agent.take()
    assert (admin.act(number)["state"], (tmp_path / "asks" / "reboot").read_text()) == ("done", "")


def test_logs_are_fetched_from_the_helper_and_handed_over(agent: Agent, admin: Admin, tmp_path: Path) -> None:
    (tmp_path / "told").mkdir()

    def helper() -> None:
        while not (tmp_path / "asks" / "logs").exists():
            threading.Event().wait(0.02)
        (tmp_path / "told" / "journal.txt").write_text("started\n")

    number = admin.ask("collect_logs")
    threading.Thread(target=helper, daemon=True).start()
    agent.take()
    assert admin.act(number)["state"] == "done"


def test_another_token_is_kept_by_root_and_the_server_knows_it(agent: Agent, house: Server, tmp_path: Path) -> None:
    agent.rotate()
    fresh = (tmp_path / "asks" / "token").read_text()
    assert len(fresh) == 43
    for token in (TOKEN, fresh):
        assert house.get("/api/v1/device", headers={"Authorization": f"Bearer {token}"}).ok


def test_a_revoked_machine_knows_it_and_says_so_once(
    own_house: Server, hands: Hands, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    agent = agent_of(own_house, hands, tmp_path)
    own_house.run("devices", "revoke", "door-oak")
    assert agent.take() == REST_SECONDS
    agent.take()
    assert agent.revoked
    assert len([line for line in caplog.messages if "does not know this device" in line]) == 1


def test_a_server_that_is_gone_is_waited_for(own_house: Server, hands: Hands, tmp_path: Path) -> None:
    agent = agent_of(own_house, hands, tmp_path)
    own_house.stop()
    assert (agent.take(), agent.beat(), agent.revoked) == (REST_SECONDS, INTERVAL, False)


@dataclass
class Stub:
    """A server that gives one answer to everything."""

    status: int
    body: bytes

    def __enter__(self) -> Wire:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(stub.status)
                self.send_header("Content-Length", str(len(stub.body)))
                self.end_headers()
                self.wfile.write(stub.body)

            do_POST = do_GET  # noqa: N815 - as the standard library calls it

            def log_message(self, *_: Any) -> None:
                """Leave the tests' output alone."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return Wire("127.0.0.1", self.server.server_port, TOKEN)

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(401, b"{}", Revoked), (403, b"{}", WireError), (500, b"<html>", WireError), (404, b"", WireError)],
)
def test_an_answer_that_is_no_answer_is_an_error(status: int, body: bytes, error: type[Exception]) -> None:
    with Stub(status, body) as wire, pytest.raises(error):
        wire.get("/api/v1/device")


def test_an_act_that_this_machine_does_not_know_fails(hands: Hands, tmp_path: Path) -> None:
    acts = json.dumps({"acts": [{"id": 1, "act": "dance", "value": None}]}).encode()
    with Stub(200, acts) as wire:
        agent = Agent(wire, hands.deeds(Helper(tmp_path, tmp_path)), dict)
        assert agent.take() == 0.0
    assert hands.done == []


@pytest.mark.parametrize("value", ["", "0", "101", "bright", "-5"])
def test_a_brightness_that_is_none_is_refused(value: str, hands: Hands, tmp_path: Path) -> None:
    acts = json.dumps({"acts": [{"id": 1, "act": "brightness", "value": value}]}).encode()
    with Stub(200, acts) as wire:
        Agent(wire, hands.deeds(Helper(tmp_path, tmp_path)), dict).take()
    assert hands.done == []


def test_a_step_that_breaks_is_tried_again() -> None:
    rests: list[float] = []

    def sleep(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 2:
            raise KeyboardInterrupt

    def step() -> float:
        raise RuntimeError("an error of ours")

    with pytest.raises(KeyboardInterrupt):
        forever(step, sleep)
    assert rests == [REST_SECONDS, REST_SECONDS]
