"""What became of a tap, in words: for the panel's message line and for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException

from kiosk.booking.desk import Declined, KeyReused
from kiosk.errors import Busy, KioskError, NotFound
from kiosk.schedule.model import Room
from kiosk.store.journal import Command
from kiosk.web.problems import Problem, response
from kiosk.web.wording import gettext as _
from kiosk.web.wording import zone_of

INVALID = {"past": "start", "too_short": "minutes", "too_long": "minutes", "too_far": "start"}


def message(command: Command, room: Room) -> str:
    """Return the sentence for something done, or held."""
    until = _clock(command.end, room)
    if command.state != "confirmed":
        return _("Held until %(time)s. Google cannot be reached; it is booked there as soon as it can.", time=until)
    if command.kind == "book":
        return _("Booked until %(time)s.", time=until)
    return _("Ended. The room is free.") if command.kind == "end" else _("The booking is cancelled.")


def refusal(reason: str, **more: Any) -> Problem:
    """Return the problem for a command that was not done."""
    if reason == "unreachable":
        problem = Problem(503, reason, "Google cannot be reached", _sentence(reason))
        problem.headers["Retry-After"] = "30"
        return problem
    return Problem(409, reason or "refused", "Not done", _sentence(reason), **more)


def invalid(field: str, sentence: str) -> Problem:
    """Return the problem for a field that cannot be used."""
    return Problem(422, "invalid", "Invalid request", sentence, field=field)


def install(app: Flask) -> None:
    """Turn every error of the API into a problem document."""
    app.register_error_handler(Problem, response)
    app.register_error_handler(Declined, lambda error: response(_declined(error)))
    app.register_error_handler(KeyReused, lambda error: response(Problem(422, "key_reused", "Key reused", str(error))))
    app.register_error_handler(Busy, lambda error: response(refusal("being_booked")))


def http_problem(error: HTTPException) -> Response:
    """Return a plain HTTP error as a problem."""
    status = error.code or 500
    return response(
        Problem(status, (error.name or "error").lower().replace(" ", "_"), error.name, error.description or "")
    )


def missing(error: NotFound) -> Problem:
    """Return the problem for something that is not here."""
    return Problem(404, "not_found", "Not found", str(error))


def failure(error: Exception) -> Problem:
    """Log an error nobody foresaw and return what a caller may know of it."""
    current_app.logger.exception("A request failed", exc_info=error)
    if isinstance(error, KioskError):
        return Problem(503, "failed", "Failed", str(error))
    return Problem(500, "internal", "Internal error", _("Something went wrong here; it is in the server's log."))


def _declined(error: Declined) -> Problem:
    if error.reason in INVALID:
        return Problem(422, error.reason, "Invalid request", _sentence(error.reason), field=INVALID[error.reason])
    status = 403 if error.reason == "external" else 409
    return Problem(status, error.reason, "Not done", _sentence(error.reason))


def _clock(instant: datetime, room: Room) -> str:
    with zone_of(room):
        return str(current_app.jinja_env.filters["clock"](instant))


def _sentence(reason: str) -> str:
    sentences = {
        "taken": _("Somebody else has just taken this time."),
        "being_booked": _("Somebody is booking this room right now. Please try again in a moment."),
        "cancelled": _("The booking was cancelled in Google Calendar."),
        "gone": _("The booking is not in Google Calendar any more."),
        "external": _("This booking was made in Google Calendar; its organizer can change it there."),
        "unread": _("This room's calendar has not been read yet. Please try again in a moment."),
        "requiredAccessLevel": _(
            "This server may not make changes to the room's calendar. Please tell its administrator."
        ),
        "over": _("This booking is over."),
        "past": _("This time has passed."),
        "forgotten": _("The booking was not made: it took too long."),
        "too_short": _("This is shorter than a booking may be."),
        "too_long": _("This is longer than a booking may be."),
        "too_far": _("This is further ahead than can be booked here."),
        "unreachable": _("Google cannot be reached, so nothing was booked or changed. Please try again later."),
    }
    return sentences.get(reason) or _("Google refused (%(reason)s). Nothing was booked or changed.", reason=reason)
