"""The ways in and out of the administration, and what people do about their own account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Flask, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Person
from kiosk.store import accounts, sessions, tries
from kiosk.store.accounts import Account
from kiosk.store.sessions import How
from kiosk.store.tries import Resting
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, open_to_all
from kiosk.web.asking import place
from kiosk.web.fields import form_text
from kiosk.web.identity import Identity, inside, me, needs
from kiosk.web.problems import retry_after

WRONG = "This is not the address and password of an account."
GONE = "This link is used or too old."
EVERYBODY: tuple[accounts.Role, ...] = ("manager", "caterer", "viewer")


def install(app: Flask, admin: Admin) -> None:
    """Add the ways in and out, and one's own account."""
    routes = frame.blueprint("entry")

    @routes.get("/log-in")
    @open_to_all
    def ask() -> AnyResponse:
        found = admin.identities.current()
        return _onwards(found) if found and found.role else _form(admin)

    @routes.post("/log-in")
    @open_to_all
    def log_in() -> AnyResponse:
        return _log_in(admin)

    @routes.post("/log-out")
    @open_to_all
    def log_out() -> AnyResponse:
        admin.identities.sign_out()
        return frame.done("You are signed out.", "/admin/log-in")

    _add_link(routes, admin, "first", _first_form, _become_first)
    _add_link(routes, admin, "password", _choice, _chosen)
    _add_own(routes, admin)
    app.register_blueprint(routes)


def _add_link(
    routes: Blueprint, admin: Admin, name: str, ask: Callable[..., AnyResponse], take: Callable[..., AnyResponse]
) -> None:
    """Add the page behind a link that was handed out: `ask` shows its form, `take` does what was filled in."""

    @open_to_all
    def view(word: str) -> AnyResponse:
        return (take if request.method == "POST" else ask)(admin, word)

    routes.add_url_rule(f"/{name}/<word>", name, view, methods=("GET", "POST"))


def _add_own(routes: Blueprint, admin: Admin) -> None:
    @routes.get("/me")
    @needs(*EVERYBODY)
    def own() -> AnyResponse:
        return _own(admin)

    @routes.post("/me/password")
    @needs(*EVERYBODY)
    def change_password() -> AnyResponse:
        return _change_password(admin, me())

    @routes.post("/me/sign-out-everywhere")
    @needs(*EVERYBODY)
    def leave_everywhere() -> AnyResponse:
        admin.identities.leave_everywhere()
        return frame.done("You are signed out everywhere.", "/admin/log-in")


def _onwards(found: Identity) -> AnyResponse:
    return redirect(inside(request.values.get("next", ""), frame.home(found)), 303)


def _form(admin: Admin, status: int = 200, error: str = "", email: str = "") -> AnyResponse:
    following = inside(request.values.get("next", ""), "")
    google = admin.sign_in.google is not None
    return frame.page("admin/log_in.html", status, error=error, email=email, next=following, google=google)


def _log_in(admin: Admin) -> AnyResponse:
    email, password = form_text("email", 200).lower(), request.form.get("password", "")[:1000]
    try:
        right = tries.check(admin.store, email, password, place(), admin.clock())
    except Resting as error:
        return _rest(admin, _form(admin, 429, str(error), email), error)
    if not right:
        # What is no address may be a password in the wrong field.
        admin.record("log_in", "refused", account=email if accounts.ADDRESS.fullmatch(email) else "")
        return _form(admin, 403, WRONG, email)
    return _onwards(_signed_in(admin, _account(admin, email), "password"))


def _rest(admin: Admin, answer: AnyResponse, error: Resting) -> AnyResponse:
    answer.headers["Retry-After"] = retry_after(error.until, admin.clock())
    return answer


def _account(admin: Admin, email: str) -> Account:
    with admin.store.read() as db:
        return accounts.get(db, email)


def _signed_in(admin: Admin, account: Account, how: How) -> Identity:
    return admin.identities.sign_in(Person(account.email, account.name), how)


def _first_form(admin: Admin, word: str, error: str = "") -> AnyResponse:
    with admin.store.read() as db:
        good = accounts.is_first(db, word, admin.clock())
    if not good:
        raise NotFound(f"{GONE} Start the server again: while there is no administrator, it prints another one.")
    return frame.page("admin/first.html", 422 if error else 200, word=word, error=error, shortest=accounts.SHORTEST)


def _become_first(admin: Admin, word: str) -> AnyResponse:
    password = request.form.get("password", "")
    try:
        email, name = form_text("email", 200), form_text("name", 200)
        account = accounts.become_first(admin.store, word, email, name, password, admin.clock())
    except NotFound:
        raise
    except UsageError as error:
        return _first_form(admin, word, str(error))
    found = _signed_in(admin, account, "first")
    admin.record("add_account", account=account.email, role="admin", first="yes")
    return frame.done("You are the administrator of this server.", frame.home(found))


def _choice(admin: Admin, word: str, error: str = "") -> AnyResponse:
    with admin.store.read() as db:
        account = accounts.reset_of(db, word, admin.clock())
    if account is None:
        raise NotFound(f"{GONE} Ask an administrator for another one.")
    values = {"word": word, "account": account, "error": error, "shortest": accounts.SHORTEST}
    return frame.page("admin/password.html", 422 if error else 200, **values)


def _chosen(admin: Admin, word: str) -> AnyResponse:
    password = request.form.get("password", "")
    try:
        account = accounts.choose_password(admin.store, word, password, admin.clock())
    except NotFound:
        raise
    except UsageError as error:
        return _choice(admin, word, str(error))
    found = _signed_in(admin, account, "password")
    admin.record("set_password", account=account.email)
    return frame.done("This is your password now.", frame.home(found))


def _own(admin: Admin, error: str = "", status: int = 200) -> AnyResponse:
    now: datetime = admin.clock()
    with admin.store.read() as db:
        account, open_ = accounts.get(db, me().email), sessions.of_person(db, me().email, now)
    values = {"account": account, "sessions": open_, "error": error, "shortest": accounts.SHORTEST}
    return frame.page("admin/me.html", status, **values)


def _change_password(admin: Admin, person: Identity) -> AnyResponse:
    password, before = request.form.get("password", ""), request.form.get("before", "")[:1000]
    try:
        accounts.check_password(password)
        right = not person.has_password or tries.check(admin.store, person.email, before, place(), admin.clock())
    except Resting as error:
        return _rest(admin, _own(admin, str(error), 429), error)
    except UsageError as error:
        return _own(admin, str(error), 422)
    if not right:
        admin.record("set_password", "refused", account=person.email)
        return _own(admin, "This is not your present password.", 403)
    accounts.set_password(admin.store, person.email, password)
    _signed_in(admin, _account(admin, person.email), "password")
    admin.record("set_password", account=person.email)
    return frame.done("This is your password now. Every other browser is signed out.", "/admin/me")
