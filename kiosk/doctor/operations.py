"""What holds for this server without Google: its process, its database and disk, and what waits or was given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from kiosk import clock
from kiosk.doctor.findings import Finding, Remedy, failed, passed, warned
from kiosk.fleet.roster import Roster
from kiosk.settings import Settings
from kiosk.store import condition, deliveries, devices, overview, processes, pruning
from kiosk.store.condition import Space
from kiosk.store.database import Store
from kiosk.store.overview import Overview
from kiosk.store.processes import Process

SERVER = "This server"
ANSWER_SECONDS = 5.0
MEGABYTE = 1_000_000
# Below the first a disk is soon full; below the second nothing can be written any more.
LITTLE, NOTHING = 500 * MEGABYTE, 50 * MEGABYTE
# What waits for longer than that does not come by itself.
LONG, DAY = timedelta(minutes=15), timedelta(days=1)
LOG = "Look at its log: journalctl -u kiosk-server -n 100"
ELSEWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


@dataclass(frozen=True, slots=True)
class Operations:
    """The server's store and settings; `ask` returns the status of an address of this machine, None for no answer."""

    store: Store
    settings: Settings
    clock: clock.Clock
    ask: Callable[[str], int | None]


def examine(here: Operations) -> Iterator[Finding]:
    """Look at everything that an operator looks after."""
    with here.store.read() as db:
        state = overview.read(db, here.clock())
    yield _process(here)
    yield _rooms(state)
    yield _database(here)
    yield _disk(here)
    yield _journal(state, here.clock())
    yield _messages(here)
    yield from _devices(here)
    yield _retention(here)
    yield _secrets(here)
    yield _exposure(here)


