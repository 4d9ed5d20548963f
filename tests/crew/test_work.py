"""Each kind of work is done by one process at a time, and goes on elsewhere when that one dies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from kiosk import clock
from kiosk.crew.duties import LENGTH, Duties, of
from kiosk.errors import DatabaseAway
from kiosk.store import leases
from kiosk.store.database import Store
from tests.crew import campus
from tests.fakes import StillClock
from tests.running import Server, wait_for


def worker(store: Store, still: StillClock, done: list[str], lost: list[str]) -> Duties:
    made = Duties(store, still, lambda: lost.append("lost"))
    made._starts = {name: lambda name=name: done.append(name) for name in ("one", "other")}  # type: ignore[misc]
    return made


def test_work_is_shared_and_done_once(store: Store, still: StillClock) -> None:
    done: list[str] = []
    first, second = worker(store, still, done, []), worker(store, still, done, [])
    for _ in range(3):
        first.step()
        second.step()
    assert (first.held(), second.held(), sorted(done)) == (["one"], ["other"], ["one", "other"])


def test_work_of_a_dead_process_is_taken_over_and_begun_once(store: Store, still: StillClock) -> None:
    done: list[str] = []
    first, second = worker(store, still, [], []), worker(store, still, done, [])
    first.step()
    first.step()
    still.advance(seconds=LENGTH.total_seconds() - 1)
    second.step()
    assert second.held() == []
    still.advance(seconds=2)
    for _ in range(3):
        second.step()
    assert sorted(done) == ["one", "other"]


def test_process_that_was_taken_for_dead_begins_anew(store: Store, still: StillClock) -> None:
    lost: list[str] = []
    first, second = worker(store, still, [], lost), worker(store, still, [], [])
    first.step()
    still.advance(seconds=LENGTH.total_seconds() + 1)
    second.step()
    first.step()
    assert lost == ["lost"]


def test_work_of_which_only_a_part_has_started_is_not_started_twice(store: Store, still: StillClock) -> None:
    """The database goes away in the middle of it: what runs by then would run beside what is started later."""
    done: list[str] = []
    lost: list[str] = []

    def start() -> None:
        done.append("half")
        raise DatabaseAway("It is restarted.")

    only = worker(store, still, done, lost)
    only._starts = {"one": start}
    only.step()
    assert (done, lost) == (["half"], ["lost"])


def test_work_goes_on_after_an_absence_that_nobody_used(store: Store, still: StillClock) -> None:
    lost: list[str] = []
    first = worker(store, still, [], lost)
    first.step()
    still.advance(minutes=5)
    first.step()
    assert lost == []
    with store.read() as db:
        assert leases.held(db, of("one"), still())


def test_another_worker_goes_on_when_one_is_killed(tmp_path: Path) -> None:
    with campus.opened(tmp_path) as place:
        web = place.start("web")
        workers = [place.start("work"), place.start("work", "threading")]
        place.wait_until_ready(web)
        first = wait_for(lambda: next((one for one in workers if "'calendars'" in one.log()), None))
        first.process.kill()
        (left,) = [one for one in workers if one is not first]
        wait_for(lambda: all(work in left.log() for work in ("'calendars'", "'journal'")))
        slug = place.get(web, "/api/v1/rooms")["rooms"][0]["slug"]
        place.enter(slug, "Entered")
        wait_for(lambda: "Entered" in str(place.get(web, f"/api/v1/rooms/{slug}/schedule?{hours_ahead()}")))


def hours_ahead() -> str:
    """Ask for the hours to come: without a question a schedule is that of the room's day, which may end before."""
    return f"from={clock.iso(clock.now())}&to={clock.iso(clock.now() + timedelta(hours=3))}"


def test_nobody_working_is_told(tmp_path: Path) -> None:
    with campus.opened(tmp_path) as place:
        said = place.readiness(place.start("web"))
        assert "--only work" in said["warnings"]["work"]


def test_follower_of_a_hub_is_one_process(tmp_path: Path) -> None:
    alone = Server(tmp_path, {"KIOSK_HUB_URL": "http://127.0.0.1:1"})
    refused = alone.run("serve", "--only", "web")
    assert refused.returncode == 1
    assert "without --only" in refused.stderr
