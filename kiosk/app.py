"""The server: everything is built here and in `assembly` from settings, clock and adapters, and nowhere else."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, render_template, request
from flask_compress import Compress
from flask_socketio import SocketIO
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from displays import REGISTRY
from kiosk import __version__, clock, memory, runtime
from kiosk.assembly import SYNC_SHARE, Parts, front_desk, linking, open_notifier, practice, push, route, speech
from kiosk.booking.attendant import Attendant
from kiosk.booking.desk import Desk
from kiosk.booking.forgetter import Forgetter
from kiosk.booking.pruner import Pruner
from kiosk.booking.waiter import Waiter
from kiosk.crew.crew import Crew
from kiosk.crew.duties import Duties
from kiosk.crew.nudges import Nudges
from kiosk.crew.presence import Presence
from kiosk.errors import KioskError, NotFound
from kiosk.fleet.courier import InMemory, InStore
from kiosk.fleet.roster import Roster
from kiosk.google.signin import GoogleSignIn
from kiosk.live import senders, sockets
from kiosk.live.audience import Audience
from kiosk.live.drawing import Painter, digest
from kiosk.live.freshness import Change, Freshness
from kiosk.live.gallery import Gallery, Screen
from kiosk.live.listeners import Listeners
from kiosk.live.members import TOUCHED
from kiosk.live.notices import Herald
from kiosk.live.pulse import Pulse
from kiosk.live.roll import Roll
from kiosk.live.sockets import Doorway, Visitor
from kiosk.live.tickets import Tickets
from kiosk.notify.monthly import Monthly
from kiosk.notify.notifier import Notifier
from kiosk.resources import resource
from kiosk.settings import Settings
from kiosk.store import boards, following, rooms, schema, tokens
from kiosk.store.database import Store
from kiosk.store.glance import Glance
from kiosk.store.lookout import Lookout
from kiosk.store.processes import Role
from kiosk.sync.background import Background
from kiosk.sync.budget import Metered
from kiosk.sync.channels import Push
from kiosk.sync.directory import Following
from kiosk.sync.history import READ_SHARE, History
from kiosk.sync.mirror import LISTED_ALONE, Mirror
from kiosk.sync.passes import Pass
from kiosk.sync.shadow import Shadow
from kiosk.web import (
    access,
    admin,
    api,
    compiled,
    fleet,
    follow,
    health,
    hooks,
    icons,
    identity,
    look,
    metrics,
    my,
    notices,
    numbers,
    outcomes,
    pages,
    phone,
    signin,
    tongues,
    tracing,
    wording,
)
from kiosk.web import handing as handing_on
from kiosk.web.access import Gate, WsgiApp, guarded
from kiosk.web.admin import Admin
from kiosk.web.api import Api
from kiosk.web.asking import Asking
from kiosk.web.catering import Catering
from kiosk.web.fleet import Fleet
from kiosk.web.follow import Follow
from kiosk.web.handing import Handing
from kiosk.web.health import Health
from kiosk.web.hooks import Bell
from kiosk.web.identity import Identities
from kiosk.web.links import Links
from kiosk.web.metrics import Metrics
from kiosk.web.my import My
from kiosk.web.notices import Notices
from kiosk.web.occupancy import Occupancy
from kiosk.web.openapi import page as openapi
from kiosk.web.pages import Pages
from kiosk.web.phone import Phone
from kiosk.web.problems import response
from kiosk.web.scope import Offers
from kiosk.web.signin import SignIn
from kiosk.web.wording import gettext as _

log = logging.getLogger(__name__)
LARGEST_BODY = 64 * 1024
# Compiling these takes longer than screens may be kept waiting.
LARGE = ("admin/frame.html", "admin/parts.html", "admin/occupancy.html")
WARMING_SECONDS = 1.0
# How often a room is read again of which its hub says nothing new.
HUB_BEAT = timedelta(seconds=60)
MOST_ROOMS = 1_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that runs, in the order it is started."""

    parts: Parts
    web: Flask
    mirror: Mirror
    desk: Desk
    attendant: Attendant
    pulse: Pulse
    herald: Herald
    roll: Roll
    fleet: Fleet
    tickets: Tickets
    stalls: runtime.StallWatch
    push: Push
    bell: Bell
    following: Following
    notifier: Notifier
    waiter: Waiter
    forgetter: Forgetter
    pruner: Pruner
    history: History
    monthly: Monthly
    listeners: Listeners
    only: Role | None = None
    shadow: Shadow | None = None
    crew: Crew | None = None

    def start(self) -> None:
        """Start the loops: all of them, or those of what this process does."""
        cold = self.warm() if self.only != "work" else ()
        memory.freeze()
        self.stalls.start()
        self.lookout().start()
        if self.crew:
            self.crew.start(self.duties(), self.wakes())
        if self.only != "work":
            self._start_screens()
        if self.only is None:
            self._start_work()
        if cold:
            threading.Thread(target=self._draw, args=(cold,), name="warming", daemon=True).start()

    def wakes(self) -> tuple[Callable[[], None], ...]:
        """Return what is to look at once when something was committed."""
        if self.only == "work":
            return (self.desk.hasten,)
        return (self.herald.wake, self.pulse.wake, self.fleet.courier.wake, self.tickets.wake, self.listeners.wake)

    def lookout(self) -> Lookout:
        """Return what wakes the loops of this process when something was committed, each as soon as it must be."""
        screens = self.wakes() if self.only != "work" else ()
        work = (self.mirror.wake, self.desk.wake, self.notifier.wake) if self.only != "web" else ()
        return Lookout(self.parts.store, screens, work)

    def duties(self) -> dict[str, Callable[[], None]]:
        """Return the work that one process does at a time, by the name under which it is taken."""
        return {"calendars": self._start_calendars, "journal": self._start_journal}

    def _start_screens(self) -> None:
        """Start what belongs to the screens and people that this process answers."""
        self.herald.start()
        self.roll.start()
        self.fleet.start()
        self.pulse.start()
        self.tickets.start()
        if self.only:
            self.desk.locks.start()
        if not self.shadow:
            self.bell.start()
            self.listeners.start()

    def _start_work(self) -> None:
        """Start what goes on by itself; a follower leaves to its hub check-ins, channels and messages."""
        if self.shadow is None:
            for start in self.duties().values():
                start()
            return
        self.desk.start()
        self.mirror.start()
        self.forgetter.start()
        self.pruner.start()
        self.shadow.start()

    def _start_calendars(self) -> None:
        self.mirror.start()
        self.push.start()
        self.following.start()
        self.history.start()

    def _start_journal(self) -> None:
        self.desk.start()
        self.attendant.start()
        self.notifier.start()
        self.waiter.start()
        self.monthly.start()
        self.forgetter.start()
        self.pruner.start()
        if self.only:
            self.fleet.roster.start()

    def warm(self) -> deque[Screen]:
        """Compile the largest templates, and draw screens so that nobody waits for that later.

        Returns the screens for which there was no time: whoever starts is waited for.
        """
        for name in LARGE:
            self.web.jinja_env.get_template(name)
        for display in REGISTRY.values():
            for name in (display.template, display.fragments):
                self.web.jinja_env.get_template(name)
        with self.parts.store.read() as db:
            doors = [Screen("door", one.room.slug) for one in rooms.every(db)]
            lobbies = [Screen("lobby", one.slug) for one in boards.every(db)]
        screens, give_up = deque([*doors, *lobbies]), clock.monotonic() + WARMING_SECONDS
        while screens and clock.monotonic() < give_up:
            self.pulse.gallery.view(screens.popleft())
        return screens

    def _draw(self, screens: Iterable[Screen]) -> None:
        """Get ready for screens that nobody has asked for yet, in a third of the time at most.

        Doors that come again from another process or server ask for no more than the version of what they show.
        """
        pause, gallery = threading.Event(), self.pulse.gallery
        for screen in screens:
            began = clock.monotonic()
            try:
                gallery.version(screen) if screen.display in TOUCHED else gallery.view(screen)
            except NotFound:
                continue
            except KioskError:  # which whoever asks for a screen is told
                return
            pause.wait(2 * (clock.monotonic() - began))


