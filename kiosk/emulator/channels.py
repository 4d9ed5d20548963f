"""Push channels: who wants to hear of which calendar's changes, and the messages on their way."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from kiosk.emulator.acl import Access, Caller
from kiosk.emulator.errors import ApiError, bad_request, required
from kiosk.emulator.store import Store
from kiosk.emulator.values import Json

_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_WEEK = 7 * 86_400
_LONGEST_TOKEN = 256
_COLUMNS = "id, calendar, resource, uri, account, subject, address, token, expires, number"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel; `expires` in milliseconds of the epoch, `number` the last message's."""

    id: str
    calendar: str
    resource: str
    uri: str
    account: str
    subject: str
    address: str
    token: str
    expires: int
    number: int

    def as_json(self) -> Json:
        """The Channel resource."""
        body: Json = {"kind": "api#channel", "id": self.id, "resourceId": self.resource, "resourceUri": self.uri}
        body |= {"token": self.token} if self.token else {}
        return body | {"expiration": str(self.expires)}


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a channel; `tries`: how often it was sent in vain."""

    id: int
    channel: Channel
    number: int
    state: str
    tries: int


def watch(store: Store, granted: Access, body: Json, *, http: bool) -> Channel:
    """Open a channel and send it its first message; `http`: addresses need not be https."""
    _check(store, granted.calendar.id, body, http=http)
    now = store.clock.microseconds()
    calendar = granted.calendar.id
    digest = hashlib.sha256(f"{store.meta('seed')}/{calendar}".encode()).digest()
    resource = urlsafe_b64encode(digest[:20]).decode()[:27]
    uri = f"https://www.googleapis.com/calendar/v3/calendars/{quote(calendar, safe='')}/events?alt=json"
    channel = Channel(
        body["id"], calendar, resource, uri, granted.caller.account, granted.caller.email, body["address"],
        str(body.get("token") or ""), _expiry(body, now), 0,
    )  # fmt: skip
    marks = ", ".join("?" * 10)
    values = (getattr(channel, name) for name in _COLUMNS.split(", "))
    store.write(f"INSERT INTO channels ({_COLUMNS}) VALUES ({marks})", *values)
    _send(store, channel.id, "sync")
    return channel


def stop(store: Store, caller: Caller, body: Json) -> None:
    """Close a channel: its creator may, and for a service account's every user of that account."""
    found = find(store, str(body.get("id") or ""))
    mine = found is not None and found.account == caller.account
    mine = mine and found is not None and (found.subject == caller.email or "gserviceaccount" in found.account)
    if found is None or not mine or found.resource != body.get("resourceId"):
        raise ApiError(404, "notFound", f"Channel '{body.get('id')}' not found for project")
    remove(store, found.id)


def remove(store: Store, channel_id: str) -> None:
    """End a channel and forget what was still to be sent to it."""
    store.write("DELETE FROM messages WHERE channel = ?", channel_id)
    store.write("DELETE FROM channels WHERE id = ?", channel_id)


def find(store: Store, channel_id: str) -> Channel | None:
    """The living channel of that id."""
    expire(store)
    found = store.row(f"SELECT {_COLUMNS} FROM channels WHERE id = ?", channel_id)
    return Channel(*found) if found else None


def living(store: Store) -> list[Channel]:
    """All channels that have not expired."""
    expire(store)
    return [Channel(*row) for row in store.rows(f"SELECT {_COLUMNS} FROM channels ORDER BY id")]


def expire(store: Store) -> None:
    """Channels end by themselves; nobody is told."""
    over = store.rows("SELECT id FROM channels WHERE expires <= ?", store.clock.microseconds() // 1000)
    for (channel_id,) in over:
        remove(store, channel_id)


def announce(store: Store) -> bool:
    """Tell the channels of every calendar that has changed; whether there was one."""
    told = False
    for calendar in sorted(store.touched()):
        for (channel_id,) in store.rows("SELECT id FROM channels WHERE calendar = ? ORDER BY id", calendar):
            _send(store, channel_id, "exists")
            told = True
    return told


def refuse(store: Store, calendar: str, refused: bool) -> None:
    """Whether the calendar is one of those for which Google offers no push messages."""
    store.write("DELETE FROM push_refused WHERE calendar = ?", calendar)
    if refused:
        store.write("INSERT INTO push_refused VALUES (?)", calendar)


def next_due(store: Store) -> int | None:
    """When the next message is to be sent, in microseconds."""
    found = store.row("SELECT min(due) FROM messages")
    return found[0] if found else None


def due(store: Store, now: int) -> list[Message]:
    """What is to be sent at `now`: of each channel the oldest, and one that failed keeps no later one back."""
    expire(store)
    sql = f"""
        SELECT min(m.number), m.id, m.state, m.tries, {", ".join("c." + name for name in _COLUMNS.split(", "))}
        FROM messages m JOIN channels c ON c.id = m.channel WHERE m.due <= ? GROUP BY m.channel ORDER BY m.due, m.id
    """
    return [
        Message(message, Channel(*channel), number, state, tries)
        for number, message, state, tries, *channel in store.rows(sql, now)
    ]


def done(store: Store, message: Message) -> None:
    """The message was delivered, refused or given up."""
    store.write("DELETE FROM messages WHERE id = ?", message.id)


def postpone(store: Store, message: Message, when: int) -> None:
    """Send it again later."""
    store.write("UPDATE messages SET due = ?, tries = tries + 1 WHERE id = ?", when, message.id)


def _send(store: Store, channel_id: str, state: str) -> None:
    store.write("UPDATE channels SET number = number + 1 WHERE id = ?", channel_id)
    store.write(
        "INSERT INTO messages (channel, number, state, due, tries) "
        "SELECT id, number, ?, ?, 0 FROM channels WHERE id = ?", state, store.clock.microseconds(), channel_id,
    )  # fmt: skip


def _check(store: Store, calendar: str, body: Json, *, http: bool) -> None:
    for name in ("id", "type", "address"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise required(f"entity.resource.{name}")
    if body["type"] not in {"web_hook", "webhook"}:
        raise bad_request(f"Unknown channel type: {body['type']}", "push.channelTypeNotSupported")
    if not _ID.fullmatch(body["id"]) or len(str(body.get("token") or "")) > _LONGEST_TOKEN:
        raise bad_request("Channel id not in format [A-Za-z0-9\\-_\\+/=]{1,64}, or token too long", "invalid")
    scheme = urlsplit(body["address"]).scheme
    if scheme not in ({"https", "http"} if http else {"https"}):
        raise bad_request(f"WebHook callback must be HTTPS: {body['address']}", "push.webhookUrlNotHttps")
    if store.row("SELECT 1 FROM push_refused WHERE calendar = ?", calendar):
        message = "Push notifications are not supported by this resource."
        raise ApiError(400, "pushNotSupportedForRequestedResource", message, domain="calendar")
    if find(store, body["id"]):
        raise bad_request(f"Channel id {body['id']} not unique", "channelIdNotUnique")


def _expiry(body: Json, now: int) -> int:
    """In milliseconds: as asked for by `expiration` or `params.ttl`, else in a week."""
    try:
        if body.get("expiration"):
            wanted = int(body["expiration"])
        else:
            wanted = now // 1000 + int((body.get("params") or {}).get("ttl") or _WEEK) * 1000
    except (ValueError, TypeError, AttributeError):
        raise bad_request("Invalid value for: expiration", "invalid") from None
    if wanted <= now // 1000:
        raise bad_request("Invalid value for: expiration", "invalid")
    return wanted
