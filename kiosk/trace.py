"""Which request a line of the log belongs to, and how lines are written: as text for people, as JSON for programs."""

from __future__ import annotations

import json
import logging
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime

from kiosk.errors import DatabaseAway

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s%(asked)s"
NOISY = ("engineio", "socketio", "werkzeug", "googleapiclient", "google_auth_httplib2")

# The id of the request that is being answered, wherever its work is done; empty for the server's own work.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class Lines(logging.Formatter):
    """Writes a line of text, which ends with the request's id where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with what was raised below it."""
        asked = request_id.get()
        record.asked = f" [{asked}]" if asked else ""
        return super().format(record)


class Unsaid(logging.Filter):
    """Leaves out what was raised because the database is away: the store says that once for everybody."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is written."""
        return not (record.exc_info and isinstance(record.exc_info[1], DatabaseAway))


class Objects(logging.Formatter):
    """Writes a JSON object a line: time (UTC), level, logger, message, request, and error with what was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; it has no line breaks."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            said["request"] = request_id.get()
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def log_to_stderr(level: str, form: str, *more: logging.Handler) -> None:
    """Write the log to standard error, which systemd and containers keep, and hand it to `more`.

    `level`: "debug" to "error". `form`: "text" or "json".
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Objects() if form == "json" else Lines(TEXT))
    handler.addFilter(Unsaid())
    logging.basicConfig(level=level.upper(), handlers=[handler, *more])
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    threading.excepthook = _log_end
    # Half an answer is told once, in a sentence of ours.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _log_end(ended: threading.ExceptHookArgs) -> None:
    """Log what has ended a thread, as what is caught is logged."""
    name = ended.thread.name if ended.thread else "A thread"
    caught = ended.exc_value or ended.exc_type()
    logging.getLogger(__name__).error("%s has ended", name, exc_info=caught)