def build(parts: Parts, now: clock.Clock = clock.now, only: Role | None = None, port: int = 0) -> Server:
    """Wire the server. `only`: what this process does where several do it together; `port`: where it listens."""
    settings, store = parts.settings, parts.store
    web = _flask(parts)
    wires = SocketIO(web, async_mode=settings.async_mode, serve_client=False, http_compression=False)
    host = urlsplit(settings.public_url).hostname or ""
    links = Links(str(web.secret_key), now, settings.public_url)
    follows = partial(_is_let_in_by_hub, store) if parts.hub else None
    gate = Gate(store, settings.open_displays, host, identity.key_of(web), now, links.room_of, follows)
    served = health.alone(web.wsgi_app) if only == "work" else guarded(web.wsgi_app, gate)
    web.wsgi_app = _behind(settings.trusted_proxies, served)  # type: ignore[method-assign]
    freshness, stalls = Freshness(), runtime.StallWatch()
    desk = front_desk(parts, now)
    mirror = _mirror(parts, desk, freshness, now)
    audience, publish = Audience(), senders.publisher(wires, settings.sender)
    herald = Herald(store, now, audience, publish)
    presence = Presence(store, now, only, port, audience.viewers.__len__) if only else None
    roll = Roll(store, herald, now, presence.id, presence.homes) if presence else Roll(store, herald, now)
    gallery = _gallery(parts, web, now, herald)
    pulse = Pulse(gallery, audience, publish, freshness)
    tickets = Tickets(gate.lets_in, Glance(store, tokens.endings).value, sockets.dismisser(wires), store.rest)
    shadow = _shadow(parts, desk, mirror, tickets, now)
    handing = Handing(shadow, store, gate) if shadow else None
    visitor = Visitor(partial(_is_let_in, gate), lambda: gate.presented(request), partial(_may_see, gate), gate.named)
    roster = Roster(store, now, others=presence.heard_from, judges=only == "work") if presence else Roster(store, now)
    machines = fleet.build(store, gate, publish, now, roster, InStore(store) if presence else InMemory())
    places = (machines.lines, machines.machine)
    sockets.register(wires, Doorway(gallery, pulse, roll, tickets, visitor, mirror.touched, *places))
    announced, bell = push(parts, now), Bell(mirror.hasten)
    identities = Identities(store, now)
    title, offers = _title(web, settings.language), handing.alternatives if handing else None
    asking, told = Asking(store, identities, now), Occupancy(store, now, settings.timezone)
    everything = Api(store, desk, gate, asking, title, now, links, told, Offers(store), offers)
    metrics.install(web, Metrics(pulse, gate, stalls, parts.measures, parts.budget, now))
    crew = _crew(parts, presence, now) if presence else None
    health_of = Health(pulse, gate, stalls, handing.why_not if handing else str, crew)
    _install_web(web, everything, health_of, announced, bell, handing)
    notices.install(web, Notices(gate, roll))
    fleet.install(web, machines, gate, everything.asking, settings.public_url)
    listeners = Listeners(store, now)
    follow.install(web, Follow(store, gate, herald, listeners, desk, now, speech(settings)))
    identity.install(web, identities, settings.public_url)
    screens = partial(_screens, audience, presence)
    office = _office(parts, web, identities, desk, announced, screens, machines, now)
    admin.install(web, office)
    signin.install(web, office.sign_in, identities)
    openapi.install(web)
    catering = Catering(store, everything.asking, now)
    can_sign_in = office.sign_in.google is not None
    my.install(web, My(store, desk, identities, catering, now, can_sign_in))
    phone.install(web, Phone(gallery, gate, links, identities, can_sign_in))
    return Server(
        parts=parts,
        web=web,
        mirror=mirror,
        desk=desk,
        attendant=Attendant(desk, store, now),
        pulse=pulse,
        herald=herald,
        roll=roll,
        fleet=machines,
        tickets=tickets,
        stalls=stalls,
        push=announced,
        bell=bell,
        following=Following(parts.directory, store, now, ready=parts.connecting.accesses.connected),
        notifier=office.notifier,
        waiter=Waiter(store, now),
        forgetter=office.forgetter,
        pruner=_pruner(parts, now),
        history=_history(parts, now),
        monthly=Monthly(store, now, settings.timezone),
        listeners=listeners,
        only=only,
        shadow=shadow,
        crew=crew,
    )