def status(url: str) -> int | None:
    """Return the status with which a server of this machine answers, None where nobody does; no proxy is asked."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=ANSWER_SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return None


def _process(here: Operations) -> Finding:
    with here.store.read() as db:
        several = processes.living(db, here.clock())
    if several:
        return _several(several)
    if not here.settings.port:
        return passed(SERVER, "process", "Its port is chosen at every start: nothing was asked.")
    url = f"http://{ELSEWHERE.get(here.settings.host, here.settings.host)}:{here.settings.port}"
    answer = here.ask(f"{url}/healthz")
    if answer == 200:
        return passed(SERVER, "process", f"It answers at {url}.")
    said = f"Nothing answers at {url}." if answer is None else f"{url} answers {answer}: another program is there."
    repair = f"Start it (systemctl start kiosk-server, or `kiosk serve`). {LOG}"
    return failed(SERVER, "process", Remedy(said, repair))


def _several(living: Sequence[Process]) -> Finding:
    """Judge the processes of an installation that has several, wherever they run: it needs both kinds."""
    places = {role: [one.place for one in living if one.role == role] for role in ("web", "work")}
    said = "; ".join(f"{role}: {', '.join(found) or 'none lives'}" for role, found in places.items())
    lacking = [role for role, found in places.items() if not found]
    if not lacking:
        return passed(SERVER, "process", f"Its processes live. {said}.")
    starts = " and ".join(f"`kiosk serve --only {role}` (systemctl start kiosk-{role}@PORT)" for role in lacking)
    return failed(SERVER, "process", Remedy(f"Some of its processes are missing. {said}.", f"Start {starts}."))


def _rooms(found: Overview) -> Finding:
    grave = [one for one in found.troubles if one.grave]
    if not grave:
        return passed(SERVER, "rooms", f"All {found.linked} linked rooms are up to date.")
    first = grave[0]
    said = f"{len(grave)} of {found.linked} linked rooms are not up to date; {first.stored.room.slug}: {first.reason}"
    return failed(SERVER, "rooms", Remedy(said, "`kiosk doctor` says what is wrong between here and Google."))


def _database(here: Operations) -> Finding:
    file = here.settings.database_file
    if file is None:
        return _server(here)
    damage = condition.problems(file)
    if damage:
        repair = "Stop the server, and have the last backup back: `kiosk restore FILE --overwrite`."
        return failed(SERVER, "database", Remedy(f"The database is damaged: {'; '.join(damage)}", repair))
    return passed(SERVER, "database", "The database is whole.")


def _server(here: Operations) -> Finding:
    with here.store.read() as db:
        found = condition.server(db)
    said = f"PostgreSQL {found.version} at {here.store.place} answers; the database has {found.size // MEGABYTE} MB."
    if found.is_durable:
        return passed(SERVER, "database", said)
    repair = "Set fsync and full_page_writes to on in postgresql.conf, and restart PostgreSQL."
    return warned(SERVER, "database", Remedy(f"{said} A power cut may damage it: fsync is off.", repair))


def _disk(here: Operations) -> Finding:
    path = here.settings.database_file
    if path is None:
        return passed(SERVER, "disk", "The database is on PostgreSQL's disk, which is looked after there.")
    try:
        found = condition.space(path)
    except OSError as error:
        return failed(SERVER, "disk", Remedy(f"The disk of {path} cannot be read ({error.strerror}).", LOG))
    said = _sizes(found)
    if found.free >= LITTLE:
        return passed(SERVER, "disk", said)
    repair = "Make room on the disk, or keep less: see KIOSK_KEEP_DAYS, KIOSK_AUDIT_DAYS and KIOSK_HISTORY_DAYS."
    return (warned if found.free >= NOTHING else failed)(SERVER, "disk", Remedy(said, repair))


def _sizes(found: Space) -> str:
    database, log, free, disk = (size // MEGABYTE for size in (found.database, found.log, found.free, found.disk))
    return f"The database has {database} MB and its log {log} MB; {free} of the disk's {disk} MB are free."


def _journal(found: Overview, now: datetime) -> Finding:
    since = found.waiting_since
    if since is None or now - since < LONG:
        return passed(SERVER, "journal", f"{found.waiting} bookings and changes are under way, none for long.")
    said = f"{found.waiting} bookings and changes wait for Google, the oldest since {clock.iso(since)}."
    return warned(SERVER, "journal", Remedy(said, "`kiosk doctor` says whether Google can be reached."))


def _messages(here: Operations) -> Finding:
    now = here.clock()
    with here.store.read() as db:
        waiting, given_up = deliveries.waiting(db), deliveries.given_up(db, now - DAY)
        oldest = deliveries.oldest_waiting(db)
    if not given_up and (oldest is None or now - oldest < LONG):
        return passed(SERVER, "messages", f"{waiting} mails and webhook messages are on their way.")
    said = f"{given_up} mails and webhook messages were given up in the last 24 hours, {waiting} wait."
    repair = "`kiosk webhooks log` says what receivers answered; for mails, see KIOSK_SMTP_URL."
    return warned(SERVER, "messages", Remedy(said, repair))


def _devices(here: Operations) -> Iterator[Finding]:
    roster = Roster(here.store, here.clock, clock.DAWN)
    roster.load()
    with here.store.read() as db:
        known = [one for one in devices.every(db) if one.revoked_at is None]
    states = [roster.condition(one).state for one in known]
    if not known:
        return
    ill, gone = states.count("ill"), states.count("gone")
    said = f"{len(known)} devices: {ill} ill, {gone} gone."
    if ill or gone:
        yield warned(SERVER, "devices", Remedy(said, "`kiosk devices list` names them, and says why."))
    else:
        yield passed(SERVER, "devices", said)


def _retention(here: Operations) -> Finding:
    with here.store.read() as db:
        last: datetime | None = pruning.last(db)
    if last and here.clock() - last < 2 * DAY:
        return passed(SERVER, "retention", f"What was long over has been deleted, last at {clock.iso(last)}.")
    said = f"What is long over was {f'last deleted at {clock.iso(last)}' if last else 'never deleted'}."
    return warned(SERVER, "retention", Remedy(said, f"The server does that once a day while it runs. {LOG}"))


def _secrets(here: Operations) -> Finding:
    folder = Path(here.settings.secrets)
    if not folder.exists():
        return passed(SERVER, "secrets", "No secret is kept in files.")
    open_to_others = [one for one in (folder, *folder.iterdir()) if one.stat().st_mode & 0o077]
    if not open_to_others:
        return passed(SERVER, "secrets", "Secrets can be read by nobody else.")
    names = ", ".join(str(one) for one in open_to_others[:3])
    said, repair = f"Others on this machine can read {names}.", "Let only the server's user in."
    return failed(SERVER, "secrets", Remedy(said, repair, (f"chmod -R go= {folder}",)))


def _exposure(here: Operations) -> Finding:
    if here.settings.open_displays and here.settings.public_url.startswith("https:"):
        said = f"Everybody who reaches {here.settings.public_url} sees the rooms' bookings and can book."
        return warned(SERVER, "exposure", Remedy(said, "Unset KIOSK_OPEN_DISPLAYS and pair the screens."))
    who = "everybody in this network" if here.settings.open_displays else "devices, tokens and people who sign in"
    return passed(SERVER, "exposure", f"It lets {who} in.")
