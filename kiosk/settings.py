"""The table of settings: the only reader of the environment, and the source of `--help` and the docs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kiosk import clock
from kiosk.errors import SettingError
from kiosk.schedule import hours
from kiosk.schedule.hours import Hours

# As browsers name them (BCP 47).
LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pl", "pt-BR", "sv", "ja", "zh-CN", "ar")


def _text(value: str) -> str:
    return value.strip()


def _zone(value: str) -> str:
    return clock.zone(value).key


def _words(value: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in value.split(",") if part.strip())


def _flag(value: str) -> bool:
    words = {
        "1": True,
        "yes": True,
        "true": True,
        "on": True,
        "0": False,
        "no": False,
        "false": False,
        "off": False,
    }
    if value.strip().lower() not in words:
        raise ValueError("allowed: 1 or 0")
    return words[value.strip().lower()]


def _file(value: str) -> str:
    if value and not Path(value).expanduser().is_file():
        raise ValueError("there is no such file")
    return str(Path(value).expanduser()) if value else ""


def _folder(value: str) -> str:
    if not value.strip():
        raise ValueError("allowed: the path of a folder")
    return str(Path(value.strip()).expanduser())


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isdigit() or not lowest <= int(value) <= highest:
            raise ValueError(f"allowed: a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def _kept_days(lowest: int) -> Callable[[str], int]:
    """Return what reads for how many days something is kept; less than the lowest would be missed."""

    def parse(value: str) -> int:
        if not value.strip().isdigit() or not (int(value) == 0 or lowest <= int(value) <= 36_500):
            raise ValueError(f"allowed: a whole number of days from {lowest} to 36500, or 0 for ever")
        return int(value)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip().lower() not in words:
            raise ValueError(f"allowed: {', '.join(words)}")
        return value.strip().lower()

    return parse


def _language(value: str) -> str:
    """Return a language's tag, written as its own kind of programs writes it: pt-BR, pt_BR, pt_br."""
    known = {tag.lower(): tag for tag in LANGUAGES} | {"zh-hans-cn": "zh-CN"}
    tag = value.strip().lower().replace("_", "-")
    if tag not in known:
        raise ValueError(f"allowed: {', '.join(LANGUAGES)}")
    return known[tag]


def _perhaps_language(value: str) -> str:
    return _language(value) if value.strip() else ""


