"""The page is shown when the server answers, and healed when it dies, hangs, or shows an error."""

from __future__ import annotations

import base64
import subprocess
import sys
from dataclasses import dataclass, field

import pytest
from kiosk_shell import page as pages
from kiosk_shell.keeper import KILL_AFTER, LOOK_EVERY, LOOK_SOON, MOST_MISSED, Keeper, Lost
from kiosk_shell.page import BIGGEST_PICTURE, Page
from kiosk_shell.pipe import PipeError

from tests.deploy.browser import FakeBrowser
from tests.running import wait_for

URL = "http://localhost:8080/"


@dataclass
class Stage:
    """A keeper with a browser, a server that answers or not, and a clock."""

    browser: FakeBrowser = field(default_factory=FakeBrowser)
    answers: bool = True
    touches: int = 0
    now: float = 100.0
    keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        page = Page(self.browser.pipe)
        page.attach()
        self.keeper = Keeper(page, URL, lambda: self.answers, self._touch)

    def step(self, seconds: float = LOOK_EVERY) -> str:
        """Let time pass, take a step, and return the page's status."""
        self.now += seconds
        self.keeper.step(self.now)
        return self.keeper.status

    def opened(self) -> list[str]:
        return [one["url"] for one in self.browser.named("Page.navigate")]

    def _touch(self) -> None:
        self.touches += 1


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is silent after a moment."""
    monkeypatch.setattr(pages, "LOOK_WITHIN", 0.05)


def test_nothing_is_opened_while_the_server_is_down(stage: Stage) -> None:
    stage.answers = False
    assert [stage.step(), stage.step()] == ["splash", "splash"]
    assert stage.opened() == []


def test_the_page_is_opened_with_the_first_answer_of_the_server(stage: Stage) -> None:
    stage.answers = False
    stage.step()
    stage.answers = True
    assert stage.step(0.25) == "loading"
    assert stage.opened() == [URL]
    assert stage.step(LOOK_SOON) == "live"


def test_a_page_that_lives_is_left_alone(stage: Stage) -> None:
    for _ in range(20):
        stage.step()
    assert stage.opened() == [URL]


def test_a_page_that_crashed_is_loaded_anew_at_once(stage: Stage) -> None:
    stage.step()
    stage.step()
    stage.browser.tell("Inspector.targetCrashed")
    assert stage.step(0.25) == "loading"
    assert len(stage.browser.named("Page.reload")) == 1
    assert (stage.step(LOOK_SOON), stage.keeper.crashes) == ("live", 1)


def test_a_crashed_page_waits_for_a_server_that_is_down(stage: Stage) -> None:
    stage.step()
    stage.answers = False
    stage.browser.tell("Inspector.targetCrashed")
    assert stage.step() == "crashed"
    assert stage.browser.named("Page.reload") == []


@pytest.mark.usefixtures("impatient")
def test_a_page_that_hangs_is_killed_and_the_browser_lives_on(stage: Stage) -> None:
    stage.step()
    hanging = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    processes = [{"type": "browser", "id": 1}, {"type": "renderer", "id": hanging.pid}]
    stage.browser.answers["SystemInfo.getProcessInfo"] = lambda _: {"processInfo": processes}
    stage.browser.silent.add("Runtime.evaluate")
    assert [stage.step() for _ in range(KILL_AFTER)] == ["silent"] * KILL_AFTER
    assert hanging.wait(10) == -9
    hanging.stdin and hanging.stdin.close()


@pytest.mark.usefixtures("impatient")
def test_a_page_that_stays_silent_is_given_up(stage: Stage) -> None:
    stage.step()
    stage.browser.answers["SystemInfo.getProcessInfo"] = lambda _: {"processInfo": []}
    stage.browser.silent.add("Runtime.evaluate")
    for _ in range(MOST_MISSED - 1):
        stage.step()
    with pytest.raises(Lost, match="no answer"):
        stage.step()


@pytest.mark.usefixtures("impatient")
def test_one_late_answer_is_no_harm(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.step()
    stage.browser.silent.add("Runtime.evaluate")
    assert stage.step() == "silent"
    stage.browser.silent.clear()
    monkeypatch.setattr(pages, "LOOK_WITHIN", 20.0)
    assert stage.step() == "live"


def test_a_browser_that_is_gone_is_lost(stage: Stage) -> None:
    stage.step()
    stage.browser.close()
    wait_for(lambda: stage.browser.pipe.closed)
    with pytest.raises(Lost):
        stage.step()


def test_an_error_page_is_left_for_the_splash_and_opened_anew(stage: Stage) -> None:
    stage.step()
    stage.browser.page = {"url": "chrome-error://chromewebdata/", "ready": "complete"}
    stage.step()
    stage.browser.page = {"link": "live", "ready": "complete"}
    assert stage.step() == "loading"
    assert stage.opened() == [URL, URL]


def test_an_address_that_the_browser_cannot_load_is_tried_again(stage: Stage) -> None:
    stage.browser.answers["Page.navigate"] = lambda _: {"errorText": "net::ERR_CONNECTION_REFUSED"}
    assert [stage.step(), stage.step()] == ["splash", "splash"]
    assert stage.opened() == [URL, URL]


def test_a_page_that_is_no_display_is_called_page(stage: Stage) -> None:
    stage.browser.page = {"url": URL, "link": "", "ready": "complete"}
    stage.step()
    assert stage.step() == "page"


def test_a_page_that_loads_another_is_looked_at_at_once(stage: Stage) -> None:
    stage.step()
    stage.step()
    stage.browser.page = {"url": URL, "link": "", "ready": "complete"}
    stage.browser.tell("Page.domContentEventFired")
    assert stage.step(0.25) == "page"


def test_a_touch_is_heard(stage: Stage) -> None:
    stage.browser.tell("Runtime.bindingCalled", name="kioskTouch", payload="touch")
    stage.browser.tell("Runtime.bindingCalled", name="another")
    stage.step()
    assert stage.touches == 1


def test_the_token_is_a_cookie_that_no_script_reads(stage: Stage) -> None:
    stage.keeper.page.introduce("secret", URL)
    stage.keeper.page.introduce("secret", "https://rooms.example.com/")
    plain, safe = stage.browser.named("Network.setCookie")
    assert (plain["name"], plain["httpOnly"], plain["sameSite"], plain["secure"]) == (
        "kiosk_device",
        True,
        "Strict",
        False,
    )
    assert (safe["name"], safe["secure"], safe["path"]) == ("__Host-kiosk_device", True, "/")


def test_without_a_token_there_is_no_cookie(stage: Stage) -> None:
    stage.keeper.page.introduce("", URL)
    assert stage.browser.named("Network.setCookie") == []


def test_a_picture_is_made_as_small_as_it_must_be(stage: Stage) -> None:
    def draw(params: dict[str, int]) -> dict[str, str]:
        return {"data": base64.b64encode(b"x" * params["quality"] * 3000).decode()}

    stage.browser.answers["Page.captureScreenshot"] = draw
    assert len(stage.keeper.page.picture()) == 90_000 <= BIGGEST_PICTURE


def test_a_picture_that_is_too_large_is_none(stage: Stage) -> None:
    large = base64.b64encode(b"x" * (BIGGEST_PICTURE + 1)).decode()
    stage.browser.answers["Page.captureScreenshot"] = lambda _: {"data": large}
    with pytest.raises(PipeError, match="larger"):
        stage.keeper.page.picture()


def test_a_refused_call_is_an_error_with_the_browsers_words(stage: Stage) -> None:
    stage.browser.answers["Page.reload"] = lambda _: ValueError("not now")
    with pytest.raises(PipeError, match=r"Page.reload: not now"):
        stage.keeper.page.reload()


def test_our_script_runs_only_in_its_own_world(stage: Stage) -> None:
    stage.browser.tell("Runtime.executionContextCreated", context={"id": 3, "name": ""})
    stage.browser.tell("Runtime.executionContextCreated", context={"id": 4, "name": "kiosk"})
    stage.step()
    stage.keeper.page.dark()
    stage.browser.tell("Runtime.executionContextsCleared")
    stage.step()
    stage.keeper.page.dark()
    ours = [call for call in stage.browser.named("Runtime.evaluate") if "kioskDark" in call["expression"]]
    assert [call["contextId"] for call in ours] == [4]
