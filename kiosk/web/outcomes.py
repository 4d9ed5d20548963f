"""What became of a tap, in words: for the panel's message line and for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException

from kiosk.booking import sentences
from kiosk.booking.counter import Ambiguous, Declined
from kiosk.booking.desk import KeyReused
from kiosk.errors import Busy, KioskError, NotFound
from kiosk.schedule.model import Room
from kiosk.store.journal import Command
from kiosk.web.problems import Problem, response
from kiosk.web.wording import gettext as _
from kiosk.web.wording import zone_of

INVALID = {"past": "start", "too_short": "minutes", "too_long": "minutes", "too_far": "start", "no_series": "scope"}
FORBIDDEN = {"external", "people_only", "not_bookable"}


def message(command: Command, room: Room) -> str:
    """Return the sentence for something done, held, or still under way."""
    until = _clock(command.end, room)
    if command.state == "pending":
        return _("The room has been asked and has not answered yet.")
    if command.state != "confirmed" and command.kind != "book":
        return _("Noted. The calendar has not answered yet; it is done as soon as it does.")
    if command.state != "confirmed":
        return _(
            "Held until %(time)s. The calendar cannot be reached; it is booked there as soon as it can.", time=until
        )
    if command.kind == "book":
        return _booked(command, room, until)
    released = _("The room is released. The meeting itself is still in its organizer's calendar.")
    ended = _("Ended. The room is free.")
    done: dict[str, str] = {
        "extend": _extended(command, until),
        "start": _("Begun now. Booked until %(time)s.", time=until),
        "end": released if command.way == "release" else ended,
        "cancel": _("The booking is cancelled."),
        "release": released if command.way == "release" else _("The booking is cancelled."),
        "accept": _("Checked in. The room is yours until %(time)s.", time=until),
        "check_in": _("Checked in. The room is yours until %(time)s.", time=until),
    }
    return done[command.kind]


def _extended(command: Command, until: str) -> str:
    if command.reason == "unanswered":
        return _("Extended until %(time)s. The room has to be confirmed by somebody.", time=until)
    return _("Extended until %(time)s.", time=until)


def _booked(command: Command, room: Room, until: str) -> str:
    if command.reason == "unanswered":
        return _("Booked until %(time)s. The room has to be confirmed by somebody.", time=until)
    if command.start <= command.created_at:
        return _("Booked until %(time)s.", time=until)
    day = command.start.astimezone(room.zone).date()
    span = {"start": _clock(command.start, room), "end": until}
    if day == command.created_at.astimezone(room.zone).date():
        return _("Booked from %(start)s to %(end)s.", **span)
    written = str(current_app.jinja_env.filters["day"](day))
    return _("Booked for %(day)s, %(start)s to %(end)s.", day=written, **span)


def refusal(reason: str, **more: Any) -> Problem:
    """Return the problem for a command that was not done."""
    if reason == "unreachable":
        problem = Problem(503, reason, "The calendar cannot be reached", sentence(reason))
        problem.headers["Retry-After"] = "30"
        return problem
    return Problem(409, reason or "refused", "Not done", sentence(reason), **more)


def invalid(field: str, sentence: str) -> Problem:
    """Return the problem for a field that cannot be used."""
    return Problem(422, "invalid", "Invalid request", sentence, field=field)


def install(app: Flask) -> None:
    """Turn every error of the API into a problem document."""
    app.register_error_handler(Problem, response)
    app.register_error_handler(Declined, lambda error: response(_declined(error)))
    app.register_error_handler(KeyReused, lambda error: response(Problem(422, "key_reused", "Key reused", str(error))))
    app.register_error_handler(Ambiguous, lambda error: response(invalid("room", str(error))))
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
        return Problem(422, error.reason, "Invalid request", sentence(error.reason), field=INVALID[error.reason])
    status = 403 if error.reason in FORBIDDEN else 409
    return Problem(status, error.reason, "Not done", sentence(error.reason))


def _clock(instant: datetime, room: Room) -> str:
    with zone_of(room):
        return str(current_app.jinja_env.filters["clock"](instant))


def sentence(reason: str) -> str:
    """Return the sentence for a word of a refusal."""
    return sentences.refusal(reason, _)