def _screens(audience: Audience, presence: Presence | None) -> int:
    """Return how many screens are connected to any process."""
    return len(audience.viewers) + (presence.screens_of_others() if presence else 0)


def _crew(parts: Parts, presence: Presence, now: clock.Clock) -> Crew:
    settings, store = parts.settings, parts.store
    with store.read() as db:
        channel = f"kiosk {digest(schema.secret(db))}"
    nudges = Nudges(settings.redis_url, channel, presence.id) if settings.redis_url else None
    return Crew(presence, Duties(store, now) if presence.role == "work" else None, nudges)


def _behind(proxies: int, application: WsgiApp) -> WsgiApp:
    """Believe so many proxies, and no more, who asks, and under which name and protocol."""
    return ProxyFix(application, x_for=proxies, x_proto=proxies, x_host=proxies) if proxies else application


def _office(
    parts: Parts,
    web: Flask,
    identities: Identities,
    desk: Desk,
    announced: Push,
    screens: Callable[[], int],
    machines: Fleet,
    now: clock.Clock,
) -> Admin:
    """Return what the administration's pages work with."""
    settings, store = parts.settings, parts.store
    return Admin(
        store=store,
        settings=settings,
        identities=identities,
        sign_in=_sign_in(settings),
        clock=now,
        notifier=open_notifier(parts, now, wording.gettext, wording.speaker(web, settings.language)),
        forgetter=Forgetter(store, now),
        desk=desk,
        linking=linking(parts, now),
        background=Background(store, now),
        connecting=parts.connecting,
        hush=announced.hush,
        practice=practice(parts, now),
        screens=screens,
        fleet=machines,
    )


