"""Signing in with Google: who has signed in on a phone or desktop books and acts in their own name."""

from __future__ import annotations

import hmac
from dataclasses import asdict, dataclass
from typing import Annotated, TypedDict

from flask import Blueprint, Flask, Response, jsonify, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import AccessDenied, NotFound, SourceError
from kiosk.google.signin import Attempt, GoogleSignIn, begin
from kiosk.store.accounts import Role
from kiosk.web.identity import Identities, Identity, check_csrf, inside
from kiosk.web.openapi.kinds import about
from kiosk.web.openapi.operation import operation
from kiosk.web.openapi.roles import EVERYBODY
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

ATTEMPT = "sign_in"
BACK = "/signed-in"


class SignedIn(TypedDict):
    """Somebody who has signed in."""

    email: str
    name: str
    role: Annotated[Role | None, about("Null without an account.")]
    csrf: Annotated[str, about("What forms outside the API must show.")]


class Myself(TypedDict):
    """Who has signed in; null where nobody has."""

    person: SignedIn | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """Google's sign-in, None where none is set up; `public_url` is this server's address outside, or empty."""

    google: GoogleSignIn | None
    public_url: str = ""

    def service(self) -> GoogleSignIn:
        """Return Google's sign-in. Raises NotFound where none is set up."""
        if self.google is None:
            raise NotFound("Nobody signs in here: KIOSK_SIGN_IN_CLIENT is not set.")
        return self.google

    def back(self) -> str:
        """Return the address at which people come back."""
        return f"{self.root()}{BACK}"

    def root(self) -> str:
        """Return the address of this server as people reach it."""
        return self.public_url or request.host_url.rstrip("/")


def install(app: Flask, sign_in: SignIn, identities: Identities) -> None:
    """Add the way to Google and back."""
    app.jinja_env.globals["can_sign_in"] = sign_in.google is not None
    routes = Blueprint("signin", __name__)
    routes.before_request(check_csrf)

    @routes.get("/sign-in")
    def leave() -> AnyResponse:
        attempt = begin()
        session[ATTEMPT] = {**asdict(attempt), "next": inside(request.args.get("next", ""))}
        return redirect(_asked(sign_in, attempt))

    @routes.get(BACK)
    def come_back() -> AnyResponse:
        return _come_back(sign_in, identities)

    @routes.get("/api/v1/me")
    @operation("Who has signed in with this browser", EVERYBODY, {200: Myself})
    def who_am_i() -> Response:
        return jsonify(person=_told(identities.current()))

    @routes.post("/sign-out")
    def sign_out() -> AnyResponse:
        identities.sign_out()
        return redirect(inside(request.args.get("next", "")), 303)

    app.register_blueprint(routes)


def _asked(sign_in: SignIn, attempt: Attempt) -> str:
    try:
        return sign_in.service().address(attempt, sign_in.back(), request.args.get("hint", ""))
    except AccessDenied as error:
        raise _failed(error) from error


def _told(found: Identity | None) -> SignedIn | None:
    """Return what a page's scripts may know of who is signed in; `csrf` is what their requests must show."""
    if found is None:
        return None
    return {"email": found.email, "name": found.name, "role": found.role, "csrf": found.csrf}


def _come_back(sign_in: SignIn, identities: Identities) -> AnyResponse:
    """An attempt is good for one answer, and only for the browser that began it."""
    kept = session.pop(ATTEMPT, None)
    if not kept or not hmac.compare_digest(request.args.get("state", "").encode(), kept["state"].encode()):
        raise Problem(400, "sign_in_lost", "Sign-in lost", _("This sign-in was begun elsewhere: please try again."))
    if "code" not in request.args:
        return redirect(kept["next"])
    attempt = Attempt(kept["state"], kept["nonce"], kept["verifier"])
    try:
        person = sign_in.service().person(request.args["code"], attempt, sign_in.back())
    except SourceError as error:
        raise _failed(error) from error
    identities.sign_in(person, "google")
    return redirect(kept["next"])


def _failed(error: SourceError) -> Problem:
    status = 503 if error.retryable else 403
    return Problem(status, error.reason or "sign_in", "Not signed in", _("Signing in did not work: %(why)s", why=error))
