"""Who is signed in with this browser, and what their role lets them see and do."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Flask, Request, current_app, g, redirect, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.schedule.model import Person
from kiosk.store import accounts, acts, sessions
from kiosk.store.accounts import Role
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.store.sessions import How
from kiosk.web.access import foreign, from_elsewhere
from kiosk.web.problems import Problem, response
from kiosk.web.wording import gettext as _

Params = ParamSpec("Params")
Result = TypeVar("Result")
# Where the cookie keeps which session it is, and what forms show before anybody is signed in.
KEY, FORM = "id", "form"
LOG_IN = "/admin/log-in"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who is signed in; `role` is None without an account, `scope` a manager's rooms, a caterer's buildings.

    `csrf`: what their forms must show.
    """

    email: str
    name: str
    role: Role | None
    scope: tuple[str, ...]
    csrf: str
    has_password: bool = False


@dataclass(frozen=True, slots=True)
class Identities:
    """Finds out who is signed in, signs in and out; everything is kept in the database."""

    store: Store
    clock: clock.Clock

    def current(self) -> Identity | None:
        """Return who sends the request that is being handled, None when they are not signed in."""
        if "identity" not in g:
            g.identity = self._found()
        found: Identity | None = g.identity
        return found

    def sign_in(self, person: Person, how: How) -> Identity:
        """Sign somebody in with this browser; whatever its cookie held before is no longer good."""
        before = session.get(KEY)
        if before:
            self.store.write(sessions.close, before)
        key = self.store.write(sessions.open_, person.email, person.name, how, self.clock())
        session.clear()
        session[KEY] = key
        session.permanent = True
        g.pop("identity", None)
        found = self.current()
        assert found
        if found.role:
            self._record(found, "log_in", how=how)
        return found

    def sign_out(self) -> None:
        """Sign this browser out."""
        key, found = session.get(KEY), self.current()
        if key:
            self.store.write(sessions.close, key)
        if found and found.role:
            self._record(found, "log_out")
        session.clear()
        g.identity = None

    def sign_out_everywhere(self, email: str) -> int:
        """Sign somebody out of every browser; return out of how many."""
        return self.store.write(sessions.close_all, email)

    def leave_everywhere(self) -> None:
        """Sign whoever sends this request out of every browser of theirs, this one too."""
        found = self.current()
        if found:
            self.sign_out_everywhere(found.email)
            self._record(found, "log_out_everywhere", account=found.email)
        session.clear()
        g.identity = None

    def csrf(self) -> str:
        """Return what the forms of this browser must show."""
        found = self.current()
        if found:
            return found.csrf
        if FORM not in session:
            session[FORM] = secrets.token_urlsafe(24)
        return str(session[FORM])

    def _record(self, found: Identity, act: str, **detail: str) -> None:
        entry = Act(self.clock(), found.email, request.remote_addr or "", act, "", "", "done", "", detail)
        self.store.write(acts.record, entry)

    def _found(self) -> Identity | None:
        key, now = session.get(KEY), self.clock()
        if not isinstance(key, str):
            return None
        with self.store.read() as db:
            known = sessions.find(db, key, now)
            account = accounts.find(db, known.email) if known else None
        if known is None:
            return None
        if now - known.seen_at > sessions.SELDOM:
            self.store.write(sessions.touch, key, now)
        if account is None:
            return Identity(known.email, known.name, None, (), known.csrf)
        name = account.name or known.name
        return Identity(known.email, name, account.role, account.scope, known.csrf, account.has_password)


class Cookies(SecureCookieSessionInterface):
    """The cookie travels encrypted only, wherever the connection it is given on is; `public_url`: ours outside.

    Behind a proxy that speaks https for us, what tells is that we are asked by our public name.
    """

    def __init__(self, public_url: str) -> None:
        self._encrypted = urlsplit(public_url).netloc if public_url.startswith("https://") else ""

    def open_session(self, app: Flask, asked: Request) -> SecureCookieSession | None:
        """Return what the cookie holds; screens, which ask most often, have none."""
        has_one = self.get_cookie_name(app) in asked.cookies
        return super().open_session(app, asked) if has_one else self.session_class()

    def get_cookie_secure(self, _app: Flask) -> bool:
        """Tell whether the cookie is for https only."""
        return request.is_secure or (bool(self._encrypted) and request.host == self._encrypted)


