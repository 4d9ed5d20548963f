"""Pairing as a screen sees it: a code to show, and the question, again and again, whether somebody has approved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired, TypedDict

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from msgspec import Struct

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.store import devices, pairings
from kiosk.store.database import Store
from kiosk.store.pairings import LIFE, PACE, Answer, TooMany
from kiosk.store.tokens import digest
from kiosk.web.access import DEVICE_COOKIES, Gate, bearer, foreign, from_elsewhere
from kiosk.web.asking import place
from kiosk.web.links import drawn
from kiosk.web.openapi.kinds import about, text
from kiosk.web.openapi.operation import operation
from kiosk.web.openapi.roles import EVERYBODY
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


class NewScreen(Struct, frozen=True, kw_only=True):
    """What a screen says of itself."""

    name: Annotated[str, text(devices.LONGEST_NAME, "What administrators are to call it.")] = ""
    boot_id: Annotated[str, text(100, "The same until the machine begins anew.")] = ""
    picture: Annotated[Literal["no", "yes"], about("Whether the address is also wanted as a code.")] = "no"


class Code(TypedDict):
    """What a screen shows until somebody approves it (RFC 8628)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    picture: NotRequired[Annotated[str, about("The address as a code, as SVG.")]]
    expires_in: Annotated[int, about("Seconds.")]
    interval: Annotated[int, about("Seconds between two questions.")]


class TokenWish(Struct, frozen=True, kw_only=True):
    """The question whether somebody has approved a screen."""

    device_code: Annotated[str, text(100)] = ""
    token_sha256: Annotated[
        str,
        text(64, "The SHA-256, in hexadecimal, of a token that the machine makes itself; left out, it is given one."),
    ] = ""
    keep: Annotated[Literal["token", "cookie"], about("Whether the answer tells the token, or sets a cookie.")] = (
        "token"
    )


class Paired(TypedDict):
    """The display that a device shows."""

    id: int
    name: str
    display: str
    slug: str
    path: str


class TokenGiven(TypedDict):
    """A device that was approved."""

    token: NotRequired[str]
    device: Paired


class NotPaired(TypedDict):
    """Why there is no token (RFC 8628)."""

    error: Literal["authorization_pending", "slow_down", "expired_token", "access_denied"]
    identify: NotRequired[Annotated[bool, about("Somebody wants to know which screen this is.")]]


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
    @operation(
        "Begin to pair a screen",
        EVERYBODY,
        {201: Code},
        refusals=(403, 429),
        example={"name": "Tablet at Oak", "picture": "yes"},
    )
    def begin(body: NewScreen) -> tuple[Response, int]:
        return _begin(pairing, body), 201

    @routes.post("/token")
    @operation(
        "Ask whether somebody has approved the screen",
        EVERYBODY,
        {200: TokenGiven, 400: NotPaired},
        refusals=(403,),
        example={"device_code": "kW8…"},
    )
    def ask(body: TokenWish) -> tuple[Response, int]:
        return _ask(pairing, body)

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


def _begin(pairing: Pairings, body: NewScreen) -> Response:
    agent, now = request.headers.get("User-Agent", ""), pairing.clock()
    try:
        secret, code = pairing.store.write(pairings.begin, body.name, body.boot_id, place(), agent, now)
    except TooMany as error:
        raise _too_many(pairing, error) from error
    uri = f"{pairing.public_url or request.host_url.rstrip('/')}{APPROVAL}"
    complete = f"{uri}?code={code}"
    told = {"device_code": secret, "user_code": code, "verification_uri": uri, "verification_uri_complete": complete}
    picture = {"picture": drawn(complete)} if body.picture == "yes" else {}
    return jsonify(told | picture | {"expires_in": LIFE.seconds, "interval": PACE.seconds})


def _ask(pairing: Pairings, body: TokenWish) -> tuple[Response, int]:
    """Answer as RFC 8628 says; a page that keeps its token as a cookie is not told the token itself."""
    try:
        found = pairing.store.write(pairings.ask, body.device_code, body.token_sha256, pairing.clock())
    except UsageError as error:
        raise invalid("token_sha256", str(error)) from error
    if found.device is None:
        return jsonify({"error": ERRORS[found.state], **({"identify": True} if found.blinks else {})}), 400
    return _done(found, body.keep == "cookie"), 200


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
