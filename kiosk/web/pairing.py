"""Pairing as a screen sees it: a code to show, and the question, again and again, whether somebody has approved it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app, jsonify, request

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.store import devices, pairings
from kiosk.store.database import Store
from kiosk.store.pairings import LIFE, PACE, Answer, TooMany
from kiosk.store.tokens import digest
from kiosk.web.access import DEVICE_COOKIES, Gate, bearer, foreign, from_elsewhere
from kiosk.web.asking import place
from kiosk.web.fields import Body
from kiosk.web.links import drawn
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem, too_soon
from kiosk.web.wording import gettext as _

APPROVAL = "/admin/devices/pair"
# As long as browsers keep anything; the token in it is exchanged long before.
COOKIE_LIFE = 400 * 24 * 3600
ERRORS = {
    "pending": "authorization_pending",
    "slow": "slow_down",
    "expired": "expired_token",
    "denied": "access_denied",
}


@dataclass(frozen=True, slots=True)
class Pairings:
    """What answers screens; `public_url`: this server's address outside, or empty."""

    store: Store
    clock: clock.Clock
    public_url: str = ""


def install(app: Flask, pairing: Pairings) -> None:
    """Add the addresses to the app."""
    routes = Blueprint("pairing", __name__, url_prefix="/api/v1/pairing")

    @routes.before_request
    def check() -> None:
        if from_elsewhere(request):
            raise foreign()

    @routes.post("")
    def begin() -> tuple[Response, int]:
        return _begin(pairing), 201

    @routes.post("/token")
    def ask() -> tuple[Response, int]:
        return _ask(pairing)

    app.register_blueprint(routes)


def keep_token(answer: Response, token: str) -> None:
    """Have a browser keep a device's token where no script reads it and no other site sends it."""
    secure = current_app.session_interface.get_cookie_secure(current_app)
    name = DEVICE_COOKIES[0 if secure else 1]
    answer.set_cookie(name, token, max_age=COOKIE_LIFE, httponly=True, samesite="Strict", secure=secure)


def renew(gate: Gate, answer: Response) -> None:
    """Give the browser of a device another token when it is time; it is good from its first use."""
    device, now = gate.device(), gate.clock()
    if device and not bearer(request) and device.rotates(now):
        token = devices.new_token()
        gate.store.write(devices.lay_down, device.id, digest(token))
        keep_token(answer, token)


def _begin(pairing: Pairings) -> Response:
    body, agent = Body(), request.headers.get("User-Agent", "")
    name, boot_id = body.text("name", devices.LONGEST_NAME), body.text("boot_id", 100)
    try:
        secret, code = pairing.store.write(pairings.begin, name, boot_id, place(), agent, pairing.clock())
    except TooMany as error:
        raise _too_many(pairing, error) from error
    uri = f"{pairing.public_url or request.host_url.rstrip('/')}{APPROVAL}"
    complete = f"{uri}?code={code}"
    told = {"device_code": secret, "user_code": code, "verification_uri": uri, "verification_uri_complete": complete}
    picture = {"picture": drawn(complete)} if body.one_of("picture", ("no", "yes")) == "yes" else {}
    return jsonify(told | picture | {"expires_in": LIFE.seconds, "interval": PACE.seconds})


def _ask(pairing: Pairings) -> tuple[Response, int]:
    """Answer as RFC 8628 says; a page that keeps its token as a cookie is not told the token itself."""
    body = Body()
    secret, hashed = body.text("device_code", 100), body.text("token_sha256", 64)
    cookie = body.one_of("keep", ("token", "cookie")) == "cookie"
    try:
        found = pairing.store.write(pairings.ask, secret, hashed, pairing.clock())
    except UsageError as error:
        raise invalid("token_sha256", str(error)) from error
    if found.device is None:
        return jsonify({"error": ERRORS[found.state], **({"identify": True} if found.blinks else {})}), 400
    return _done(found, cookie), 200


def _done(found: Answer, cookie: bool) -> Response:
    device = found.device
    assert device
    said = {name: getattr(device, name) for name in ("id", "name", "display", "slug", "path")}
    token = {"token": found.token} if found.token and not cookie else {}
    answer = jsonify({**token, "device": said})
    answer.headers["Cache-Control"] = "no-store"
    if found.token:
        keep_token(answer, found.token)
    return answer


def _too_many(pairing: Pairings, error: TooMany) -> Problem:
    sentence = _("Too many screens ask to be paired. Please try again later.")
    return too_soon("too_many", "Too many screens", sentence, error.until, pairing.clock())
