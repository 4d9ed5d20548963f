"""Both senders keep the same promises: who has joined is told, in order, whole and once, or is made to come again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live import listener as listeners
from tests.live.listener import Listener, Poller
from tests.running import Process, clean_environment, wait_for

SENDERS = ("eventlet direct", "eventlet stock", "threading direct")
# More than any system keeps for a reader that does not read.
MUCH = 12_000_000
MANY = 24
SMALL_ROOM = 4096
TEXT, PONG = 0x1, 0xA
PATIENT, HASTY = ("60", "60"), ("0.5", "8")
LENGTHS = (0, 1, 90, 125, 126, 127, 60_000, 65_535, 65_536, 70_000, 1_500_000)
WORDS = "Zoë’s room – 会議室 – غرفة – 🚪"


@dataclass
class Podium:
    """A running podium."""

    process: Process
    url: str = ""

    def tell(self, channel: str, *payloads: Any) -> None:
        body = {"channel": channel, "payloads": payloads}
        assert requests.post(f"{self.url}/tell", json=body, timeout=30).ok

    def listener(self, channel: str = "oak", **more: Any) -> Listener:
        return Listener(self.url, **more).connect().join(channel)

    def lose_database(self, away: bool) -> None:
        assert requests.post(f"{self.url}/database", json={"away": away}, timeout=30).ok

    def clients(self) -> int:
        return int(requests.get(f"{self.url}/clients", timeout=30).text)

    @property
    def is_direct(self) -> bool:
        return self.process.command[3:5] == ["eventlet", "direct"]

    def log(self) -> str:
        return self.process.log.read_text()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    listeners.close_all()


@contextmanager
def running(folder: Path, *words: str) -> Iterator[Podium]:
    command = [sys.executable, "-m", "tests.live.podium", *words]
    process = Process(command, clean_environment(), folder / "podium.log")
    process.start()
    try:
        yield Podium(process, process.said("Serving ").rsplit(" ", 1)[1])
    finally:
        process.stop()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Podium]]:
    """Return the podium of these words, which is started once."""
    with ExitStack() as stack:
        yield cache(lambda *words: stack.enter_context(running(tmp_path_factory.mktemp("podium"), *words)))


@pytest.fixture(params=SENDERS)
def podium(request: pytest.FixtureRequest, stage: Callable[..., Podium]) -> Podium:
    return stage(*request.param.split(), *PATIENT)


@pytest.fixture(params=SENDERS)
def hasty(request: pytest.FixtureRequest, stage: Callable[..., Podium]) -> Podium:
    """A podium that pings often and does not wait long."""
    return stage(*request.param.split(), *HASTY)


@pytest.fixture(params=[one for one in SENDERS if "eventlet" in one])
def green(request: pytest.FixtureRequest, stage: Callable[..., Podium]) -> Podium:
    """A podium where no threads share the time: their websockets (simple-websocket) do not promise this."""
    return stage(*request.param.split(), *PATIENT)


def test_who_has_joined_is_told_and_nobody_else(podium: Podium) -> None:
    oak, elm, both = podium.listener(), podium.listener("elm"), podium.listener().join("elm")
    podium.tell("oak", "for oak")
    podium.tell("elm", "for elm")
    assert (oak.told(), elm.told()) == ("for oak", "for elm")
    assert [both.told(), both.told()] == ["for oak", "for elm"]


def test_who_has_left_is_told_no_more(podium: Podium) -> None:
    listener = podium.listener().join("elm")
    listener.ws.send('421["leave","oak"]')
    assert listener.packet().startswith("431")
    podium.tell("oak", "missed")
    podium.tell("elm", "heard")
    assert listener.told() == "heard"


def test_who_comes_again_joins_anew(podium: Podium) -> None:
    before = podium.listener()
    before.ws.close()
    again = podium.listener("elm")
    podium.tell("oak", "of old")
    podium.tell("elm", "of now")
    assert again.number != before.number
    assert again.told() == "of now"


def test_each_is_told_once_and_in_order(podium: Podium) -> None:
    listeners = [podium.listener() for _ in range(20)]
    podium.tell("oak", *range(200))
    assert [[one.told() for _ in range(200)] for one in listeners] == [list(range(200))] * 20


def test_answers_and_what_is_told_keep_their_order(podium: Podium) -> None:
    listener = podium.listener()
    for number in range(20):
        podium.tell("oak", number)
        listener.ws.send(f'429["echo",{number}]')
        assert [listener.packet(), listener.packet()] == [f'42["told",{number}]', f"439[{number}]"]


def test_frames_of_every_length_arrive_as_they_were(podium: Podium) -> None:
    listener = podium.listener()
    for length in LENGTHS:
        podium.tell("oak", "x" * length)
        assert listener.told() == "x" * length


def test_every_script_arrives_as_it_was(podium: Podium) -> None:
    listener = podium.listener()
    podium.tell("oak", WORDS, {"title": WORDS, "line": "a\nb\u2028c\x1e"})
    assert listener.told() == WORDS
    assert listener.told() == {"title": WORDS, "line": "a\nb\u2028c\x1e"}


def test_who_polls_is_told_too(podium: Podium) -> None:
    poller, listener = Poller(podium.url).connect().join("oak"), podium.listener()
    podium.tell("oak", "both", WORDS)
    wait_for(lambda: poller.poll() and len(poller.heard) == 2)
    assert poller.heard == [listener.told(), listener.told()] == ["both", WORDS]


def test_whatever_is_told_while_a_client_upgrades_arrives_in_order(podium: Podium) -> None:
    poller = Poller(podium.url).connect().join("oak")
    podium.tell("oak", 0)
    poller.poll()
    podium.tell("oak", 1)
    upgraded = Listener(podium.url, query=f"&sid={poller.number}")
    upgraded.open()
    upgraded.ws.send("2probe")
    assert upgraded.packet() == "3probe"
    podium.tell("oak", 2)
    upgraded.ws.send("5")
    podium.tell("oak", 3)
    upgraded.ws.send('429["echo","over"]')
    podium.tell("oak", 4, 5)
    later = [upgraded.told() for _ in range(6 - len(poller.heard))]
    assert poller.heard + later == [0, 1, 2, 3, 4, 5]


def test_who_gives_up_upgrading_goes_on_polling(green: Podium) -> None:
    poller = Poller(green.url).connect().join("oak")
    failed = Listener(green.url, query=f"&sid={poller.number}")
    failed.open()
    failed.ws.send("4no probe")
    assert failed.packet() == ""
    green.tell("oak", "still here")
    wait_for(lambda: poller.poll() and poller.heard)
    assert poller.heard == ["still here"]


def test_who_reads_late_gets_all_and_keeps_nobody_waiting(podium: Podium) -> None:
    late, other = podium.listener(room=SMALL_ROOM), podium.listener()
    podium.tell("oak", "y" * MUCH)
    podium.tell("oak", *range(50))
    assert [other.told() for _ in range(51)][1:] == list(range(50))
    assert late.told() == "y" * MUCH
    assert [late.told() for _ in range(50)] == list(range(50))


def test_who_reads_much_too_late_has_a_gap_nowhere(podium: Podium) -> None:
    late, other = podium.listener(room=SMALL_ROOM), podium.listener()
    for number in range(MANY):
        podium.tell("oak", f"{number} {'z' * 1_000_000}")
        assert other.told().startswith(f"{number} ")
    heard = []
    while len(heard) < MANY and (told := late.told()):
        heard.append(int(told.partition(" ")[0]))
    assert heard == list(range(len(heard)))
    assert (len(heard) < MANY) is podium.is_direct


def test_who_is_gone_is_forgotten_and_the_others_are_told(hasty: Podium) -> None:
    wait_for(lambda: hasty.clients() == 0)
    gone, here = [hasty.listener() for _ in range(5)], hasty.listener()
    for one in gone:
        one.vanish()
    hasty.tell("oak", "still here")
    assert here.told() == "still here"
    here.ws.shutdown()
    wait_for(lambda: hasty.clients() == 0)


def test_who_is_gone_from_a_websocket_is_forgotten_at_once(green: Podium) -> None:
    before = green.clients()
    green.listener().vanish()
    wait_for(lambda: green.clients() <= before)


def test_who_is_dismissed_hears_so(podium: Podium) -> None:
    listener = podium.listener()
    assert requests.post(f"{podium.url}/dismiss", json={"connection": listener.number}, timeout=30).ok
    assert listener.packet() == "41"
    podium.tell("oak", "missed")
    listener.ws.send("1")
    assert listener.told() is None


def test_who_asks_while_the_database_is_away_is_answered_and_who_comes_then_comes_again(podium: Podium) -> None:
    here, stranger, before = podium.listener(), Listener(podium.url), podium.clients()
    podium.lose_database(True)
    stranger.open()
    assert stranger.packet().startswith("0")
    stranger.ws.send("40")
    assert stranger.told() is None
    here.ws.send('429["echo",1]')
    assert here.packet() == '439[{"error":"The database cannot be reached at present."}]'
    podium.lose_database(False)
    here.ws.send('429["echo",1]')
    assert here.packet() == "439[1]"
    # Who had just gone when all were counted may be counted no more.
    wait_for(lambda: podium.clients() <= before)
    assert "DatabaseAway" not in podium.log()


def test_pings_of_the_websocket_do_not_fall_into_what_is_being_told(green: Podium) -> None:
    late = green.listener(room=SMALL_ROOM)
    green.tell("oak", "y" * MUCH)
    late.ws.ping("are you there")
    # Whichever comes first, both come whole.
    got = dict(late.ws.recv_data_frame(control_frame=True) for _ in range(2))
    assert got[PONG].data == b"are you there"
    assert ("y" * MUCH).encode() in got[TEXT].data


def test_pings_of_the_websocket_itself_are_answered(podium: Podium) -> None:
    listener = podium.listener()
    listener.ws.ping("hello")
    frame = listener.ws.recv_frame()
    assert (frame.opcode, frame.data) == (PONG, b"hello")


def test_nonsense_ends_one_connection_only(podium: Podium) -> None:
    listener, nonsense = podium.listener(), podium.listener()
    nonsense.ws.send("4{")
    nonsense.ws.send("")
    podium.tell("oak", "fine")
    assert listener.told() == "fine"


def test_who_answers_pings_stays(hasty: Podium) -> None:
    listener = hasty.listener()
    while listener.pings < 4:
        listener.ws.send('429["echo",0]')
        assert listener.packet() == "439[0]"
    hasty.tell("oak", "still here")
    assert listener.told() == "still here"


def test_who_answers_no_ping_is_let_go_and_forgotten(hasty: Podium) -> None:
    silent = Listener(hasty.url, answers=False).connect().join("oak")
    assert silent.told() is None
    assert silent.pings == 1
    wait_for(lambda: hasty.clients() == 0)


def test_who_stops_polling_is_forgotten(hasty: Podium) -> None:
    Poller(hasty.url).connect().join("oak")
    wait_for(lambda: hasty.clients() == 0)


def test_libraries_of_an_unknown_shape_are_left_to_the_stock_sender(tmp_path: Path) -> None:
    with running(tmp_path, "eventlet", "direct", *PATIENT, "strange") as podium:
        listener = podium.listener()
        podium.tell("oak", "all the same")
        assert listener.told() == "all the same"
        assert podium.log().count("told by the stock sender, which is slower: Socket.send is not as it was") == 1


def test_the_log_says_which_sender_tells(podium: Podium) -> None:
    assert f"told by the {'direct' if podium.is_direct else 'stock'} sender" in podium.log()
