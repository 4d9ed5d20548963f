"""What happens is told outside: signed, as often as it takes, to each receiver by itself, and never forgotten."""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from kiosk.errors import UsageError
from kiosk.notify import posting
from kiosk.notify.letters import plain
from kiosk.notify.mailing import Mail
from kiosk.notify.notifier import PAUSES, Notifier
from kiosk.notify.posting import Post
from kiosk.store import acts, deliveries, webhooks
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.deliveries import Delivery
from tests.fakes import MONDAY, StillClock
from tests.notify.receivers import Answer, Got, Postbox, Receiver

SERVICE = {
    "service": "Coffee",
    "quantity": 6,
    "room_name": "Oak",
    "floor": "2",
    "building": "Berlin",
    "zone": "Europe/Berlin",
    "start": "2026-08-10T08:00:00Z",
    "state": "requested",
    "by": "Ada Okafor",
    "note": "with oat milk",
    "path": "/admin/services",
}


def notifier_of(
    store: Store, still: StillClock, url: str = "", private: bool = True, deadline: float = 20.0
) -> Notifier:
    mail = Mail(url, "Rooms <rooms@kiosk.example>", still, plain, base="https://rooms.kiosk.example")
    return Notifier(store, Post(private, still, deadline=deadline), mail, still)


@pytest.fixture
def notifier(store: Store, still: StillClock) -> Notifier:
    return notifier_of(store, still)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        yield opened


def hook(store: Store, receiver: Receiver, *events: str) -> tuple[int, str]:
    added, secret = store.write(webhooks.add, receiver.url, events, MONDAY)
    return added.id, secret


def happens(store: Store, still: StillClock, event_id: str = "e1", act: str = "book", **more: Any) -> None:
    detail = {"start": 1786348800000, "end": 1786350600000, "way": "room", "note": more.pop("note", "")}
    values = {"result": "confirmed", "reason": ""} | more
    store.write(
        acts.record, Act(still(), "person:ada@kiosk.example", "", act, "oak", event_id, detail=detail, **values)
    )


def work(notifier: Notifier) -> int:
    return sum(1 for _ in iter(notifier.step, False))


def log(store: Store) -> list[Delivery]:
    with store.read() as db:
        return deliveries.recent(db, 1000)


