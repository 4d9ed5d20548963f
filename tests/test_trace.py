"""Lines of the log say which request they belong to, as text and as JSON, also from real threads."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from kiosk import trace
from kiosk.measures import Complaints, Measures
from tests.running import ROOT, Server


@pytest.fixture(autouse=True)
def nobody_asks() -> Iterator[None]:
    """Let no request of another test be the one that is answered."""
    token = trace.request_id.set("")
    yield
    trace.request_id.reset(token)


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    caught = (type(error), error, None) if error else None
    return logging.LogRecord("kiosk.sync", logging.WARNING, __file__, 1, message, (), caught)


def test_a_line_ends_with_the_request_it_belongs_to() -> None:
    lines = trace.Lines("%(name)s: %(message)s%(asked)s")
    assert lines.format(record("Slow")) == "kiosk.sync: Slow"
    token = trace.request_id.set("abc")
    assert lines.format(record("Slow")) == "kiosk.sync: Slow [abc]"
    trace.request_id.reset(token)


def test_an_object_has_the_request_and_the_error_on_one_line() -> None:
    token = trace.request_id.set("abc")
    line = trace.Objects().format(record('Said "no"\nand left', ValueError("bad\nvalue")))
    trace.request_id.reset(token)
    said = json.loads(line)
    assert "\n" not in line
    assert (said["level"], said["logger"], said["request"]) == ("warning", "kiosk.sync", "abc")
    assert said["message"] == 'Said "no"\nand left'
    assert "bad" in said["error"]
    assert "request" not in json.loads(trace.Objects().format(record("Slow")))


def test_warnings_are_counted_by_logger_and_lines_of_information_are_not() -> None:
    measures, logger = Measures(), logging.Logger("kiosk.sync")
    logger.addHandler(Complaints(measures))
    for level in (logging.INFO, logging.WARNING, logging.WARNING, logging.ERROR):
        logger.log(level, "Said")
    assert measures.logged == {("kiosk.sync", "warning"): 2, ("kiosk.sync", "error"): 1}


ENDING = """
import threading
from kiosk import trace
from kiosk.errors import DatabaseAway
trace.log_to_stderr("info", "text")
for error in (DatabaseAway("gone"), KeyError("oak")):
    def end(error=error):
        raise error
    thread = threading.Thread(target=end, name="command")
    thread.start()
    thread.join()
"""


def test_what_ends_a_thread_is_logged_unless_the_database_is_away() -> None:
    done = subprocess.run([sys.executable, "-c", ENDING], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "ERROR kiosk.trace: command has ended" in done.stderr
    assert done.stderr.rstrip().endswith("KeyError: 'oak'")
    assert done.stderr.count("Traceback") == 1


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_what_a_request_causes_in_a_real_thread_is_logged_under_its_id(tmp_path: Path, mode: str) -> None:
    """A server whose code logs inside a transaction: what a module of the test makes of it before it starts."""
    program = tmp_path / "loud.py"
    program.write_text(
        "from kiosk import runtime\n"
        "import sys\n"
        f"runtime.patch({mode!r})\n"
        "import logging\n"
        "from kiosk.store import tokens\n"
        "known = tokens.known\n"
        "def loud(db, token):\n"
        "    runtime.offload(logging.getLogger('loud').warning, 'looked up')\n"
        "    return known(db, token)\n"
        "tokens.known = loud\n"
        "from kiosk.__main__ import main\n"
        "sys.exit(main())\n"
    )
    settings = {
        "KIOSK_LOG_FORMAT": "json",
        "KIOSK_ASYNC_MODE": mode,
        "KIOSK_OPEN_DISPLAYS": "0",
        "PYTHONPATH": str(tmp_path),
    }
    server = Server(tmp_path, settings, program="loud").start()
    headers = {"Authorization": "Bearer nobody", "X-Request-Id": f"trace-{mode}"}
    requests.get(f"{server.url}/door/oak", headers=headers, timeout=20)
    server.stop()
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    assert {line["request"] for line in lines if line["logger"] == "loud"} == {f"trace-{mode}"}