def _database(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://")) or value == "sqlite:///":
        raise ValueError("allowed: sqlite:///PATH, such as sqlite:///var/kiosk.db, or postgresql://USER@HOST/NAME")
    return value


def _redis(value: str) -> str:
    parts = urlsplit(value.strip())
    is_host, is_socket = parts.scheme in {"redis", "rediss"} and parts.hostname, parts.scheme == "unix" and parts.path
    if value.strip() and not (is_host or is_socket):
        raise ValueError("allowed: redis://:PASSWORD@HOST:PORT/NUMBER, rediss:// with TLS, or unix:///PATH")
    return value.strip()


def _endpoint(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("allowed: the root of a server, such as http://127.0.0.1:8085")
    return value.rstrip("/")


def _public_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("allowed: the address of this server, such as https://rooms.example.com")
    return value.strip().rstrip("/")


def _hub(value: str) -> str:
    parts = urlsplit(value.strip())
    wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query
    if value.strip() and (wrong or parts.username):
        raise ValueError("allowed: the address of the server to follow, such as https://rooms.example.com")
    return value.strip().rstrip("/")


def _path(value: str) -> str:
    return str(Path(value.strip()).expanduser()) if value.strip() else ""


def _smtp(value: str) -> str:
    text = value.strip()
    parts = urlsplit(text)
    if text and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.port == 0 or parts.path):
        raise ValueError("allowed: smtp://USER:PASSWORD@HOST:PORT, or smtps:// for a server that begins with TLS")
    return text


def _sender(value: str) -> str:
    name, address = parseaddr(value.strip())
    if value.strip() and ("@" not in address or any(sign < " " for sign in name + address)):
        raise ValueError("allowed: an address, such as rooms@example.com or Rooms <rooms@example.com>")
    return value.strip()


def _proxy(value: str) -> str:
    text = value.strip()
    text = f"http://{text}" if text and "://" not in text else text
    parts = urlsplit(text)
    if text and (parts.scheme != "http" or not parts.hostname or parts.port == 0):
        raise ValueError("allowed: http://HOST:PORT or http://USER:PASSWORD@HOST:PORT")
    return text.rstrip("/")


def _setting(name: str, default: str, parse: Callable[[str], Any], help_text: str, also: tuple[str, ...] = ()) -> Any:
    """Describe a setting; `also`: other names of a variable that all programs share."""
    return field(metadata={"name": name, "default": default, "parse": parse, "help": help_text, "also": also})


@dataclass(frozen=True)
class Settings:
    """Every setting, read and checked."""

    host: str = _setting("KIOSK_HOST", "127.0.0.1", _text, "address to listen on; 0.0.0.0 for every network")
    port: int = _setting("KIOSK_PORT", "8080", _number(0, 65535), "port to listen on; 0 picks a free one")
    database_url: str = _setting(
        "KIOSK_DATABASE_URL", "sqlite:///var/kiosk.db", _database, "where the mirror and the journal live"
    )
    redis_url: str = _setting(
        "KIOSK_REDIS_URL", "", _redis, "Redis through which several processes wake each other, redis://HOST:PORT/NUMBER"
    )
    async_mode: str = _setting(
        "KIOSK_ASYNC_MODE", "eventlet", _one_of("eventlet", "threading"), "how the server shares its time"
    )
    sender: str = _setting(
        "KIOSK_SENDER", "direct", _one_of("direct", "stock"), "how screens are told: straight, or as Socket.IO does it"
    )
    hub_url: str = _setting(
        "KIOSK_HUB_URL", "", _hub, "another server of this product to follow: it has the rooms, this one shows them"
    )
    device_token_file: str = _setting(
        "KIOSK_DEVICE_TOKEN_FILE", "", _path, "file with the token by which that server knows this machine"
    )
    google_credentials: str = _setting(
        "KIOSK_GOOGLE_CREDENTIALS", "", _file, "file with a service account or an authorized user"
    )
    google_subject: str = _setting(
        "KIOSK_GOOGLE_SUBJECT",
        "",
        _text,
        "user the service account acts as on calendars (writer on each room)",
    )
    google_admin_subject: str = _setting(
        "KIOSK_GOOGLE_ADMIN_SUBJECT",
        "",
        _text,
        "user it acts as to read rooms and buildings from the Directory",
    )
    secrets: str = _setting(
        "KIOSK_SECRETS", "var/secrets", _folder, "folder of what was connected while running; only its owner reads it"
    )
    google_endpoint: str = _setting(
        "KIOSK_GOOGLE_ENDPOINT",
        "",
        _endpoint,
        "root of another server that speaks Google's API, such as the emulator",
    )
    trusted_proxies: int = _setting(
        "KIOSK_TRUSTED_PROXIES",
        "0",
        _number(0, 5),
        "how many reverse proxies stand before this server and say who asks (X-Forwarded-For)",
    )
    public_url: str = _setting(
        "KIOSK_PUBLIC_URL",
        "",
        _public_url,
        "address at which the internet reaches this server; with https, Google announces changes there",
    )
    sign_in_client: str = _setting(
        "KIOSK_SIGN_IN_CLIENT", "", _file, "file of an OAuth client (web application), for people who sign in"
    )
    sign_in_domains: tuple[str, ...] = _setting(
        "KIOSK_SIGN_IN_DOMAINS", "", _words, "whose people may sign in: domains, with commas between them"
    )
    poll_seconds: int = _setting(
        "KIOSK_POLL_SECONDS", "10", _number(2, 3600), "how often each room's calendar is asked for changes"
    )
    window_days: int = _setting("KIOSK_WINDOW_DAYS", "21", _number(2, 60), "how many days ahead are mirrored")
    sync_workers: int = _setting(
        "KIOSK_SYNC_WORKERS", "4", _number(1, 32), "how many rooms are synchronised at the same time"
    )
    opening_hours: Hours = _setting(  # noqa: RUF009 - a field like the others, whose type ruff does not know
        "KIOSK_OPENING_HOURS", "Mon-Fri 07:00-19:00", hours.parse, "when rooms are asked for changes often; local time"
    )
    requests_per_minute: int = _setting(
        "KIOSK_REQUESTS_PER_MINUTE", "9000", _number(10, 1_000_000), "most requests to Google in any minute"
    )
    requests_per_day: int = _setting(
        "KIOSK_REQUESTS_PER_DAY", "900000", _number(1000, 100_000_000), "most requests to Google in any 24 hours"
    )
    offline_booking: str = _setting(
        "KIOSK_OFFLINE_BOOKING",
        "hold",
        _one_of("hold", "refuse"),
        "what a tap does while Google cannot be reached",
    )
    timezone: str = _setting("KIOSK_TIMEZONE", "UTC", _zone, "zone of rooms that name none")
    language: str = _setting("KIOSK_LANGUAGE", "en", _language, f"language of the displays: {', '.join(LANGUAGES)}")
    second_language: str = _setting(
        "KIOSK_SECOND_LANGUAGE", "", _perhaps_language, "another language, for displays that turn between two"
    )
    clock_hours: str = _setting("KIOSK_HOURS", "24", _one_of("24", "12"), "clock of the displays")
    open_displays: bool = _setting(
        "KIOSK_OPEN_DISPLAYS", "0", _flag, "1 lets everybody on the network see displays and book"
    )
    smtp_url: str = _setting("KIOSK_SMTP_URL", "", _smtp, "mail server, smtp(s)://USER:PASSWORD@HOST:PORT")
    mail_from: str = _setting(
        "KIOSK_MAIL_FROM", "rooms@localhost", _sender, "sender of mails, such as Rooms <rooms@example.com>"
    )
    private_webhooks: bool = _setting(
        "KIOSK_PRIVATE_WEBHOOKS", "0", _flag, "1 lets webhooks lead into private networks, and without https"
    )
    history_days: int = _setting(
        "KIOSK_HISTORY_DAYS", "1100", _number(0, 36_500), "for how many days it is kept how rooms were used; 0 for ever"
    )
    history_bookings_days: int = _setting(
        "KIOSK_HISTORY_BOOKINGS_DAYS",
        "100",
        _number(2, 36_500),
        "for how many days the single bookings behind that are kept, nameless, to follow what Google changes",
    )
    keep_days: int = _setting(
        "KIOSK_KEEP_DAYS",
        "400",
        _kept_days(31),
        "for how many days it is kept who booked, checked in, ordered and reported what here; 0 for ever",
    )
    audit_days: int = _setting(
        "KIOSK_AUDIT_DAYS", "1100", _kept_days(31), "for how many days the log of acts is kept; 0 for ever"
    )
    log_level: str = _setting(
        "KIOSK_LOG_LEVEL", "info", _one_of("debug", "info", "warning", "error"), "how much is logged"
    )
    log_format: str = _setting(
        "KIOSK_LOG_FORMAT", "text", _one_of("text", "json"), "lines of text, or a JSON object a line"
    )
    https_proxy: str = _setting("HTTPS_PROXY", "", _proxy, "proxy on the way to Google", also=("https_proxy",))
    no_proxy: str = _setting("NO_PROXY", "", _text, "hosts that are reached without it", also=("no_proxy",))
    ca_bundle: str = _setting(
        "SSL_CERT_FILE",
        "",
        _file,
        "certificates to trust instead of the usual ones; also as REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE",
        also=("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    )

    @property
    def database_file(self) -> Path | None:
        """Where the database lies; None where it is a PostgreSQL server's."""
        path = self.database_url.removeprefix("sqlite:///")
        return None if path == self.database_url else Path(path)

    @property
    def restored_at(self) -> Path:
        """Beside which file a restore lies ready: the database, or what stands for it among the secrets."""
        return self.database_file or Path(self.secrets) / "database"


@dataclass(frozen=True)
class Supervision:
    """How systemd, if it runs us, is told that we live: its socket, and the seconds it waits (0: it does not)."""

    socket: str = ""
    seconds: float = 0.0


# What a hub's displays speak, its followers' do.
SPEECH = ("language", "second_language", "clock_hours")
CONFIG = "KIOSK_CONFIG"
CONFIG_HELP = "file with settings, one NAME=value a line; the environment wins over it"


def table() -> list[tuple[str, str, str]]:
    """Return (name, default, help) of every setting, in the order people should read them."""
    rows = [(f.metadata["name"], f.metadata["default"], f.metadata["help"]) for f in fields(Settings)]
    return [*rows, (CONFIG, "", CONFIG_HELP)]


def load(environ: Mapping[str, str] | None = None, **overrides: str) -> Settings:
    """Read all settings: overrides (by field name) win over the environment, it wins over the file.

    Raises SettingError with the variable's name, its value and what is allowed.
    """
    environ = os.environ if environ is None else environ
    in_file = _read_file(environ.get(CONFIG, ""))
    _reject_unknown([*in_file, *(name for name in environ if name.startswith("KIOSK_"))])
    values = given(environ)
    return _consistent(
        Settings(**{f.name: _value(f, overrides.get(f.name, values.get(f.metadata["name"]))) for f in fields(Settings)})
    )


def supervision(environ: Mapping[str, str] | None = None) -> Supervision:
    """Return what the program that supervises us has left in the environment."""
    environ = os.environ if environ is None else environ
    return Supervision(environ.get("NOTIFY_SOCKET", ""), int(environ.get("WATCHDOG_USEC", "0")) / 1e6)


def given(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what the environment and the file say, as it is written there; what nobody has said is left out."""
    environ = os.environ if environ is None else environ
    return {**_named(_read_file(environ.get(CONFIG, ""))), **_named(environ)}


def spoken(said: Mapping[str, Any]) -> dict[str, str]:
    """Return what a hub says of displays' languages and clock; what this version does not know is left out."""
    found: dict[str, str] = {}
    for one in fields(Settings):
        if one.name in SPEECH and isinstance(said.get(one.name), str):
            with suppress(ValueError):
                found[one.name] = one.metadata["parse"](said[one.name])
    return found


def export(**variables: str) -> None:
    """Set variables that libraries read when they are imported."""
    os.environ.update(variables)


def _consistent(settings: Settings) -> Settings:
    if settings.second_language == settings.language:
        raise SettingError(
            f"KIOSK_SECOND_LANGUAGE is {settings.second_language!r}: allowed: another one than KIOSK_LANGUAGE."
        )
    if settings.hub_url and settings.google_credentials:
        raise SettingError(
            "KIOSK_HUB_URL and KIOSK_GOOGLE_CREDENTIALS are both set: a server follows another, or asks Google itself."
        )
    return settings


def _named(given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings among variables, each under its first name; an empty shared variable is none."""
    found: dict[str, str] = {}
    for one in fields(Settings):
        name, also = one.metadata["name"], one.metadata["also"]
        values = [given[each] for each in (name, *also) if each in given and (given[each] or not also)]
        found |= {name: values[0]} if values else {}
    return found


def _value(setting: Field[Any], text: str | None) -> Any:
    text = setting.metadata["default"] if text is None else text
    try:
        return setting.metadata["parse"](text)
    except ValueError as error:
        names = " or ".join((setting.metadata["name"], *setting.metadata["also"]))
        raise SettingError(f"{names} is {text!r}: {error}.") from error


def _reject_unknown(names: Iterable[str]) -> None:
    known = [name for name, _, _ in table()]
    known += [name for one in fields(Settings) for name in one.metadata["also"]]
    for name in names:
        if name not in known:
            import difflib  # a library that is needed for slips of the pen only

            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else " `kiosk serve --help` lists them."
            raise SettingError(f"{name} is not a setting.{hint}")


def _read_file(path: str) -> dict[str, str]:
    if not path:
        return {}
    try:
        lines = Path(path).expanduser().read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingError(f"{CONFIG} is {path!r}: the file cannot be read ({error.strerror}).") from error
    return dict(_assignment(line, path) for line in lines if line.strip() and not line.strip().startswith("#"))


def _assignment(line: str, path: str) -> tuple[str, str]:
    name, equals, value = line.strip().removeprefix("export ").partition("=")
    if not equals:
        raise SettingError(f"{CONFIG} {path!r} has the line {line.strip()!r}: write NAME=value.")
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return name.strip(), value[1:-1] if quoted else value