def test_a_booking_is_told_signed_and_without_whose_it_is(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    _, secret = hook(store, receiver)
    happens(store, still)
    assert work(notifier) == 1
    [got] = receiver.got
    assert got.is_signed_with(secret)
    assert got.path == "/rooms?from=kiosk"
    assert (got.headers["webhook-timestamp"], got.headers["content-type"]) == (
        str(int(MONDAY.timestamp())),
        "application/json",
    )
    assert got.said["type"] == "booking.confirmed"
    assert got.said["data"] == {
        "room": "oak", "booking": "e1", "start": "2026-08-10T08:00:00Z", "end": "2026-08-10T08:30:00Z",
        "way": "room", "reason": "", "by": "person",
    }  # fmt: skip
    assert b"ada" not in got.body


@pytest.mark.parametrize(
    ("act", "event"),
    [
        ({"act": "book"}, "booking.confirmed"),
        ({"act": "book", "result": "refused", "reason": "taken"}, "booking.refused"),
        ({"act": "extend"}, "booking.changed"),
        ({"act": "end"}, "booking.ended"),
        ({"act": "cancel"}, "booking.cancelled"),
        ({"act": "release"}, "booking.released"),
        ({"act": "release", "note": "missed_warned"}, "booking.no_show"),
    ],
)
def test_each_act_has_its_event(store: Store, still: StillClock, act: dict[str, str], event: str) -> None:
    store.write(webhooks.add, "https://example.org/", (), MONDAY)
    happens(store, still, **act)
    assert [one.event for one in log(store)] == [event]


@pytest.mark.parametrize(
    "act",
    [
        {"act": "book", "result": "held"},
        {"act": "book", "result": "refused", "reason": "taken_back"},
        {"act": "release", "result": "refused", "note": "missed"},
        {"act": "log_in", "result": "done"},
    ],
)
def test_what_is_not_settled_or_nobodys_concern_is_not_told(
    store: Store, still: StillClock, act: dict[str, str]
) -> None:
    store.write(webhooks.add, "https://example.org/", (), MONDAY)
    happens(store, still, **act)
    assert log(store) == []


def test_an_address_hears_only_of_the_events_it_wants(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    hook(store, receiver, "booking.cancelled")
    happens(store, still)
    happens(store, still, act="cancel")
    work(notifier)
    assert [got.said["type"] for got in receiver.got] == ["booking.cancelled"]


def test_what_fails_is_told_again_under_the_same_id_at_growing_intervals(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    number, secret = hook(store, receiver)
    receiver.answer = lambda _got: 500
    happens(store, still)
    waited = []
    while work(notifier):
        [one] = log(store)
        if one.state == "waiting":
            waited.append(one.due_at - still())
            still.instant = one.due_at
    assert [PAUSES[at] <= pause <= 1.2 * PAUSES[at] for at, pause in enumerate(waited)] == [True] * len(PAUSES)
    assert set(receiver.ids) == {one.id}
    assert all(got.is_signed_with(secret) for got in receiver.got)
    assert (one.state, one.said) == ("given_up", "500")
    with store.read() as db:
        assert webhooks.find(db, number).failing_since == MONDAY


def test_what_was_given_up_is_tried_again_by_hand(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    number, _ = hook(store, receiver)
    happens(store, still)
    [one] = log(store)
    store.write(deliveries.give_up, one, "500", still())
    store.write(deliveries.retry, one.id, still())
    assert work(notifier) == 1
    assert log(store)[0].state == "delivered"
    store.write(deliveries.retry, one.id, still())
    assert work(notifier) == 0
    with store.read() as db:
        assert webhooks.find(db, number).failing_since is None


def test_a_redirection_is_followed_nowhere(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    hook(store, receiver)
    with Receiver() as other:
        receiver.answer = lambda _got: (307, {"Location": other.url})
        happens(store, still)
        work(notifier)
        assert other.got == []
    assert log(store)[0].said == "307: it points elsewhere, which is not followed"


def test_an_address_that_is_gone_is_told_no_more(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    hook(store, receiver)
    receiver.answer = lambda _got: 410
    happens(store, still, "e1")
    happens(store, still, "e2")
    work(notifier)
    assert [one.state for one in log(store)] == ["given_up", "given_up"]
    assert len(receiver.got) == 1
    happens(store, still, "e3")
    assert len(log(store)) == 2


def test_a_receiver_that_asks_for_time_is_given_it(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    hook(store, receiver)
    receiver.answer = lambda _got: (429, {"Retry-After": "3600"})
    happens(store, still)
    work(notifier)
    assert log(store)[0].due_at == still() + timedelta(hours=1)


@pytest.mark.parametrize(("manner", "said"), [("drip", "no answer in time"), ("hang up", "no connection")])
def test_a_receiver_that_misbehaves_is_let_go(
    store: Store, still: StillClock, receiver: Receiver, manner: str, said: str
) -> None:
    hook(store, receiver)
    receiver.answer = lambda _got: manner
    happens(store, still)
    work(notifier_of(store, still, deadline=0.6 if manner == "drip" else 20.0))
    [one] = log(store)
    assert (one.state, one.said[: len(said)]) == ("waiting", said)


def test_of_a_long_answer_only_the_beginning_is_read(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    hook(store, receiver)
    receiver.answer = lambda _got: "flood"
    happens(store, still)
    work(notifier)
    [one] = log(store)
    assert one.state == "delivered"
    assert len(one.said) < 2 * posting.MOST_SHOWN


def test_what_happens_at_the_same_moment_is_told_in_its_order(
    store: Store, still: StillClock, receiver: Receiver, notifier: Notifier
) -> None:
    number, _ = hook(store, receiver)
    for count in range(12):
        store.write(deliveries.announce_to, number, "booking.made", {"count": count}, still())
    assert [json.loads(one.body)["data"]["count"] for one in reversed(log(store))] == list(range(12))
    work(notifier)
    assert [got.said["data"]["count"] for got in receiver.got] == list(range(12))


def test_nobody_listening_is_no_end(store: Store, still: StillClock, notifier: Notifier) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    store.write(webhooks.add, f"http://127.0.0.1:{port}/", (), MONDAY)
    happens(store, still)
    work(notifier)
    assert log(store)[0].state == "waiting"


def test_a_process_killed_while_it_tells_is_made_up_for(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    hook(store, receiver)
    happens(store, still)
    [one] = log(store)
    assert store.write(deliveries.claim, one, still())
    assert work(notifier_of(store, still)) == 0
    still.advance(minutes=2)
    assert work(notifier_of(store, still)) == 1
    assert receiver.ids == [one.id]


def test_nothing_is_told_of_what_was_rolled_back(store: Store, still: StillClock) -> None:
    store.write(webhooks.add, "https://example.org/", (), MONDAY)

    def fail(db: Any) -> None:
        acts.record(db, Act(still(), "panel", "", "book", "oak", "e1", "confirmed"))
        raise UsageError("No.")

    with pytest.raises(UsageError):
        store.write(fail)
    assert log(store) == []


@pytest.mark.parametrize("seed", range(5))
def test_whatever_fails_everything_arrives_in_the_end(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver, seed: int
) -> None:
    chance = random.Random(seed)

    def moody(_got: Got) -> Answer:
        return chance.choice([204, 500, "hang up", (302, {"Location": "/"}), (503, {"Retry-After": "soon"}), 200])

    hook(store, receiver)
    receiver.answer = moody
    for number in range(12):
        happens(store, still, f"e{number}")
    sent = {one.id for one in log(store)}
    for _ in PAUSES:
        work(notifier)
        still.advance(hours=30)
    receiver.answer = lambda _got: 204
    for one in log(store):
        store.write(deliveries.retry, one.id, still())
    work(notifier)
    assert {one.state for one in log(store)} == {"delivered"}
    assert set(receiver.ids) == sent


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/", "begins with https://"),
        ("https://10.0.0.7/", "private network"),
        ("https://127.0.0.1/", "private network"),
        ("https://[::1]/", "private network"),
        ("https://[::ffff:10.0.0.7]/", "private network"),
        ("https://169.254.169.254/latest/meta-data", "no webhook may lead to"),
        ("https://0.0.0.0/", "no webhook may lead to"),
    ],
)
def test_private_addresses_are_refused_unless_they_are_allowed(
    store: Store, still: StillClock, url: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        notifier_of(store, still, private=False).check(url)
    if "169.254" in url or "0.0.0.0" in url:
        with pytest.raises(UsageError):
            notifier_of(store, still, private=True).check(url)
    else:
        notifier_of(store, still, private=True).check(url)


def test_a_name_that_means_this_machine_is_refused_when_it_is_looked_up(
    store: Store, still: StillClock, receiver: Receiver
) -> None:
    url = receiver.url.replace("http://127.0.0.1", "https://localhost")
    store.write(webhooks.add, url, (), MONDAY)
    happens(store, still)
    work(notifier_of(store, still, private=False))
    [one] = log(store)
    assert (one.state, "private network" in one.said, receiver.got) == ("given_up", True, [])


def test_mail_is_sent_with_an_id_that_stays(store: Store, still: StillClock) -> None:
    number = store.write(deliveries.mail, "cafe@kiosk.example", "service.requested", SERVICE, still())
    with Postbox(password="swordfish") as postbox:
        notifier = notifier_of(store, still, postbox.url)
        assert work(notifier) == 1
        [mail] = postbox.mails
    assert (mail["To"], mail["From"]) == ("cafe@kiosk.example", "Rooms <rooms@kiosk.example>")
    assert mail["Subject"] == "Wanted: Coffee, Oak, 2026-08-10 10:00 (Europe/Berlin)"
    assert mail["Message-ID"] == f"<{number}@kiosk.example>"
    text = mail.get_content()
    assert "6 × Coffee" in text
    assert "with oat milk" in text
    assert "https://rooms.kiosk.example/admin/services" in text
    assert log(store)[0].state == "delivered"


@pytest.mark.parametrize(
    ("line", "state"), [("450 Come back later", "waiting"), ("550 There is no such person", "given_up")]
)
def test_a_refused_mail_is_sent_again_only_if_that_can_help(
    store: Store, still: StillClock, line: str, state: str
) -> None:
    store.write(deliveries.mail, "cafe@kiosk.example", "service.requested", SERVICE, still())
    with Postbox(refuses=lambda _address: line) as postbox:
        work(notifier_of(store, still, postbox.url))
    [one] = log(store)
    assert (one.state, line[4:] in one.said) == (state, True)


def test_a_wrong_password_of_the_mail_server_loses_no_mail(store: Store, still: StillClock) -> None:
    store.write(deliveries.mail, "cafe@kiosk.example", "service.requested", SERVICE, still())
    with Postbox(password="swordfish") as postbox:
        work(notifier_of(store, still, postbox.url.replace("swordfish", "herring")))
        assert log(store)[0].state == "waiting"
        still.advance(minutes=1)
        work(notifier_of(store, still, postbox.url))
        assert len(postbox.mails) == 1


def test_without_a_mail_server_the_log_says_so(store: Store, still: StillClock, notifier: Notifier) -> None:
    store.write(deliveries.mail, "cafe@kiosk.example", "service.requested", SERVICE, still())
    work(notifier)
    assert (log(store)[0].state, "KIOSK_SMTP_URL" in log(store)[0].said) == ("given_up", True)


def test_a_message_that_cannot_be_put_into_words_stops_no_other(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver
) -> None:
    hook(store, receiver)
    store.write(deliveries.mail, "cafe@kiosk.example", "service.requested", {}, still())
    happens(store, still)
    notifier.mail.url = "smtp://127.0.0.1:9"
    assert work(notifier) == 2
    assert sorted((one.state, one.said[:17]) for one in log(store)) == [
        ("delivered", "204"),
        ("waiting", "it cannot be sent"),
    ]


def test_an_answer_may_take_its_time(
    store: Store, still: StillClock, notifier: Notifier, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "CONNECT_SECONDS", 0.2)
    hook(store, receiver)

    def slowly(_got: Got) -> Answer:
        time.sleep(0.4)
        return 204

    receiver.answer = slowly
    happens(store, still)
    work(notifier)
    assert log(store)[0].state == "delivered"


def test_settled_messages_are_kept_for_a_month(store: Store, still: StillClock, receiver: Receiver) -> None:
    hook(store, receiver)
    happens(store, still)
    work(notifier_of(store, still))
    still.advance(days=29)
    work(notifier_of(store, still))
    assert len(log(store)) == 1
    still.advance(days=2)
    work(notifier_of(store, still))
    assert log(store) == []
