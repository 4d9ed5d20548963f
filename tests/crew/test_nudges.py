"""Whoever commits wakes the other processes through Redis; without it nothing is wrong, and it is found again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.crew.nudges import Nudges
from tests.crew import campus
from tests.crew.machinery import Redis
from tests.running import wait_for


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    running = Redis(tmp_path / "redis")
    running.start()
    yield running
    running.kill()


def joined(redis: Redis, name: str, channel: str = "kiosk") -> tuple[Nudges, threading.Event]:
    """Return a process's nudges, and what is set when it is woken; it is woken once when it has found Redis."""
    nudges, woken = Nudges(redis.url, channel, name), threading.Event()
    nudges.start([woken.set])
    return nudges, woken


def test_commit_wakes_the_others_and_not_oneself(redis: Redis) -> None:
    (one, own), (_, other), (_, strange) = joined(redis, "one"), joined(redis, "two"), joined(redis, "two", "elsewhere")
    for woken in (own, other, strange):
        assert woken.wait(20)
        woken.clear()
    one.send()
    assert other.wait(20)
    assert not own.is_set()
    assert not strange.is_set()


def test_lost_redis_is_said_once_and_found_again(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (one, own), (two, other) = joined(redis, "one"), joined(redis, "two")
    for woken in (own, other):
        assert woken.wait(20)
    redis.kill()
    wait_for(lambda: all("Redis does not answer" in each.trouble() for each in (one, two)))
    one.send()
    own.clear()
    redis.start()
    assert own.wait(20), "what was missed is looked for"
    wait_for(lambda: one.trouble() == "")
    said = [record.message for record in caplog.records if record.name == "kiosk.crew.nudges"]
    # What other tests have started goes on looking for a Redis that is no more.
    ours = [line for line in said if "does not answer" in line and f":{redis.port}" in line]
    assert len(ours) == 2, "once for each process"
    other.clear()
    wait_for(lambda: one.send() or other.is_set())


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_processes_live_with_redis_and_without(redis: Redis, tmp_path: Path, mode: str) -> None:
    with campus.opened(tmp_path, KIOSK_REDIS_URL=redis.url) as place:
        web = place.start("web", mode)
        place.start("work", mode)
        place.wait_until_ready(web)
        assert place.readiness(web)["warnings"] == {}
        redis.kill()
        wait_for(lambda: "redis" in place.readiness(web)["warnings"])
        assert place.readiness(web)["ready"]
        redis.start()
        wait_for(lambda: place.readiness(web)["warnings"] == {})
        assert web.log().count("Redis does not answer") == 1
