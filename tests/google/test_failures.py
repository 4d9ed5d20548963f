"""What goes wrong on the way is told in a few words that people can read."""

from __future__ import annotations

import http.client
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.auth.exceptions import RefreshError, TransportError
from httplib2 import ServerNotFoundError

from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.errors import SourceError
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.failures import translated
from kiosk.source import Window
from tests.running import SERVICE_USER

PAGE = "<!DOCTYPE html><title>Error 502</title>"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (http.client.IncompleteRead(b"\x1f\x8b\x08"), "(IncompleteRead)"),
        (TransportError(http.client.IncompleteRead(b"\x1f\x8b")), "(IncompleteRead)"),
        (TransportError(ServerNotFoundError("Unable to find the server at x.")), "(Unable to find the server at x)"),
        (RefreshError(PAGE, retryable=True), "(RefreshError)"),
        (ConnectionRefusedError(111, "Connection refused"), "(Connection refused)"),
        (ValueError("word " * 100), "(ValueError)"),
        (KeyError(), "(KeyError)"),
    ],
)
def test_reason_is_a_few_printable_words(error: Exception, told: str) -> None:
    with pytest.raises(SourceError) as caught, translated():
        raise error
    assert told in str(caught.value)


@pytest.mark.parametrize(("kind", "operation"), [("truncate", "Events"), ("html", "token")])
def test_broken_answer_leaves_no_rubble_in_the_reason(
    google: Emulator, tmp_path: Path, kind: str, operation: str
) -> None:
    google.write_credentials(tmp_path / "key.json")
    google.service.faults.order(Fault(kind, operation, times=0))
    start = datetime(2026, 8, 10, tzinfo=UTC)
    with closing(GoogleCalendars(by_file(str(tmp_path / "key.json"), SERVICE_USER, google.url))) as source:
        with pytest.raises(SourceError) as caught:
            source.page(google.world.rooms()[0].id, Window(start, start + timedelta(days=1)))
    google.service.faults.clear()
    assert str(caught.value).isprintable()
    assert "<" not in str(caught.value)
