"""The product without its web, built from settings: what the server and the command line both work with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from kiosk import clock
from kiosk.booking.carrier import Carrier
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.doctor.practice import Practice
from kiosk.google.access import Access, Google
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.channels import GoogleChannels
from kiosk.google.directory import GoogleDirectory
from kiosk.google.probe import GoogleProbe
from kiosk.google.route import Route
from kiosk.measures import Measures
from kiosk.notify.letters import Say, plain
from kiosk.notify.mailing import Mail
from kiosk.notify.notifier import Notifier
from kiosk.notify.posting import Post
from kiosk.settings import SPEECH, Settings, spoken
from kiosk.store import following, restoring
from kiosk.store.database import Store
from kiosk.store.spending import MINUTE
from kiosk.store.vault import Vault
from kiosk.sync.budget import Budget, Metered, shared
from kiosk.sync.channels import Push, hook_address
from kiosk.sync.connecting import Accesses, Connecting
from kiosk.sync.linking import Linking
from kiosk.sync.machine import MachineToken
from kiosk.sync.passes import Pass
from kiosk.upstream.hub import Hub
from kiosk.upstream.line import Line

# Of the requests that Google allows, the part that synchronisation may use.
SYNC_SHARE = 0.95
# Nobody at a door waits for the doctor: it waits for a minute with room, more than once where others use that too.
DOCTOR_PATIENCE = 150.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The product without its web: what the command line uses too. `hub`: what this server follows, if anything."""

    settings: Settings
    store: Store
    calendars: GoogleCalendars
    channels: GoogleChannels
    directory: GoogleDirectory
    budget: Budget
    google: Google
    connecting: Connecting
    measures: Measures
    hub: Hub | None = None
    token: MachineToken | None = None

    def close(self) -> None:
        """Close the database and the connections to Google."""
        self.calendars.close()
        self.channels.close()
        self.directory.close()
        self.store.close()


def open_parts(settings: Settings, block: int = 0, measures: Measures | None = None, several: bool = False) -> Parts:
    """Open the database and prepare the adapters; Google is not asked anything yet.

    `block`: at most so many of a day's requests are claimed at once; what is left of them is not given back. `measures`
    hears how long everything takes. `several`: this is one of several processes that ask Google.
    """
    restoring.finish(settings.restored_at)
    measures = measures or Measures()
    store = Store(settings.database_url, measures)
    settings, vault = _spoken(settings, store), Vault(Path(settings.secrets))
    token = MachineToken(vault, settings.device_token_file) if settings.hub_url else None
    minute = shared(store, of=MINUTE) if several else None
    budget = Budget(settings.requests_per_minute, settings.requests_per_day, shared(store, block), minute)

    def spent() -> None:
        budget.count(clock.now())

    named = Access(settings.google_credentials, settings.google_subject, settings.google_admin_subject)
    accesses = Accesses(named, store, vault)
    google = Google(accesses.current, settings.google_endpoint, route(settings), spent, measures.asked_google)
    return Parts(
        settings,
        store,
        GoogleCalendars(google),
        GoogleChannels(google),
        GoogleDirectory(google),
        budget,
        google,
        Connecting(accesses, google),
        measures,
        Hub(Line(settings.hub_url, token.current, settings.ca_bundle)) if token else None,
        token,
    )


def speech(settings: Settings) -> dict[str, str]:
    """Return the languages and the clock of displays, as hubs and followers say them."""
    return {name: str(getattr(settings, name)) for name in SPEECH}


def _spoken(settings: Settings, store: Store) -> Settings:
    """Return settings with the languages of the hub's displays, where one is followed that has said them."""
    if not settings.hub_url:
        return settings
    with store.read() as db:
        known = following.known(db)
    said: dict[str, Any] = {**speech(settings), **spoken(known)}
    return replace(settings, **said)


def route(settings: Settings) -> Route:
    """Return the way to Google that the settings say."""
    return Route(settings.https_proxy, settings.no_proxy, settings.ca_bundle)


def push(parts: Parts, now: clock.Clock = clock.now) -> Push:
    """Return what has Google announce changes, and stops that."""
    address = hook_address(parts.settings.public_url, parts.settings.google_endpoint)
    return Push(parts.channels, parts.store, address, now, partial(parts.budget.spend, share=SYNC_SHARE))


def practice(parts: Parts, now: clock.Clock = clock.now) -> Practice:
    """Return what the doctor works with."""
    settings = parts.settings
    return Practice(
        parts.store,
        GoogleProbe(parts.google),
        Metered(parts.calendars, parts.budget, SYNC_SHARE, now, DOCTOR_PATIENCE),
        parts.directory,
        lambda: parts.budget.left(now()),
        settings.requests_per_day,
        settings.public_url,
        hook_address(settings.public_url, settings.google_endpoint),
        bool(settings.sign_in_client),
        now,
    )


def linking(parts: Parts, now: clock.Clock = clock.now) -> Linking:
    """Return what gives rooms their calendars; requests are counted with those of the synchronisation."""
    source = Metered(parts.calendars, parts.budget, SYNC_SHARE, now)
    work = Pass(source, parts.store, parts.settings.window_days, now)
    return Linking(work, parts.directory, GoogleProbe(parts.google).user)


def front_desk(parts: Parts, now: clock.Clock = clock.now) -> Desk:
    """Return the desk where bookings are asked for; bookings may use what the synchronisation must leave."""
    driver = (
        Carrier(parts.store, parts.hub, now)
        if parts.hub
        else Driver(parts.store, Metered(parts.calendars, parts.budget, 1.0, now), now)
    )
    return Desk(driver, hold=parts.settings.offline_booking == "hold")


def open_notifier(
    parts: Parts,
    now: clock.Clock = clock.now,
    say: Say = plain,
    speaking: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Notifier:
    """Prepare what tells the outside; inside `speaking()`, `say` speaks the language of the mails."""
    settings = parts.settings
    post = Post(settings.private_webhooks, now, route(settings).proxy_for, settings.ca_bundle)
    mail = Mail(settings.smtp_url, settings.mail_from, now, say, speaking, settings.ca_bundle, settings.public_url)
    return Notifier(parts.store, post, mail, now)