def install(app: Flask, identities: Identities, public_url: str = "") -> None:
    """Let views and templates of the app ask who is signed in."""
    app.extensions["identities"] = identities
    app.session_interface = Cookies(public_url)
    app.jinja_env.globals.update(csrf_token=identities.csrf, identity=identities.current)


def key_of(app: Flask) -> Callable[[Request], str]:
    """Return what reads the key of its session from a request's cookie; empty where there is none."""

    def read(asked: Request) -> str:
        opened = app.session_interface.open_session(app, asked)
        return str(opened.get(KEY, "")) if opened else ""

    return read


def identities() -> Identities:
    """Return the app's identities."""
    found: Identities = current_app.extensions["identities"]
    return found


def me() -> Identity:
    """Return who is signed in; for views that only signed-in people reach."""
    found = identities().current()
    assert found
    return found


def needs(*roles: Role) -> Callable[[Callable[Params, Result]], Callable[Params, Result | AnyResponse]]:
    """Let a view be seen by administrators and these roles only; without any, by administrators only.

    Pages send strangers to the way in; scripts and forms get a problem document.
    """

    def decorate(view: Callable[Params, Result]) -> Callable[Params, Result | AnyResponse]:
        @wraps(view)
        def guarded(*args: Params.args, **kwargs: Params.kwargs) -> Result | AnyResponse:
            found = identities().current()
            if found is None or found.role is None:
                return _way_in(found)
            check_role(found, roles)
            return view(*args, **kwargs)

        guarded.roles = frozenset({"admin", *roles})  # type: ignore[attr-defined]
        return guarded

    return decorate


def check_role(identity: Identity, roles: Collection[Role]) -> None:
    """Raise a problem unless somebody has one of the roles, or is an administrator."""
    if identity.role != "admin" and identity.role not in roles:
        raise Problem(403, "role", "Refused", _("Your account's role does not allow this."))


def may_see(identity: Identity | None, stored: StoredRoom) -> bool:
    """Tell whether somebody may look at a room in the administration."""
    if identity is None or identity.role is None:
        return False
    return identity.role in {"admin", "viewer"} or may_act(identity, stored)


def may_act(identity: Identity | None, stored: StoredRoom) -> bool:
    """Tell whether somebody may change a room and its bookings."""
    if identity is None:
        return False
    return identity.role == "admin" or (identity.role == "manager" and stored.room.slug in identity.scope)


def may_serve(identity: Identity | None, building: str) -> bool:
    """Tell whether somebody may answer requests for services in a building."""
    if identity is None:
        return False
    return identity.role == "admin" or (identity.role == "caterer" and building in identity.scope)


def check_room(stored: StoredRoom, act: bool = True) -> None:
    """Raise a problem unless who is signed in may change (or only see) the room."""
    allowed = may_act if act else may_see
    if not allowed(identities().current(), stored):
        raise Problem(403, "scope", "Refused", _("Your account is not for this room."))


def check_csrf() -> None:
    """Refuse what would change something and was not sent by a page of ours that this browser was given."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    shown = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    if from_elsewhere(request) or not hmac.compare_digest(shown.encode(), identities().csrf().encode()):
        raise foreign()


def _way_in(found: Identity | None) -> AnyResponse:
    """Send a stranger's page to the way in; everything else is refused."""
    if found:
        raise Problem(403, "role", "Refused", _("Your account's role does not allow this."))
    if request.method != "GET" or wants_data():
        return response(Problem(401, "unknown", "Not signed in", _("Please sign in and try again.")))
    wanted = request.full_path if request.query_string else request.path
    return redirect(f"{LOG_IN}?{urlencode({'next': wanted})}", 303)


def wants_data() -> bool:
    """Tell whether a program asks, rather than a browser for a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.path.endswith(".json")


def inside(address: str, otherwise: str = "/") -> str:
    """Return an address that leads to a page of ours, whatever was asked for."""
    outside = not address.startswith("/") or address.startswith(("//", "/\\")) or any(sign < " " for sign in address)
    return otherwise if outside else address