def _sign_in(settings: Settings) -> SignIn:
    client, domains = settings.sign_in_client, settings.sign_in_domains
    google = GoogleSignIn(client, domains, settings.google_endpoint, route(settings)) if client else None
    return SignIn(google, settings.public_url)


def _install_web(
    web: Flask,
    everything: Api,
    told: Health,
    push: Push,
    bell: Bell,
    handing: Handing | None,
) -> None:
    access.install(web, everything.gate)
    if handing:
        handing_on.install(web, handing)
    look.install(web, everything.store)
    hub_says = handing.says if handing else dict
    pages.install(web, Pages(told.pulse.gallery, everything.gate, everything.links, hub_says))
    api.install(web, everything)
    health.install(web, told)
    hooks.install(web, push.heard, bell)
    sockets.route(web)


def _shadow(parts: Parts, desk: Desk, mirror: Mirror, tickets: Tickets, now: clock.Clock) -> Shadow | None:
    """Return what follows the hub, where this server follows one."""
    if parts.hub is None or parts.token is None:
        return None
    spoken, restart = speech(parts.settings), runtime.begin_again
    return Shadow(parts.hub, parts.store, now, parts.token, spoken, mirror.hasten, desk.hasten, tickets.sweep, restart)


def _is_let_in_by_hub(store: Store) -> bool:
    with store.read() as db:
        return bool(following.known(db))


def _mirror(parts: Parts, desk: Desk, freshness: Freshness, now: clock.Clock) -> Mirror:
    settings = parts.settings
    # Bookings may use what synchronisation must leave.
    source = parts.hub or Metered(parts.calendars, parts.budget, SYNC_SHARE, now)
    return Mirror(
        Pass(
            source, parts.store, settings.window_days, now, noticed=lambda *moments: freshness.stored(Change(*moments))
        ),
        HUB_BEAT if parts.hub else timedelta(seconds=settings.poll_seconds),
        settings.opening_hours,
        int(settings.requests_per_day * SYNC_SHARE),
        settings.sync_workers,
        # A hub says itself which rooms have changed.
        listed_alone=MOST_ROOMS if parts.hub else LISTED_ALONE,
        recovered=desk.hasten,
    )


def _history(parts: Parts, now: clock.Clock) -> History:
    settings = parts.settings
    source = Metered(parts.calendars, parts.budget, READ_SHARE, now)
    kept = settings.history_bookings_days, settings.history_days
    return History(parts.store, source, settings.opening_hours, *kept, now)


def _pruner(parts: Parts, now: clock.Clock) -> Pruner:
    settings = parts.settings
    # The history looks back at bookings for as long as it follows what is changed of them.
    days = max(settings.keep_days, settings.history_bookings_days) if settings.keep_days else 0
    return Pruner(parts.store, now, days, settings.audit_days)


def _flask(parts: Parts) -> Flask:
    web = Flask("kiosk", template_folder=str(resource("templates")), static_folder=None)
    web.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    # As quick as gzip at this level, and a tenth smaller; browsers ask for it where the way is safe.
    web.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_BR_LEVEL=4)
    web.config.update(SESSION_COOKIE_NAME="kiosk_session", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
    web.jinja_env.trim_blocks = web.jinja_env.lstrip_blocks = True
    with parts.store.read() as db:
        web.secret_key = schema.secret(db)
    numbers.install(web)
    Compress(web)
    tracing.install(web)
    wording.install(web, parts.settings.language, parts.settings.clock_hours)
    tongues.install(web, parts.settings.second_language)
    icons.install(web)
    outcomes.install(web)
    compiled.install(web)
    _show_errors(web)
    return web


def _gallery(parts: Parts, web: Flask, now: clock.Clock, herald: Herald) -> Gallery:
    build_id = _build_id()
    language, second = parts.settings.language, parts.settings.second_language
    salt = digest(build_id, language, second, parts.settings.clock_hours)
    painter = Painter(wording.drawer(web, language), salt, wording.drawer(web, second) if second else None)
    return Gallery(parts.store, painter, language, build_id, now, herald.bulletin)


def _title(web: Flask, language: str) -> str:
    with web.app_context(), wording.spoken(language):
        return _("Booked at the door")


def _is_let_in(gate: Gate) -> bool:
    return gate.lets_in(gate.presented(request))


def _may_see(gate: Gate, screen: Screen) -> bool:
    return gate.allowed_at(screen.slug) if screen.display == "phone" else gate.sees(screen.display, screen.slug)


def _build_id() -> str:
    """Return a digest of everything a page is made of, so that a screen knows when it is out of date."""
    folders = [resource(name) for name in ("templates", "static", "translations")]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return digest(__version__, *(f"{path.name} {_content(path)}" for path in files))


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _show_errors(web: Flask) -> None:
    """Answer programs with problem documents, and people with a page that says what to do."""

    @web.errorhandler(NotFound)
    def missing(error: NotFound) -> Any:
        return response(outcomes.missing(error)) if _wants_data() else _page(404, str(error))

    @web.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        return outcomes.http_problem(error) if _wants_data() else _page(error.code or 500, "")

    @web.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        problem = outcomes.failure(error)
        return response(problem) if _wants_data() else _page(problem.status, "")


def _wants_data() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.path.startswith("/api/") or best != "text/html"


def _page(code: int, detail: str) -> tuple[str, int]:
    return render_template("error.html", code=code, detail=detail), code
